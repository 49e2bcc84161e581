"""Which paths have a word in their name, or in their folders."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.localizer.postings import Ints

__all__ = ["PathWords"]

Floats = NDArray[np.float64]

_MOST_ALIKE = 40


@dataclass(frozen=True, slots=True)
class PathWords:
    """Paths by word; a word counts once for each path."""

    paths: Mapping[str, Ints]
    total: int
    """Number of all paths."""
    ordered: Sequence[str]
    """All words, sorted."""

    @classmethod
    def of(cls, words: Iterable[Iterable[str]]) -> "PathWords":
        """Gather the words of each path, in order of the paths' numbers."""
        found: dict[str, list[int]] = {}
        total = 0
        for path, those in enumerate(words):
            total += 1
            for word in those:
                found.setdefault(word, []).append(path)
        arrays = {word: np.array(paths, np.int64) for word, paths in found.items()}
        return cls(arrays, total, sorted(arrays))

    def count(self, word: str, exists: Ints) -> int:
        """How many files have a word in their paths.

        Args:
            word: A term, as `terms_of` spells it.
            exists: How many files each path stands for: 1 or 0.
        """
        paths = self.paths.get(word)
        return 0 if paths is None else int(exists[paths].sum())

    def like(self, word: str, shortest: int, before: int) -> dict[str, int]:
        """Words that begin with a word, or that it begins with, and their paths' count.

        Args:
            word: A term, as `terms_of` spells it.
            shortest: Letters that both must have in common, at least.
            before: The first path that is still in the future.
        """
        found: dict[str, int] = {}
        for place in range(bisect_left(self.ordered, word), len(self.ordered)):
            other = self.ordered[place]
            if not other.startswith(word) or len(found) == _MOST_ALIKE:
                break
            found |= self._known(other, before)
        for end in range(shortest, len(word)):
            found |= self._known(word[:end], before)
        found.pop(word, None)
        return found

    def _known(self, word: str, before: int) -> dict[str, int]:
        """A word and how many paths had it, if any did."""
        paths = self.paths.get(word)
        count = 0 if paths is None else int(np.searchsorted(paths, before))
        return {word: count} if count else {}

    def weigh(self, value: Mapping[str, float]) -> Floats:
        """Sum of the values of each path's words."""
        total = np.zeros(self.total)
        for word, one in value.items():
            if word in self.paths:
                total[self.paths[word]] += one
        return total
