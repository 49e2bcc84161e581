"""Train the offline judge, and measure it on repositories that it has not seen.

    python benchmarks/judge.py CLONES [--write]

CLONES holds a clone of each labelled repository in `owner+name` or `owner/name`. The
labels are a repository, a number and three answers; what was labelled is read from the
clones. Settings are chosen without the repository that is measured. With --write the
weights go to tasks/offline_judge.json.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from tasks.candidates import select_candidates
from tasks.judge_features import describe_change
from tasks.judging import Question
from tasks.mining import find_pull_requests
from tasks.offline_judge import OfflineJudge
from tasks.pull_requests import PullRequest
from tasks.repository import Repository

ROOT = Path(__file__).parent.parent
LABELS = Path(__file__).with_name("judge_labels.jsonl")
STRENGTHS = (0.05, 0.15, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Inverse strengths of the regularization that are tried."""
THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7)
"""Least probabilities of a yes that are tried."""
PRECISION_WEIGHT = 2.0
"""A wrong instance harms a suite, a lost one only makes it smaller."""

Weights = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Settings:
    """What is chosen on repositories that were not trained on."""

    strength: float
    threshold: float


@dataclass(frozen=True)
class Labelled:
    """A pull request and what we said of it."""

    pull_request: PullRequest
    answers: dict[str, bool]


def main() -> None:
    """Train, measure, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clones", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    labelled = read_labelled(options.clones)
    measure(labelled)
    if options.write:
        settings = choose(labelled)
        print(settings)
        weights = train(labelled, settings.strength)
        record = {"threshold": settings.threshold, "weights": weights}
        text = json.dumps(record, indent=1, sort_keys=True)
        (ROOT / "tasks" / "offline_judge.json").write_text(text + "\n")


def read_labelled(clones: Path) -> list[Labelled]:
    """Find what was labelled in the clones."""
    labels = [json.loads(line) for line in LABELS.read_text().splitlines()]
    found: list[Labelled] = []
    for repo in sorted({label["repo"] for label in labels}):
        own = {one["pr_number"]: one for one in labels if one["repo"] == repo}
        repository = Repository.open(find_clone(clones, repo))
        drafts = [
            draft
            for draft in find_pull_requests(repository).drafts
            if draft.number in own
        ]
        candidates = select_candidates(repository, drafts, repo).pull_requests
        found += [Labelled(one, own[one.pr_number]) for one in candidates]
        print(f"{repo}: {len(candidates)} of {len(own)} labelled found")
    return found


def find_clone(clones: Path, repo: str) -> Path:
    """The clone of a repository, bare, in a folder of its own, or below one."""
    for name in (repo.replace("/", "+"), repo):
        for place in (clones / name, clones / name / "repo"):
            if (place / "objects").is_dir() or (place / ".git").exists():
                return place
    message = f"no clone of {repo} in {clones}"
    raise SystemExit(message)


def train(labelled: Sequence[Labelled], strength: float) -> Weights:
    """Weights of each question's features."""
    vectorizer = DictVectorizer(sparse=False)
    features = [describe_change(one.pull_request) for one in labelled]
    matrix = vectorizer.fit_transform(features)
    weights = {}
    for question in Question:
        answers = [one.answers[question.value] for one in labelled]
        model = LogisticRegression(C=strength, max_iter=5000, fit_intercept=False)
        model.fit(matrix, answers)
        names = vectorizer.get_feature_names_out()
        weights[question.value] = {
            str(name): round(float(weight), 4)
            for name, weight in zip(names, model.coef_[0], strict=True)
        }
    return weights


def folds(
    labelled: Sequence[Labelled],
) -> Iterator[tuple[list[Labelled], list[Labelled]]]:
    """Each repository left out in turn: the others, and it."""
    for repo in sorted({one.pull_request.repo for one in labelled}):
        yield (
            [one for one in labelled if one.pull_request.repo != repo],
            [one for one in labelled if one.pull_request.repo == repo],
        )


def choose(labelled: Sequence[Labelled]) -> Settings:
    """The settings that do best on each repository when trained on the others."""
    found: dict[Settings, tuple[list[bool], list[bool]]] = {}
    for rest, own in folds(labelled):
        for strength in STRENGTHS:
            weights = train(rest, strength)
            for threshold in THRESHOLDS:
                judge = OfflineJudge(weights, threshold)
                real, said = found.setdefault(Settings(strength, threshold), ([], []))
                real += [is_accepted(one) for one in own]
                said += [judge.judge(one.pull_request).is_accepted for one in own]
    return max(found, key=lambda one: score(*map(np.array, found[one])))


def score(real: np.ndarray, said: np.ndarray) -> float:
    """F-measure in which precision counts more than recall."""
    hits = (real & said).sum()
    wrong, lost = (said & ~real).sum(), (real & ~said).sum()
    beta = 1 / PRECISION_WEIGHT**2
    return float((1 + beta) * hits / ((1 + beta) * hits + beta * lost + wrong))


def is_accepted(labelled: Labelled) -> bool:
    """Whether we said yes to all questions."""
    return all(labelled.answers[question.value] for question in Question)


def measure(labelled: Sequence[Labelled]) -> None:
    """Leave one repository out; choose settings and train on the others; compare."""
    truth: dict[str, list[bool]] = {}
    said: dict[str, list[bool]] = {}
    for rest, own in folds(labelled):
        settings = choose(rest)
        judge = OfflineJudge(train(rest, settings.strength), settings.threshold)
        for one in own:
            verdict = judge.judge(one.pull_request)
            for judgement in verdict.judgements:
                name = judgement.question.value
                truth.setdefault(name, []).append(one.answers[name])
                said.setdefault(name, []).append(judgement.is_yes)
            for name in ("accepted", f"accepted, {one.pull_request.repo}"):
                truth.setdefault(name, []).append(is_accepted(one))
                said.setdefault(name, []).append(verdict.is_accepted)
    print(f"{'':36} yes  precision  recall  accuracy")
    for name, real in truth.items():
        print(f"{name:36}", rates(np.array(real), np.array(said[name])))


def rates(real: np.ndarray, said: np.ndarray) -> str:
    """Share of yes, precision, recall and accuracy, as text."""
    hits = (real & said).sum()
    precision = hits / max(said.sum(), 1)
    recall = hits / max(real.sum(), 1)
    right = (real == said).mean()
    return f"{real.mean():.2f}  {precision:9.2f}  {recall:6.2f}  {right:8.2f}"


if __name__ == "__main__":
    main()
