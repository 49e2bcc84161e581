"""Turn evidence into an answer: score files, and choose how many to name.

Every kind of evidence is scaled to [0, 1] by its best file and weighed. The weights
were set by hand on mined pull requests of other repositories than the benchmark's.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from agent.code_tokens import telling_words
from agent.offline.evidence import Change, TermHits
from agent.offline.notes import Notes
from agent.offline.terms import stem

__all__ = ["Evidence", "choose_files", "kind_factor", "path_stems", "rank_files"]

_WEIGHTS = {
    "named": 1.0,
    "content": 2.0,
    "path": 0.6,
    "messages": 0.8,
    "related": 0.7,
    "often": 0.25,
    "notes": 0.7,
    "note_words": 0.8,
}
_COMPANION_WEIGHT = 0.5
_COMPANION_SEEDS = 4
_LOOKS_SHARE = 0.1
_PAIR_SHARE = 0.6
"""How often a file and its test change together, where no history tells it."""
_HITS_SATURATION = 1.5
_ASSUMED_FILES = 300
"""Size of a repository for rarity, where no listing has told it."""
_UNLIKE_SHARE = 0.4
"""What a related pull request counts that has no word in common with the target."""
_USUAL_FILES = 5
"""Changes that touch more files than this say less about each of them."""
_FEWEST = 3
_MOST = 8
_SHARE_OF_BEST = 0.45
_CODE_SUFFIXES = (
    "py js ts tsx jsx mjs go rs java kt c cc cpp h hpp cs rb php swift scala"
)
_CODE = frozenset(_CODE_SUFFIXES.split())
_PROSE = frozenset(("md", "rst", "txt", "adoc", ""))
_KIND_FACTORS = {"code": 1.0, "test": 0.75, "prose": 0.55, "other": 0.45}


@dataclass(slots=True)
class Evidence:
    """Everything that is known about the files, for one description."""

    terms: Mapping[str, float]
    """What the description is about."""
    title: str = ""
    named: Sequence[str] = ()
    """Paths or file names that it spells out."""
    hits: Sequence[TermHits] = ()
    log: Sequence[Change] = ()
    related: Sequence[Change] = ()
    often: Mapping[str, int] = field(default_factory=dict)
    """How often each file was changed lately."""
    companions: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)
    listed: Collection[str] = ()
    """Paths that a listing has shown."""
    absent: Collection[str] = ()
    """Paths that turned out not to exist."""
    likely: Mapping[str, tuple[float, bool]] = field(default_factory=dict)
    """Probabilities from an index, and whether it would answer the file."""
    files_total: int = _ASSUMED_FILES


def rank_files(evidence: Evidence, *, seed: int = 0) -> list[tuple[str, float]]:
    """Files with their scores, best first; ties in an order that the seed decides."""
    stems = {
        stem(term): weight for term, weight in reversed(list(evidence.terms.items()))
    }
    parts = {
        "content": _score_hits(evidence),
        "messages": _score_changes(evidence.log, stems, unlike=0.0),
        "related": _score_changes(evidence.related, stems, unlike=_UNLIKE_SHARE),
        "often": {f: math.log1p(n) for f, n in evidence.often.items()},
        "notes": dict(evidence.notes.files),
        "note_words": _score_note_words(evidence.notes, stems),
    }
    seen = {path for part in parts.values() for path in part} | set(evidence.listed)
    parts["path"] = _score_paths(seen, stems)
    parts["named"] = _score_named(seen, evidence.named)
    scores: dict[str, float] = defaultdict(float)
    for kind, part in parts.items():
        best = max(part.values(), default=0.0)
        for path, value in part.items():
            if best > 0:
                scores[path] += _WEIGHTS[kind] * value / best
    for path in list(scores):
        scores[path] *= kind_factor(path)
    _add_companions(scores, seen, evidence)
    if evidence.likely:
        scores = _weigh_likely(scores, evidence.likely)
    known = [item for item in scores.items() if item[0] not in evidence.absent]
    return sorted(known, key=lambda item: (-item[1], _shuffle(seed, item[0])))


def choose_files(
    ranked: Sequence[tuple[str, float]],
    likely: Mapping[str, tuple[float, bool]] | None = None,
) -> tuple[str, ...]:
    """How many of the best to name.

    As many as an index would, where there is one: it weighs what a further file would
    gain. Else those not far below the best, within bounds.
    """
    if not ranked:
        return ()
    predicted = sum(is_predicted for _, is_predicted in (likely or {}).values())
    if predicted:
        return tuple(path for path, _ in ranked[:predicted])
    top = [score for _, score in ranked[:_FEWEST]]
    threshold = _SHARE_OF_BEST * sum(top) / len(top)
    return tuple(
        path
        for position, (path, score) in enumerate(ranked[:_MOST])
        if position < _FEWEST or score >= threshold
    )


def path_stems(path: str) -> frozenset[str]:
    """Stems of the words in a path."""
    return frozenset(stem(word) for word in telling_words(path))


def kind_factor(path: str) -> float:
    """How readily files of this kind belong to an answer."""
    pure = PurePosixPath(path)
    extension = pure.suffix.removeprefix(".").lower()
    is_test = pure.name.startswith(("test_", "conftest")) or any(
        part in {"test", "tests", "__tests__", "spec"} for part in pure.parts
    )
    if is_test:
        return _KIND_FACTORS["test"] if extension in _CODE else _KIND_FACTORS["other"]
    if extension in _CODE:
        return _KIND_FACTORS["code"]
    return _KIND_FACTORS["prose" if extension in _PROSE else "other"]


def _score_hits(evidence: Evidence) -> dict[str, float]:
    scores: dict[str, float] = defaultdict(float)
    for hit in evidence.hits:
        rarity = math.log(1 + evidence.files_total / (1 + hit.files_total))
        weight = evidence.terms.get(hit.term, 1.0) * rarity
        for path, lines in hit.lines.items():
            scores[path] += weight * lines / (lines + _HITS_SATURATION)
    return scores


def _score_changes(
    changes: Sequence[Change], stems: Mapping[str, float], *, unlike: float
) -> dict[str, float]:
    """Files of past changes, by how much their words have in common with ours."""
    known = [frozenset(stem(word) for word in telling_words(c.text)) for c in changes]
    frequency: dict[str, int] = defaultdict(int)
    for text in known:
        for word in text:
            frequency[word] += 1
    scores: dict[str, float] = defaultdict(float)
    for change, text in zip(changes, known, strict=True):
        shared = sum(
            stems[word] * math.log(1 + len(changes) / frequency[word])
            for word in text
            if word in stems
        )
        likeness = unlike + shared / math.sqrt(1 + len(text))
        breadth = max(1.0, len(change.files) / _USUAL_FILES)
        for path in change.files:
            scores[path] += likeness / breadth
    return scores


def _score_note_words(notes: Notes, stems: Mapping[str, float]) -> dict[str, float]:
    scores: dict[str, float] = defaultdict(float)
    for word, weight in stems.items():
        for path, share in notes.words.get(word, {}).items():
            scores[path] += weight * share
    return scores


def _score_paths(paths: Iterable[str], stems: Mapping[str, float]) -> dict[str, float]:
    """Files whose own path has words of the description, rare ones counting more."""
    by_path = {path: path_stems(path) & stems.keys() for path in paths}
    frequency: dict[str, int] = defaultdict(int)
    for found in by_path.values():
        for word in found:
            frequency[word] += 1
    return {
        path: sum(stems[word] / math.sqrt(frequency[word]) for word in found)
        for path, found in by_path.items()
        if found
    }


def _score_named(paths: Iterable[str], named: Sequence[str]) -> dict[str, float]:
    return {
        path: 1.0
        for path in paths
        if any(path == name or path.endswith(f"/{name}") for name in named)
    }


def _add_companions(
    scores: dict[str, float], seen: Collection[str], evidence: Evidence
) -> None:
    """Let the best files lift those that usually change with them."""
    table = {**evidence.notes.companions, **evidence.companions}
    best = sorted(scores, key=lambda path: -scores[path])[:_COMPANION_SEEDS]
    lifts = [
        (companion, _COMPANION_WEIGHT * scores[path] * share)
        for path in best
        for companion, share in (
            *table.get(path, {}).items(),
            *((other, _PAIR_SHARE) for other in seen if _is_test_of(other, path)),
        )
    ]
    for companion, lift in lifts:
        scores[companion] += lift * kind_factor(companion) / _COMPANION_SEEDS


def _weigh_likely(
    scores: Mapping[str, float], likely: Mapping[str, tuple[float, bool]]
) -> dict[str, float]:
    """Trust the index, and let what was seen in the tree move its neighbours.

    The index has learned from all of the past what each kind of evidence is worth; the
    looks of a few steps only decide between files that it holds for about as likely.
    """
    best = max(scores.values(), default=0.0) or 1.0
    return {
        path: probability + _LOOKS_SHARE * scores.get(path, 0.0) / best
        for path, (probability, _) in likely.items()
    }


def _is_test_of(path: str, tested: str) -> bool:
    """Whether a file bears the name of another one as a test of it."""
    name = PurePosixPath(path).name.lower()
    subject = PurePosixPath(tested).stem.lower().strip("_")
    return bool(subject) and name.startswith(
        (f"test_{subject}.", f"{subject}_test.", f"{subject}.test.", f"{subject}.spec.")
    )


def _shuffle(seed: int, path: str) -> str:
    return hashlib.sha256(f"{seed}\n{path}".encode()).hexdigest()
