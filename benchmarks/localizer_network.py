"""Teach the localizer's small network, with nothing but numpy.

Adam over shuffled batches of rows, with a falling rate. Units are left out at random
while learning, so that none relies on another. A fixed seed gives the same weights.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from agent.localizer.network import Network

__all__ = ["teach"]

Rows = NDArray[np.float32]

_UNITS = 32
_ROUNDS = 24
_BATCH = 2_048
_RATE = 2e-3
_WARM_UP = 100
_SILENCED = 0.2
_DECAY = 1e-4
_FARTHEST = 4.0
_NEVER_DIFFERS = 1e-6


def teach(
    names: tuple[str, ...], rows: Rows, labels: Rows, weights: Rows, *, seed: int = 0
) -> Network:
    """A network fitted to labelled rows.

    Args:
        names: What the columns are.
        rows: Features as they come.
        labels: 1 for edited files, 0 for others.
        weights: How much each row counts.
        seed: Of the first weights, the batches and the silence.
    """
    mean = rows.mean(0, dtype=np.float64)
    scale = rows.std(0, dtype=np.float64)
    constant = scale < _NEVER_DIFFERS
    scale[constant] = 1.0
    standard = ((rows - mean) / scale).clip(-_FARTHEST, _FARTHEST).astype(np.float32)
    lesson = _Lesson(standard, labels, weights / weights.mean(), seed)
    for _ in range(_ROUNDS):
        lesson.read_all()
    found = {name: value.astype(np.float64) for name, value in lesson.values.items()}
    # What never differed taught nothing, and must not speak once it does.
    found["units"][constant] = 0.0
    found["linear"][constant] = 0.0
    return Network(
        names=names,
        mean=mean,
        scale=scale,
        units=found["units"],
        threshold=found["threshold"],
        weight=np.concatenate([found["linear"], found["voice"]]),
        intercept=float(found["intercept"][0]),
    )


@dataclass
class _Lesson:
    rows: Rows
    labels: Rows
    weights: Rows
    seed: int
    values: dict[str, Rows] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.generator = np.random.default_rng(self.seed)
        width = self.rows.shape[1]
        edited = float((self.weights * self.labels).sum() / self.weights.sum())
        first = self.generator.standard_normal((width, _UNITS)) * np.sqrt(0.5 / width)
        self.values = {
            "units": first.astype(np.float32),
            "threshold": np.zeros(_UNITS, np.float32),
            "voice": self.generator.standard_normal(_UNITS).astype(np.float32) * 0.1,
            "linear": np.zeros(width, np.float32),
            "intercept": np.full(1, np.log(edited / (1 - edited)), np.float32),
        }
        self.speed = {name: np.zeros_like(one) for name, one in self.values.items()}
        self.spread = {name: np.zeros_like(one) for name, one in self.values.items()}
        self.step = 0
        self.batches = max(1, len(self.rows) // _BATCH)

    def read_all(self) -> None:
        """See every row once, but for a rest that fills no batch."""
        order = self.generator.permutation(len(self.rows))
        for batch in range(self.batches):
            chosen = order[batch * _BATCH : (batch + 1) * _BATCH]
            self._move(self._slopes(chosen))

    def _slopes(self, chosen: NDArray[np.int64]) -> dict[str, Rows]:
        """In which direction each value makes the labels more surprising."""
        rows, values = self.rows[chosen], self.values
        loud = rows @ values["units"] + values["threshold"]
        kept = self.generator.random(loud.shape, np.float32) >= _SILENCED
        share = kept.astype(np.float32) / np.float32(1 - _SILENCED)
        heard = np.maximum(loud, 0) * share
        logit = rows @ values["linear"] + heard @ values["voice"] + values["intercept"]
        chance = 1 / (1 + np.exp(-logit.clip(-30, 30)))
        wrong = self.weights[chosen] * (chance - self.labels[chosen]) / len(chosen)
        wrong = wrong.astype(np.float32)
        back = wrong[:, None] * values["voice"] * share * (loud > 0)
        return {
            "units": rows.T @ back + _DECAY * values["units"],
            "threshold": back.sum(0),
            "voice": heard.T @ wrong + _DECAY * values["voice"],
            "linear": rows.T @ wrong + _DECAY * values["linear"],
            "intercept": wrong.sum(keepdims=True),
        }

    def _move(self, slopes: dict[str, Rows]) -> None:
        """One step of Adam."""
        self.step += 1
        done = self.step / (_ROUNDS * self.batches + 1)
        rate = _RATE * min(1.0, self.step / _WARM_UP) * (1 + np.cos(np.pi * done)) / 2
        for name, slope in slopes.items():
            self.speed[name] = 0.9 * self.speed[name] + 0.1 * slope
            self.spread[name] = 0.999 * self.spread[name] + 0.001 * slope**2
            speed = self.speed[name] / (1 - 0.9**self.step)
            spread = self.spread[name] / (1 - 0.999**self.step)
            change = rate * speed / (np.sqrt(spread) + 1e-8)
            self.values[name] = (self.values[name] - change).astype(np.float32)
