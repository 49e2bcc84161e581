"""Two looks at one query: what each file's own evidence says, then its company's."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.localizer.features import (
    FeatureTable,
    second_features,
    signal_features,
)
from agent.localizer.index import Index, Snapshot
from agent.localizer.postings import Ints
from agent.localizer.prior import Prior
from agent.localizer.propagation import propagate
from agent.localizer.query import Query
from agent.localizer.signals import Evidence, measure
from agent.localizer.track_record import TrackRecord, add_own

__all__ = ["Estimate", "Look", "estimate", "look", "look_again"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Probabilities of every candidate, and what they were made of."""

    snapshot: Snapshot
    probability: Floats
    first: Floats
    """Probabilities of the first look."""
    signals: Mapping[str, Floats]
    """What both looks measured, the flows of the second included."""
    names: tuple[str, ...]
    """Features of the second look."""
    rows: Floats
    neighbours: Ints
    similarity: Floats


@dataclass(frozen=True, slots=True)
class Look:
    """The first look at a query: what each file's own evidence says."""

    found: Evidence
    table: FeatureTable
    first: Floats
    """Probabilities of every candidate."""


def look(index: Index, prior: Prior, query: Query, change: int) -> Look:
    """Look once, with what was known before a change.

    Args:
        index: The past.
        prior: Weights of both looks.
        query: The described change.
        change: Everything before this change is known, nothing from it on.
    """
    found = measure(index, query, change)
    if not len(found.snapshot.candidates):
        return Look(found, FeatureTable(), np.zeros(0))
    table = signal_features(found.signals)
    return Look(found, table, prior.first.probabilities(table.names, table.matrix()))


def look_again(index: Index, prior: Prior, seen: Look, record: TrackRecord) -> Estimate:
    """Look a second time, at a file's company and at how the first look fared before.

    Args:
        index: The past.
        prior: Weights of both looks.
        seen: The first look; its table takes the new features.
        record: How the first look fared; only what is older than the change is read.
    """
    found = seen.found
    near = (found.neighbours, found.similarity)
    if not len(found.snapshot.candidates):
        nothing = np.zeros(0)
        return Estimate(
            snapshot=found.snapshot,
            probability=nothing,
            first=nothing,
            signals={},
            names=(),
            rows=np.zeros((0, 0)),
            neighbours=found.neighbours,
            similarity=found.similarity,
        )
    flows = dict(propagate(index, found.snapshot, seen.first))
    add_own(index, found.snapshot, record, near, flows)
    table = second_features(seen.table, seen.first, flows)
    rows = table.matrix()
    return Estimate(
        snapshot=found.snapshot,
        probability=prior.second.probabilities(table.names, rows),
        first=seen.first,
        signals={**found.signals, **flows},
        names=tuple(table.names),
        rows=rows,
        neighbours=found.neighbours,
        similarity=found.similarity,
    )


def estimate(
    index: Index, prior: Prior, query: Query, change: int, record: TrackRecord
) -> Estimate:
    """Look twice, with what was known before a change; see `look` and `look_again`."""
    return look_again(index, prior, look(index, prior, query, change), record)
