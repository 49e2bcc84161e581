"""Teach the localizer's small network, with nothing but numpy.

Adam over shuffled batches of rows, with a falling rate. Units are left out at random
while learning, so that none relies on another. A fixed seed gives the same weights.
`teach` begins with nothing and makes what is shipped; `teach_further` begins with that
and moves it towards one repository's own past.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.localizer.network import Network

__all__ = ["Course", "teach", "teach_further"]

Rows = NDArray[np.float32]

_UNITS = 32
_NEVER_DIFFERS = 1e-6


@dataclass(frozen=True, slots=True)
class Course:
    """How rows are read: how often, in what portions, and how much each changes."""

    rounds: int
    batch: int
    rate: float
    """Of Adam, at its highest."""
    warm_up: int = 0
    """Steps until the rate is at its highest."""
    silenced: float = 0.2
    """Share of the units that are left out at each step, 0 to 1."""
    decay: float = 0.0
    """How strongly weights between features and units are pulled to nothing."""


_FROM_NOTHING = Course(rounds=12, batch=2_048, rate=2e-3, warm_up=100, decay=1e-4)
_FURTHER = Course(rounds=8, batch=512, rate=3e-4)


def teach(  # noqa: PLR0913 - labelled rows, and how to read them
    names: tuple[str, ...],
    rows: Rows,
    labels: Rows,
    weights: Rows,
    *,
    course: Course = _FROM_NOTHING,
    seed: int = 0,
) -> Network:
    """A network fitted to labelled rows.

    Args:
        names: What the columns are.
        rows: Features as they come.
        labels: 1 for edited files, 0 for others.
        weights: How much each row counts.
        course: How to read them.
        seed: Of the first weights, the batches and the silence.
    """
    generator = np.random.default_rng(seed)
    mean = rows.mean(0, dtype=np.float64)
    scale = rows.std(0, dtype=np.float64)
    constant = scale < _NEVER_DIFFERS
    scale[constant] = 1.0
    width = rows.shape[1]
    edited = float((weights * labels).sum() / weights.sum())
    first = generator.standard_normal((width, _UNITS)) * np.sqrt(0.5 / width)
    voice = generator.standard_normal(_UNITS) * 0.1
    blank = Network(
        names=names,
        mean=mean,
        scale=scale,
        units=first,
        threshold=np.zeros(_UNITS),
        weight=np.concatenate([np.zeros(width), voice]),
        intercept=float(np.log(edited / (1 - edited))),
    )
    lesson = _Lesson(blank, course, generator)
    lesson.read(rows, labels, weights)
    # What never differed taught nothing, and must not speak once it does.
    lesson.values["units"][constant] = 0.0
    lesson.values["linear"][constant] = 0.0
    return lesson.network()


def teach_further(  # noqa: PLR0913 - labelled rows, and how to read them
    network: Network,
    rows: Rows,
    labels: Rows,
    weights: Rows,
    *,
    course: Course = _FURTHER,
    seed: int = 0,
) -> Network:
    """A network moved towards new examples; few and careful steps keep it near.

    Args:
        network: Where to begin.
        rows: Features of the examples, as they come.
        labels: 1 for edited files, 0 for others.
        weights: How much each row counts.
        course: How to read them.
        seed: Of the batches and the silence.
    """
    lesson = _Lesson(network, course, np.random.default_rng(seed))
    lesson.read(rows, labels, weights)
    return lesson.network()


class _Lesson:
    def __init__(
        self, start: Network, course: Course, generator: np.random.Generator
    ) -> None:
        self.start = start
        self.course = course
        self.generator = generator
        width = len(start.names)
        wide = {
            "units": start.units,
            "threshold": start.threshold,
            "voice": start.weight[width:],
            "linear": start.weight[:width],
            "intercept": np.full(1, start.intercept),
        }
        self.values = {name: one.astype(np.float32) for name, one in wide.items()}
        self.speed = {name: np.zeros_like(one) for name, one in self.values.items()}
        self.spread = {name: np.zeros_like(one) for name, one in self.values.items()}
        self.step = 0

    def network(self) -> Network:
        """What was learned so far."""
        found = {name: one.astype(np.float64) for name, one in self.values.items()}
        return Network(
            names=self.start.names,
            mean=self.start.mean,
            scale=self.start.scale,
            units=found["units"],
            threshold=found["threshold"],
            weight=np.concatenate([found["linear"], found["voice"]]),
            intercept=float(found["intercept"][0]),
        )

    def read(self, rows: Rows, labels: Rows, weights: Rows) -> None:
        """Go through all rows, round after round; a rest that fills no batch waits."""
        standard = self.start.standardise(rows).astype(np.float32)
        even = (weights / weights.mean()).astype(np.float32)
        size = min(self.course.batch, len(rows))
        batches = len(rows) // size
        for _ in range(self.course.rounds):
            order = self.generator.permutation(len(rows))
            for batch in range(batches):
                chosen = order[batch * size : (batch + 1) * size]
                slopes = self._slopes(standard[chosen], labels[chosen], even[chosen])
                self._move(slopes, self.course.rounds * batches)

    def _slopes(self, rows: Rows, labels: Rows, weights: Rows) -> dict[str, Rows]:
        """In which direction each value makes the labels more surprising."""
        values, silenced = self.values, self.course.silenced
        loud = rows @ values["units"] + values["threshold"]
        kept = self.generator.random(loud.shape, np.float32) >= silenced
        share = kept.astype(np.float32) / np.float32(1 - silenced)
        heard = np.maximum(loud, 0) * share
        logit = rows @ values["linear"] + heard @ values["voice"] + values["intercept"]
        chance = 1 / (1 + np.exp(-logit.clip(-30, 30)))
        wrong = (weights * (chance - labels) / len(rows)).astype(np.float32)
        back = wrong[:, None] * values["voice"] * share * (loud > 0)
        decay = np.float32(self.course.decay)
        return {
            "units": rows.T @ back + decay * values["units"],
            "threshold": back.sum(0),
            "voice": heard.T @ wrong + decay * values["voice"],
            "linear": rows.T @ wrong + decay * values["linear"],
            "intercept": wrong.sum(keepdims=True),
        }

    def _move(self, slopes: dict[str, Rows], steps: int) -> None:
        """One step of Adam."""
        self.step += 1
        rising = min(1.0, self.step / max(self.course.warm_up, 1))
        falling = (1 + np.cos(np.pi * self.step / (steps + 1))) / 2
        rate = self.course.rate * rising * falling
        for name, slope in slopes.items():
            self.speed[name] = 0.9 * self.speed[name] + 0.1 * slope
            self.spread[name] = 0.999 * self.spread[name] + 0.001 * slope**2
            speed = self.speed[name] / (1 - 0.9**self.step)
            spread = self.spread[name] / (1 - 0.999**self.step)
            change = rate * speed / (np.sqrt(spread) + 1e-8)
            self.values[name] = (self.values[name] - change).astype(np.float32)
