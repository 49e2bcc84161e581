"""Raw evidence for every file that exists: what it says, what happened to it.

Each signal is one number for each candidate, zero where there is no evidence.
`features` makes them comparable between queries.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.localizer.asking import add_asking
from agent.localizer.index import Index, Snapshot
from agent.localizer.mentions import spelled_paths
from agent.localizer.path_words import PathWords
from agent.localizer.postings import Gathered, Ints, rarity, totals
from agent.localizer.query import Query
from agent.localizer.standing import add_standing
from agent.localizer.united import TermFields, add_united

__all__ = ["Evidence", "measure"]

Floats = NDArray[np.float64]

_K1, _B = 2.0, 0.4
_NEIGHBOURS = 60
_CLOSE_NEIGHBOURS = 20
_FEEDBACK_CHANGES = 8
_FEEDBACK_TERMS = 40


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything measured for one query against one snapshot."""

    snapshot: Snapshot
    signals: Mapping[str, Floats]
    """By name; each in the order of the snapshot's candidates."""
    neighbours: Ints
    """Most similar past changes, the best one first."""
    similarity: Floats
    """Of each neighbour, the best one 1."""


def measure(index: Index, query: Query, change: int) -> Evidence:
    """Measure every signal with what was known before a change."""
    snapshot = index.snapshot(change)
    return _Measurement(index, query, snapshot).run()


