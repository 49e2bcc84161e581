"""Why a file is likely, in words a maintainer can check."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.localizer.estimate import Estimate
from agent.localizer.index import Index
from agent.localizer.postings import totals
from agent.localizer.query import Query

__all__ = ["FileEvidence", "PastChange", "Witness"]

Floats = NDArray[np.float64]

_WORDS = 6
_COMMON_SHARE = 0.5
_FEW_FILES = 20
_PAST_CHANGES = 2
_COMPANIONS = 3
_COMPANION_CHANGES = 200
_FEWEST_TOGETHER = 3
_LARGEST_CHANGE = 30
_SPELLED = 0.5
_STRONG_FLOW = 0.25


@dataclass(frozen=True, slots=True)
class PastChange:
    """A similar change of the past that edited the file."""

    commit: str
    title: str
    number: int | None
    """Its pull request, where known."""


@dataclass(frozen=True, slots=True)
class FileEvidence:
    """What speaks for one file."""

    reasons: tuple[str, ...]
    """In words, the strongest first."""
    words: tuple[str, ...]
    """Rare words of the query that the file contains."""
    past_changes: tuple[PastChange, ...]
    companions: tuple[str, ...]
    """Files that usually move with it, the closest first."""


class Witness:
    """Tells the evidence for the files of one estimate."""

    def __init__(self, index: Index, query: Query, estimate: Estimate) -> None:
        self._index = index
        self._query = query
        self._found = estimate
        self._at = estimate.snapshot
        self._weights, self._counts = self._matches()
        self._exists = frozenset(self._at.candidates.tolist())
        nearest = estimate.neighbours.tolist()
        self._near = [(change, self._touched(change)) for change in nearest]

    def path(self, file: int) -> str:
        """Path of a candidate, by its position."""
        return self._index.paths[int(self._at.path[self._at.candidates[file]])]

    def evidence(self, file: int) -> FileEvidence:
        """Everything that speaks for a candidate, by its position."""
        words = self._words(file)
        past = self._past_changes(file)
        companions = self._companions(file)
        reasons = []
        if self._signal("path.spelled", file) >= _SPELLED:
            reasons.append("the text names it")
        elif self._signal("path.name_title", file) > 0:
            reasons.append("its name is in the title")
        if past:
            count = self._similar_count(file)
            total = min(len(self._found.neighbours), 20)
            reasons.append(f"edited by {count} of the {total} most similar changes")
        if words:
            reasons.append("contains " + ", ".join(words))
        if self._signal("definition.title", file) > 0:
            reasons.append("defines a name like one in the title")
        reasons.extend(self._flow_reasons(file))
        edits = int(self._signal("prior.edits", file))
        if edits:
            reasons.append(f"edited {edits} times before")
        return FileEvidence(tuple(reasons), words, past, companions)

    def _signal(self, name: str, file: int) -> float:
        column = self._found.signals.get(name)
        return 0.0 if column is None else float(column[file])

    def _flow_reasons(self, file: int) -> list[str]:
        said = []
        if self._signal("graph.subject", file) > _STRONG_FLOW:
            said.append("belongs to a likely file of the same subject")
        if self._signal("graph.cochange", file) > _STRONG_FLOW:
            said.append("moves with likely files")
        if self._signal("graph.imports", file) > _STRONG_FLOW:
            said.append("imports likely files")
        used = (self._signal(one, file) for one in ("graph.symbols", "graph.names"))
        if max(used) > _STRONG_FLOW:
            said.append("uses names that likely files define")
        return said

    def _matches(self) -> tuple[list[tuple[str, float]], Floats]:
        """Terms of the query with their value, and which candidate has which."""
        index, files = self._index, self._at.candidates
        terms = [term for term in self._query.terms if term in index.term_number]
        numbers = [index.term_number[term] for term in terms]
        found = index.postings["content"].gather(numbers, self._at.touch)
        change = np.where(index.main_touch[found.place], found.plus - found.minus, 0.0)
        flat = totals(
            found.row * index.files + index.touch_file[found.place],
            change,
            len(terms) * index.files,
        )
        counts = flat.reshape(len(terms), index.files)[:, files]
        spread = (counts > 0).sum(1)
        # What most files contain tells none of them from the others.
        common = spread > _COMMON_SHARE * max(len(files), _FEW_FILES)
        value = np.where(common, 0.0, np.log1p(len(files) / (spread + 0.5)))
        weights = [
            (term, float(rare) * self._query.terms[term])
            for term, rare in zip(terms, value, strict=True)
        ]
        return weights, counts

    def _words(self, file: int) -> tuple[str, ...]:
        present = np.flatnonzero(self._counts[:, file] > 0)
        scored = sorted((self._weights[row] for row in present), key=lambda it: -it[1])
        spoken = dict.fromkeys(
            self._query.words.get(term, term) for term, value in scored if value > 0
        )
        return tuple(spoken)[:_WORDS]

    def _touched(self, change: int) -> frozenset[int]:
        first, end = self._index.touch_starts[change : change + 2]
        return frozenset(self._index.touch_file[first:end].tolist())

    def _similar_count(self, file: int) -> int:
        number = int(self._at.candidates[file])
        return sum(number in touched for _, touched in self._near[:20])

    def _past_changes(self, file: int) -> tuple[PastChange, ...]:
        """Those of the similar changes that say something: no sweeps, none untitled."""
        number = int(self._at.candidates[file])
        past: list[PastChange] = []
        for change, touched in self._near:
            if number not in touched or len(past) == _PAST_CHANGES:
                continue
            row = self._index.changes[change]
            if not row.title or self._index.change_size[change] > _LARGEST_CHANGE:
                continue
            known = row.number if row.number >= 0 else None
            past.append(PastChange(row.commit, row.title, known))
        return tuple(past)

    def _companions(self, file: int) -> tuple[str, ...]:
        """Files that were most often edited in the same small changes."""
        index = self._index
        number = int(self._at.candidates[file])
        starts, order = index.file_touches
        touches = order[starts[number] : starts[number + 1]]
        touches = touches[touches < self._at.touch][-_COMPANION_CHANGES:]
        changes = np.unique(index.touch_change[touches])
        changes = changes[index.change_size[changes] <= _LARGEST_CHANGE]
        sizes = index.change_size[changes]
        touch = np.repeat(index.touch_starts[changes + 1] - np.cumsum(sizes), sizes)
        moved = index.touch_file[touch + np.arange(len(touch))]
        files, counts = np.unique(moved[moved != number], return_counts=True)
        best = np.lexsort((files, -counts))[: 2 * _COMPANIONS]
        return tuple(
            index.paths[int(self._at.path[files[one]])]
            for one in best
            if counts[one] >= _FEWEST_TOGETHER and int(files[one]) in self._exists
        )[:_COMPANIONS]
