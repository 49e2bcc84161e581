"""Which paths have a word in their name, or in their folders."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.localizer.postings import Ints

__all__ = ["PathWords"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PathWords:
    """Paths by word; a word counts once for each path."""

    paths: Mapping[str, Ints]
    total: int
    """Number of all paths."""

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
        return cls(arrays, total)

    def count(self, word: str, exists: Ints) -> int:
        """How many files have a word in their paths.

        Args:
            word: A term, as `terms_of` spells it.
            exists: How many files each path stands for: 1 or 0.
        """
        paths = self.paths.get(word)
        return 0 if paths is None else int(exists[paths].sum())

    def weigh(self, value: Mapping[str, float]) -> Floats:
        """Sum of the values of each path's words."""
        total = np.zeros(self.total)
        for word, one in value.items():
            if word in self.paths:
                total[self.paths[word]] += one
        return total
