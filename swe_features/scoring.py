"""Score a rollout by the files it modified.

The unit is one instance: the files the agent modified, against the files the pull
request modified. Defined in arXiv 2504.13171, section 6: new files never count. What
`modified` means, case by case, is written in docs/scoring.md.
"""

import posixpath
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

__all__ = [
    "SCORING_VERSION",
    "FileScore",
    "ScoreSummary",
    "normalize_paths",
    "score_files",
    "summarize_scores",
]

SCORING_VERSION = 1
"""Version of docs/scoring.md; raised when an equal rollout would score otherwise."""


@dataclass(frozen=True, slots=True)
class FileScore:
    """How well one rollout found the files to modify; every value is in [0, 1]."""

    precision: float
    """Share of the predicted files that are gold."""
    recall: float
    """Share of the gold files that were predicted."""

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0.0 where both are."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    @property
    def is_exact(self) -> bool:
        """Whether exactly the gold files were predicted."""
        return self.precision == 1.0 and self.recall == 1.0


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """Scores of many rollouts, each weighing the same."""

    count: int
    precision: float
    recall: float
    f1: float
    exact: int
    """Rollouts that predicted exactly the gold files."""


def score_files(predicted: AbstractSet[str], gold: AbstractSet[str]) -> FileScore:
    """Compare the predicted files of one rollout with the gold files.

    Args:
        predicted: Files the rollout modified: POSIX paths from the repository root.
        gold: Files the pull request modified, in the same form; new files left out.

    Returns:
        Unrounded scores; an empty prediction scores 0.0 on both.

    Raises:
        ValueError: `gold` is empty, so recall has no meaning.
    """
    if not gold:
        message = "no gold files: leave the instance out, its recall has no meaning"
        raise ValueError(message)
    found = len(predicted & gold)
    precision = found / len(predicted) if predicted else 0.0
    return FileScore(precision=precision, recall=found / len(gold))


def summarize_scores(scores: Sequence[FileScore]) -> ScoreSummary:
    """Average over instances, as the paper does: F1 is the mean of the F1s.

    Raises:
        ValueError: There are none.
    """
    if not scores:
        message = "no scores to average"
        raise ValueError(message)
    count = len(scores)
    return ScoreSummary(
        count=count,
        precision=sum(score.precision for score in scores) / count,
        recall=sum(score.recall for score in scores) / count,
        f1=sum(score.f1 for score in scores) / count,
        exact=sum(score.is_exact for score in scores),
    )


def normalize_paths(paths: Iterable[str]) -> frozenset[str]:
    """Write paths in the one form that is compared.

    `./a//b.py` and `a/x/../b.py` are `a/b.py`. Case, blanks inside a name and Unicode
    stay as they are, because git tells them apart. Empty ones and the root itself are
    dropped; a path that leads out of the repository stays and is simply wrong.
    """
    written = (posixpath.normpath(path) for path in paths if path.strip())
    return frozenset(path for path in written if path != ".")
