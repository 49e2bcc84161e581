"""Each word of a query where it counts most: in a name, a folder, a definition, a text.

A word that is a file's name need not be in its text as well, and one that is everywhere
in the texts may be in a single name. So each word is rated in every field by how rare
it is there, and a file gets the best of its fields for each word, not their sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.localizer.index import Index, Snapshot
from agent.localizer.path_words import PathWords
from agent.localizer.postings import rarity
from agent.localizer.query import Query

__all__ = ["TermFields", "add_united"]

Floats = NDArray[np.float64]

_NAME, _FOLDER, _DEFINITION, _CONTENT = 1.0, 0.5, 0.8, 0.6
_SHORTEST_PREFIX = 4


@dataclass(frozen=True, slots=True)
class TermFields:
    """Where the terms of a query are, one row for each, one column for each file."""

    terms: Sequence[str]
    content: Floats
    """How strongly each file's text speaks of each term, from 0 to 1."""
    defined: NDArray[np.bool_]


def add_united(
    index: Index,
    snapshot: Snapshot,
    query: Query,
    fields: TermFields,
    signals: dict[str, Floats],
) -> None:
    """Add what the best field of each word says, over all words and the title's.

    Args:
        index: The past.
        snapshot: The tree that is asked about.
        query: The text.
        fields: What is known of the terms that the index knows.
        signals: What was measured so far; takes the new ones.
    """
    _United(index, snapshot, query, fields, signals).run()


class _United:
    def __init__(
        self,
        index: Index,
        snapshot: Snapshot,
        query: Query,
        fields: TermFields,
        signals: dict[str, Floats],
    ) -> None:
        self.query = query
        self.fields = fields
        self.signals = signals
        self.path = snapshot.path[snapshot.candidates]
        self.known_paths = snapshot.paths
        self.names = index.name_words
        self.folders = index.folder_words
        self.terms = list(query.terms)
        self.weight = np.array([query.terms[one] for one in self.terms], np.float64)
        titled = [one in query.title_terms for one in self.terms]
        self.in_title = np.array(titled, np.float64)

    def run(self) -> None:
        name = _rated(self._in_paths(self.names))
        folder = _rated(self._in_paths(self.folders))
        content = np.zeros(name.shape)
        defined = np.zeros(name.shape, np.bool_)
        place = {term: row for row, term in enumerate(self.terms)}
        for row, term in enumerate(self.fields.terms):
            content[place[term]] = self.fields.content[row]
            defined[place[term]] = self.fields.defined[row]
        plain = np.maximum(
            np.maximum(_NAME * name, _FOLDER * folder),
            _DEFINITION * _rated(defined),
        )
        best = np.maximum(plain, _CONTENT * _rated(content))
        titled = self.weight * self.in_title
        self.signals["united.all"] = self.weight @ best
        self.signals["united.title"] = titled @ best
        self.signals["united.named"] = titled @ plain
        self.signals["united.cover"] = self._covered(best)
        self.signals["path.folder_title"] = titled @ folder
        self.signals["path.prefix"] = self._prefixed()

    def _in_paths(self, words: PathWords) -> NDArray[np.bool_]:
        """Which files have each term in their names, whole or grown together."""
        table = np.zeros((len(self.terms), words.total), np.bool_)
        for row, term in enumerate(self.terms):
            for spelled in (term, term[1:] if term[0] == "=" else f"={term}"):
                paths = words.paths.get(spelled)
                if paths is not None:
                    table[row, paths] = True
        return table[:, self.path]

    def _covered(self, best: Floats) -> Floats:
        """Share of what the title's words could give at most, from 0 to 1."""
        most = best.max(1, initial=0.0) * self.in_title
        found: Floats = self.in_title @ best / max(float(most.sum()), 1e-9)
        return found

    def _prefixed(self) -> Floats:
        """Words of paths that begin like a word of the text: `auth`, authentication."""
        value: dict[str, float] = {}
        asked = [term for term in self.terms if len(term) >= _SHORTEST_PREFIX]
        for term in asked:
            if term[0] == "=":
                continue
            likes = self.names.like(term, _SHORTEST_PREFIX, self.known_paths)
            for word, paths in likes.items():
                alike = min(len(word), len(term)) / max(len(word), len(term))
                rare = np.log1p(len(self.path) / paths)
                gain = float(rare) * alike * self.query.terms[term]
                value[word] = max(value.get(word, 0.0), gain)
        return self.names.weigh(value)[self.path]


def _rated(strength: Floats | NDArray[np.bool_]) -> Floats:
    """The strengths, each times how rare its term is in this field."""
    rated: Floats = strength * rarity(strength)[:, None]
    return rated
