"""What is known of a file whatever is asked: its past, its kind, its folder."""

import numpy as np
from numpy.typing import NDArray

from agent.localizer.index import Index, Snapshot
from agent.localizer.paths import FileKind
from agent.localizer.postings import Ints, totals
from agent.localizer.query import Query

__all__ = ["add_standing"]

Floats = NDArray[np.float64]

_CLOSE_NEIGHBOURS = 20
_HALF_LIVES = (30, 150, 800)
_FEATURE_HALF_LIFE = 60
_RECENT_FEATURES = 40
_ASSUMED_SIZE = 1.8
"""Mean logarithm of the size of a feature, where none was seen."""


def add_standing(
    index: Index,
    snapshot: Snapshot,
    query: Query,
    near: tuple[Ints, Floats],
    signals: dict[str, Floats],
) -> None:
    """Add every signal that does not search for words.

    Args:
        index: The past.
        snapshot: The tree that is asked about.
        query: Only its length is read.
        near: Similar past changes, the best one first, and how similar they are.
        signals: What was measured so far; takes the new ones.
    """
    standing = _Standing(index, snapshot, query, signals)
    standing.priors()
    standing.kinds(*near)
    standing.folders()
    standing.sizes(near[0])


class _Standing:
    def __init__(
        self,
        index: Index,
        snapshot: Snapshot,
        query: Query,
        signals: dict[str, Floats],
    ) -> None:
        self.index = index
        self.at = snapshot
        self.query = query
        self.files = snapshot.candidates
        self.signals = signals
        self.age = index.ages(snapshot.change)

    def priors(self) -> None:
        """How often, and how lately, a file was edited."""
        index, touch = self.index, self.at.touch
        change = index.touch_change[:touch]
        file = index.touch_file[:touch]
        edited = (index.touch_status[:touch] == ord("M")) & ~index.part_change[change]
        edit = edited.astype(np.float64)
        feature = index.change_is_feature[change] * edit

        def total(weights: Floats) -> Floats:
            return totals(file, weights, index.files)[self.files]

        self.signals["prior.edits"] = total(edit)
        for half_life in _HALF_LIVES:
            fresh = 0.5 ** (self.age[change] / half_life)
            self.signals[f"prior.edits_{half_life}"] = total(edit * fresh)
        features = np.cumsum(index.change_is_feature[: self.at.change])
        since = (features[-1] if len(features) else 0) - features
        fresh = 0.5 ** (since[change] / _FEATURE_HALF_LIFE)
        self.signals["prior.features"] = total(feature)
        self.signals["prior.features_fresh"] = total(feature * fresh)
        heads = index.head_change[change].astype(np.float64)
        self.signals["prior.heads"] = total(feature * fresh * heads)
        last = np.zeros(index.files, np.int64)
        last[file] = change
        self.signals["prior.recent"] = 1 / (1 + np.log1p(self.age[last[self.files]]))
        born = np.zeros(index.files, np.int64)
        born[file[::-1]] = change[::-1]
        self.signals["prior.age"] = np.log1p(self.age[born[self.files]])
        self.signals["prior.length"] = np.log1p(self.at.length[self.files])

    def kinds(self, neighbours: Ints, similarity: Floats) -> None:
        """How often changes like this one touch a file of this kind."""
        index = self.index
        kind = index.path_kind[self.at.path[self.files]]
        close = neighbours[:_CLOSE_NEIGHBOURS]
        rates = np.zeros(len(FileKind))
        weights = similarity[: len(close)]
        for change, weight in zip(close.tolist(), weights, strict=True):
            first, end = index.touch_starts[change : change + 2]
            touched = self.at.path[index.touch_file[first:end]]
            rates[np.unique(index.path_kind[touched])] += weight
        self.signals["kind.rate"] = rates[kind] / max(float(weights.sum()), 1e-9)
        self.signals["kind.depth"] = index.path_depth[self.at.path[self.files]].astype(
            np.float64
        )
        for one in FileKind:
            self.signals[f"kind.{one.name.lower()}"] = (kind == one).astype(np.float64)

    def folders(self) -> None:
        """Evidence for the rest of a file's folder."""
        folder = self.index.path_folder[self.at.path[self.files]]
        size = np.bincount(folder, minlength=1)[folder]
        for name in ("content.all", "history.both", "prior.features_fresh"):
            score = self.signals[name]
            rest = totals(folder, score, 1)[folder] - score
            key = f"folder.{name.partition('.')[2]}"
            self.signals[key] = rest / np.maximum(size - 1, 1)
        self.signals["folder.size"] = np.log1p(size)

    def sizes(self, neighbours: Ints) -> None:
        """How large such changes are: the same for every file of the query."""
        index, before = self.index, self.at.change
        like = index.change_is_feature[neighbours]
        features = np.flatnonzero(index.change_is_feature[:before])
        words = len(self.query.terms)
        for name, value in (
            ("similar", _usual_size(index, neighbours[like][:_CLOSE_NEIGHBOURS])),
            ("recent", _usual_size(index, features[-_RECENT_FEATURES:])),
            ("words", float(np.log1p(words))),
        ):
            self.signals[f"query.{name}"] = np.full(len(self.files), value)


def _usual_size(index: Index, changes: Ints) -> float:
    """Mean logarithm of the files touched, of changes that look like features."""
    if not len(changes):
        return _ASSUMED_SIZE
    return float(np.log1p(index.change_size[changes]).mean())