class _Measurement:
    """The arrays that several signals share."""

    def __init__(self, index: Index, query: Query, snapshot: Snapshot) -> None:
        self.index = index
        self.query = query
        self.at = snapshot
        self.files = snapshot.candidates
        known = index.term_number
        terms = [term for term in query.terms if term in known]
        self.known = terms
        """Terms of the query that the past knows, in the order of every matrix."""
        self.term = [known[term] for term in terms]
        self.weight = np.array([query.terms[term] for term in terms], np.float64)
        self.in_title = np.array([t in query.title_terms for t in terms], np.bool_)
        self.compound = np.array([term[0] == "=" for term in terms], np.bool_)
        self.signals: dict[str, Floats] = {}
        self.age = index.ages(snapshot.change)

    def run(self) -> Evidence:
        content = self._gather("content")
        counts = self._present(content, len(self.term))
        self._content(counts)
        self._touches(content, rarity(counts))
        defined = self._definitions()
        self._paths()
        strength = counts / (counts + _K1 * self._norm())
        fields = TermFields(self.known, strength, defined)
        add_united(self.index, self.at, self.query, fields, self.signals)
        neighbours, similarity = self._neighbours(content)
        self._profiles(content)
        self._feedback(neighbours[:_FEEDBACK_CHANGES], similarity)
        near = (neighbours, similarity)
        add_standing(self.index, self.at, self.query, near, self.signals)
        add_asking(self.index, self.at, self.query, self.signals)
        return Evidence(self.at, self.signals, neighbours, similarity)

    def _gather(self, field: str) -> Gathered:
        border = self.at.change if field == "messages" else self.at.touch
        return self.index.postings[field].gather(self.term, border)

    def _present(self, found: Gathered, terms: int) -> Floats:
        """How often each candidate has each term, now."""
        file = self.index.touch_file[found.place]
        change = np.where(
            self.index.main_touch[found.place], found.plus - found.minus, 0.0
        )
        flat = totals(
            found.row * self.index.files + file, change, terms * self.index.files
        )
        return flat.reshape(terms, self.index.files)[:, self.files].clip(0)

    def _bm25(
        self, counts: Floats, weight: Floats, *, by_length: bool = True
    ) -> Floats:
        norm = self._norm() if by_length else np.ones(len(self.files))
        strength = counts * (_K1 + 1) / (counts + _K1 * norm)
        return (weight * rarity(counts)) @ strength

    def _norm(self) -> Floats:
        """By how much each file is longer than the usual one, softened."""
        length = self.at.length[self.files]
        mean = max(float(length.mean()), 1.0) if len(length) else 1.0
        norm: Floats = 1 - _B + _B * length / mean
        return norm

    def _content(self, counts: Floats) -> None:
        rare = rarity(counts)
        self.signals["content.all"] = self._bm25(counts, self.weight)
        self.signals["content.title"] = self._bm25(counts, self.weight * self.in_title)
        self.signals["content.compound"] = self._bm25(
            counts, self.weight * self.compound
        )
        mass = self.weight * rare * (counts > 0).any(1)
        total = max(float(mass.sum()), 1e-9)
        self.signals["content.cover"] = mass @ (counts > 0) / total
        self.signals["content.cover_title"] = (mass * self.in_title) @ (counts > 0)
        imports = self._present(self._gather("imports"), len(self.term))
        self.signals["content.imports"] = self._bm25(
            imports, self.weight, by_length=False
        )

    def _touches(self, found: Gathered, rare: Floats) -> None:
        """The best single piece of text that was ever added to a file, and all of them.

        What one change added is about one thing, which a long file as a whole is not.
        """
        index, border = self.index, self.at.touch
        each = (self.weight * rare)[found.row] * found.plus / (found.plus + 1.0)
        score = totals(found.place, each, border)
        score = score / np.sqrt(index.touch_terms[:border] + 60.0)
        best = np.zeros(index.files)
        np.maximum.at(best, index.touch_file[:border], score)
        self.signals["content.touch"] = best[self.files]
        cubes = totals(index.touch_file[:border], score**3, index.files)
        self.signals["history.touches"] = np.cbrt(cubes)[self.files]

    def _definitions(self) -> NDArray[np.bool_]:
        """Who defines what is asked for; returns terms by files."""
        counts = self._present(self._gather("definitions"), len(self.term))
        self.signals["definition.all"] = self._bm25(
            counts, self.weight, by_length=False
        )
        self.signals["definition.title"] = self._bm25(
            counts, self.weight * self.in_title
        )
        self.signals["definition.compound"] = self._bm25(
            counts, self.weight * self.compound, by_length=False
        )
        return counts > 0

    def _paths(self) -> None:
        path = self.at.path[self.files]
        name, folder = self.index.name_words, self.index.folder_words
        rare = self._rare_in_paths(path, name, folder)
        heavy = {term: self.query.terms[term] * value for term, value in rare.items()}
        asked = self.query.title_terms
        titled = {term: value for term, value in rare.items() if term in asked}
        self.signals["path.name"] = name.weigh(heavy)[path]
        self.signals["path.name_title"] = name.weigh(titled)[path]
        self.signals["path.folder"] = folder.weigh(heavy)[path]
        self.signals["path.exact"] = self._spoken()[self.index.path_subject[path]]
        spelled = spelled_paths(self.index, self.query.paths)
        self.signals["path.spelled"] = spelled[path]

    def _spoken(self) -> Floats:
        """How much the query speaks of each subject, by its number."""
        number = self.index.subject_number
        spoken = np.zeros(len(number) + 1)
        by_part = sorted(self.query.terms.items(), key=lambda it: it[0][0] != "=")
        for term, weight in by_part:  # a whole word counts before a compound
            if term.lstrip("=") in number:
                spoken[number[term.lstrip("=")]] = weight
        return spoken

    def _rare_in_paths(
        self, path: Ints, name: PathWords, folder: PathWords
    ) -> dict[str, float]:
        """How rare each term of the query is among the candidates' paths."""
        exists = np.bincount(path, minlength=len(self.index.paths))
        rare = {}
        for term in self.query.terms:
            spread = name.count(term, exists) + folder.count(term, exists)
            if spread:
                rare[term] = float(np.log1p(len(path) / spread))
        return rare

    def _neighbours(self, content: Gathered) -> tuple[Ints, Floats]:
        """Similar past changes, and what they touched."""
        index, before = self.index, self.at.change
        by_message = self._similar(self._gather("messages"), index.message_norm)
        change = index.touch_change[content.place]
        by_diff = self._similar(
            Gathered(content.row, change.astype(np.int32), content.plus, content.minus),
            index.diff_norm,
        )
        both = by_message / max(by_message.max(initial=0), 1e-9)
        both = both + by_diff / max(by_diff.max(initial=0), 1e-9)
        feature = both * index.change_is_feature[:before]
        recent = both * (0.1 + 0.9 * 0.5 ** (self.age / 120))
        for name, score in (
            ("recent", recent),
            ("message", by_message),
            ("diff", by_diff),
            ("both", both),
            ("feature", feature),
        ):
            nearest, similar = _nearest(score, _NEIGHBOURS)
            self.signals[f"history.{name}"] = self._spread(
                nearest, similar**2 / np.sqrt(index.change_size[nearest] + 1.0)
            )
        nearest, similar = _nearest(feature, _CLOSE_NEIGHBOURS)
        self.signals["history.rate"] = self._spread(
            nearest, similar / max(float(similar.sum()), 1e-9)
        )
        return _nearest(both * ~index.part_change[:before], _NEIGHBOURS)

    def _similar(self, found: Gathered, norm: Floats) -> Floats:
        """Similarity of each past change to the query."""
        before = self.at.change
        spread = np.bincount(found.row, minlength=len(self.term))
        rare = np.log1p(before / (spread + 0.5))
        count = found.plus + found.minus
        each = (self.weight * rare**1.5)[found.row] * count / (count + 1.0)
        score = totals(found.place, each, before)
        fresh = 0.4 + 0.6 * 0.5 ** (self.age / 1500)
        return score * fresh / norm[:before]

    def _spread(self, changes: Ints, weights: Floats) -> Floats:
        """Hand each change's weight to the files that it edited."""
        starts = self.index.touch_starts
        sizes = starts[changes + 1] - starts[changes]
        touch = np.repeat(starts[changes + 1] - np.cumsum(sizes), sizes)
        touch += np.arange(len(touch))
        edited = self.index.touch_status[touch] != ord("D")
        total = totals(
            self.index.touch_file[touch],
            np.repeat(weights, sizes) * edited,
            self.index.files,
        )
        return total[self.files]

    def _profiles(self, content: Gathered) -> None:
        """What was said of a file's past changes, and what they were about."""
        index, terms = self.index, len(self.term)
        said = self._gather("messages")
        sizes = index.change_size[said.place]
        small = sizes <= 30  # noqa: PLR2004 - a sweep says little of each file
        place, row, sizes = said.place[small], said.row[small], sizes[small]
        touch = np.repeat(index.touch_starts[place + 1] - np.cumsum(sizes), sizes)
        touch += np.arange(len(touch))
        row = np.repeat(row, sizes)
        fresh = 0.3 + 0.7 * 0.5 ** (self.age / 500)
        weight = fresh[index.touch_change[touch]]
        counts = totals(
            row * index.files + index.touch_file[touch], weight, terms * index.files
        ).reshape(terms, index.files)[:, self.files]
        touches = np.bincount(index.touch_file[: self.at.touch], minlength=index.files)[
            self.files
        ]
        self.signals["history.said"] = (self.weight * rarity(counts)) @ (
            counts / (counts + 1.0 + 0.1 * touches)
        )
        fresh_touch = fresh[index.touch_change[content.place]]
        edits = totals(
            content.row * index.files + index.touch_file[content.place],
            (content.plus + content.minus) * fresh_touch,
            terms * index.files,
        ).reshape(terms, index.files)[:, self.files]
        self.signals["history.edited"] = (self.weight * rarity(edits)) @ (
            np.log1p(edits) / (1 + np.log1p(touches))
        )

    def _feedback(self, changes: Ints, similarity: Floats) -> None:
        """Search the files once more with the words of the most similar diffs."""
        index = self.index
        starts, terms = index.change_terms
        gathered: dict[int, float] = {}
        for change, similar in zip(changes.tolist(), similarity, strict=False):
            first = int(starts[index.touch_starts[change]])
            end = int(starts[index.touch_starts[change + 1]])
            if end - first > 5_000:  # noqa: PLR2004 - a sweep has no topic
                continue
            for term in np.unique(terms[first:end]).tolist():
                gathered[term] = gathered.get(term, 0.0) + float(similar)
        heaviest = sorted(gathered, key=lambda term: (-gathered[term], term))
        content, border = index.postings["content"], self.at.touch
        value = {
            term: gathered[term]
            * np.log1p(border / (content.count(term, border) + 1.0))
            for term in heaviest[: 8 * _FEEDBACK_TERMS]
        }
        best = sorted(value, key=lambda term: (-value[term], term))[:_FEEDBACK_TERMS]
        found = index.postings["content"].gather(best, self.at.touch)
        counts = self._present(found, len(best))
        weights = np.array([gathered[term] for term in best], np.float64)
        learned = self._bm25(counts, weights)
        asked = self.signals["content.all"]
        self.signals["history.feedback"] = learned
        self.signals["history.expanded"] = learned / max(
            float(learned.max(initial=0)), 1e-9
        ) + asked / max(float(asked.max(initial=0)), 1e-9)


def _nearest(score: Floats, count: int) -> tuple[Ints, Floats]:
    """Best scores above zero, the best one scaled to 1."""
    found = np.flatnonzero(score > 0)
    if len(found) > count:
        # Sorting only what can be among the best is ten times faster.
        least = np.partition(score[found], -count)[-count]
        found = found[score[found] >= least]
    order = found[np.argsort(-score[found], kind="stable")[:count]]
    best = score[order]
    return order, best / best[0] if len(best) else best
