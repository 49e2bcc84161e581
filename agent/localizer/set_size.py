"""How many files to name: the prefix of the ranking with the best expected F score."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SetPreference", "choose_size"]


Floats = NDArray[np.float64]

_LARGEST_COUNT = 45
_CONSIDERED = 60
_HIGHEST_BETA = 1000
"""Above it a missed file weighs so much that nothing changes any more."""
_SHIFTS = ((-1.5, 0.25), (0.0, 0.5), (1.5, 0.25))
"""Changes differ in size more than independent files would: a small, a usual and a
large reading of the same probabilities, in logits, with their weights."""


@dataclass(frozen=True, slots=True)
class SetPreference:
    """What the caller wants of the chosen set."""

    min_files: int = 1
    max_files: int = 25
    recall_weight: float = 1.0
    """The beta of F-beta: 1 is F1, 2 prefers recall, 0.5 prefers precision."""

    def __post_init__(self) -> None:
        if not 0 <= self.min_files <= self.max_files:
            msg = (
                f"min_files {self.min_files} and max_files {self.max_files} leave no"
                " size: give 0 <= min_files <= max_files"
            )
            raise ValueError(msg)
        if not 0 < self.recall_weight <= _HIGHEST_BETA:
            msg = (
                f"recall weight {self.recall_weight:g} is not above 0 and at most"
                f" {_HIGHEST_BETA}: 1 means F1"
            )
            raise ValueError(msg)


def choose_size(ranked: Floats, preference: SetPreference) -> int:
    """Size of the prefix with the highest expected F-beta.

    Args:
        ranked: Probabilities, the highest first.
        preference: Limits and what to prefer.
    """
    most = min(preference.max_files, len(ranked))
    least = min(max(preference.min_files, 1), most)
    if most == 0 or preference.max_files == 0:
        return 0
    certain = np.clip(ranked, 1e-6, 1 - 1e-6)
    logits = np.log(certain / (1 - certain))
    expected = np.zeros(most)
    for shift, weight in _SHIFTS:
        shifted = 1.0 / (1.0 + np.exp(-(logits + shift)))
        expected += weight * _expected_scores(shifted, most, preference.recall_weight)
    return least + int(np.argmax(expected[least - 1 :]))


def _expected_scores(chances: Floats, most: int, beta: float) -> Floats:
    """Expected F-beta of every prefix up to `most`, files independent of each other."""
    beyond = float(chances[_CONSIDERED:].sum())
    chances = chances[:_CONSIDERED]
    most_known = min(most, len(chances))
    rest = _count_chances(chances[most_known:])
    rests = [rest]
    for chance in chances[:most_known][::-1]:
        rest = _one_more(rest, float(chance))
        rests.append(rest)
    rests.reverse()
    count = np.arange(_LARGEST_COUNT + 1)
    hits, missed = count[:, None], count[None, :]
    found = _count_chances(chances[:0])
    scores = np.zeros(most)
    for size in range(1, most_known + 1):
        found = _one_more(found, float(chances[size - 1]))
        gold = hits + missed + beyond
        table = (1 + beta**2) * hits / (beta**2 * gold + size)
        scores[size - 1] = found @ table @ rests[size]
    return scores


def _count_chances(chances: Floats) -> Floats:
    """Chance of each number of hits."""
    counts = np.zeros(_LARGEST_COUNT + 1)
    counts[0] = 1.0
    for chance in chances:
        counts = _one_more(counts, float(chance))
    return counts


def _one_more(counts: Floats, chance: float) -> Floats:
    more = counts * (1 - chance)
    more[1:] += counts[:-1] * chance
    return more
