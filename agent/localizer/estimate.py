"""Two looks at one query: what each file's own evidence says, then its company's."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.localizer.features import second_features, signal_features
from agent.localizer.index import Index, Snapshot
from agent.localizer.postings import Ints
from agent.localizer.prior import Prior
from agent.localizer.propagation import propagate
from agent.localizer.query import Query
from agent.localizer.signals import measure
from agent.localizer.track_record import TrackRecord, add_own

__all__ = ["Estimate", "estimate"]

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


def estimate(
    index: Index, prior: Prior, query: Query, change: int, record: TrackRecord
) -> Estimate:
    """Estimate with what was known before a change.

    Args:
        index: The past.
        prior: Weights of both looks.
        query: The described change.
        change: Everything before this change is known, nothing from it on.
        record: How the first look fared; only what is older than the change is read.
    """
    found = measure(index, query, change)
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
    table = signal_features(found.signals)
    first = prior.first.probabilities(table.names, table.matrix())
    flows = dict(propagate(index, found.snapshot, first))
    near = (found.neighbours, found.similarity)
    add_own(index, found.snapshot, record, near, flows)
    table = second_features(table, first, flows)
    rows = table.matrix()
    return Estimate(
        snapshot=found.snapshot,
        probability=prior.second.probabilities(table.names, rows),
        first=first,
        signals={**found.signals, **flows},
        names=tuple(table.names),
        rows=rows,
        neighbours=found.neighbours,
        similarity=found.similarity,
    )
