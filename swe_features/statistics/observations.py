"""Observations: what the statistics see of each cell, read from `results.jsonl`.

No number is computed here. A broken cell stays in the table, because one of the two
denominators counts it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from agent.usage import Usage
from swe_features.errors import StoreError

__all__ = ["Observation", "observe", "read_observations", "select"]

RESULTS = "results.jsonl"


@dataclass(frozen=True, slots=True)
class Observation:
    """The outcome of one cell: scored, or broken and then without any score."""

    instance_id: str
    """`owner__repo-<number>`."""
    arm: str
    budget: int | None
    """Steps allowed; None for an arm that takes none."""
    seed: int
    is_scored: bool
    f1: float = 0.0
    """0.0, as the two below, where the cell is broken; see `is_scored`."""
    precision: float = 0.0
    recall: float = 0.0
    predicted_files: tuple[str, ...] = ()
    """The likeliest first in predict mode; sorted in edit mode."""
    gold_files: frozenset[str] = frozenset()
    test_tokens: Usage = field(default_factory=Usage)
    sleep_tokens: Usage | None = None
    """Of the whole sleep phase, which cells with the same `context` share."""
    context: str | None = None
    """Key of the learned context; None for an arm that does not sleep."""
    model: str | None = None
    mode: str = "predict"
    related: str = "past-only"
    """Order of the related pull requests: `past-only` or `any-order`."""
    boundary: str | None = None
    """What broke; None for a scored cell."""
    is_sealed: bool = True
    """Whether a proof that the future was absent is stored with a scored cell."""
    steps: int = 0
    seconds: float = 0.0
    trajectory: str | None = None
    cell_id: str = ""

    @property
    def repo(self) -> str:
        """`owner/name`, as far as the instance's id tells."""
        return self.instance_id.rpartition("-")[0].replace("__", "/", 1)

    @property
    def is_exact(self) -> bool:
        """Whether exactly the gold files were predicted."""
        return self.is_scored and frozenset(self.predicted_files) == self.gold_files

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read one row of the results. Any: JSON values.

        Raises:
            KeyError: A field that every row has is missing.
        """
        is_scored = record["outcome"] == "scored"
        broken = record.get("broken") or {}
        proof = record.get("proof")
        return cls(
            instance_id=record["instance_id"],
            arm=record["arm"],
            budget=record["budget"],
            seed=record["seed"],
            is_scored=is_scored,
            f1=float(record["f1"]) if is_scored else 0.0,
            precision=float(record["precision"]) if is_scored else 0.0,
            recall=float(record["recall"]) if is_scored else 0.0,
            predicted_files=tuple(record.get("predicted_files") or ()),
            gold_files=frozenset(record["gold_files"]),
            test_tokens=_usage(record.get("test_tokens")) or Usage(),
            sleep_tokens=_usage(record.get("sleep_tokens")),
            context=record.get("context"),
            model=record.get("model"),
            mode=record.get("mode") or "predict",
            related=record.get("related") or "past-only",
            boundary=broken.get("boundary"),
            is_sealed=not is_scored or bool(proof),
            steps=record.get("steps") or 0,
            seconds=record.get("seconds") or 0.0,
            trajectory=record.get("trajectory"),
            cell_id=record.get("cell_id") or "",
        )


def _usage(record: Mapping[str, int] | None) -> Usage | None:
    if record is None:
        return None
    known = Usage.__dataclass_fields__
    return Usage(**{kind: count for kind, count in record.items() if kind in known})


def read_observations(path: Path) -> tuple[Observation, ...]:
    """Read an experiment: its directory, or its `results.jsonl`.

    Raises:
        StoreError: There are no results, or a row is none of ours.
    """
    file = path / RESULTS if path.is_dir() else path
    try:
        lines = file.read_text("utf-8").splitlines(keepends=True)
    except OSError as error:
        msg = f"cannot read {file}: {error.strerror}: run the experiment first"
        raise StoreError(msg) from error
    # A last line without its end is being written by a run that still goes on.
    whole = [line for line in lines if line.endswith("\n")]
    try:
        return observe(json.loads(line) for line in whole)
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{file}: a row cannot be read ({error!r}): is it of another program?"
        raise StoreError(msg) from error


def observe(records: Iterable[Mapping[str, Any]]) -> tuple[Observation, ...]:
    """Turn rows into observations; of several attempts at a cell the latest counts.

    Any: JSON values.
    """
    latest: dict[tuple[object, ...], Observation] = {}
    for record in records:
        seen = Observation.from_record(record)
        latest[_identity(seen)] = seen
    return tuple(latest.values())


def _identity(seen: Observation) -> tuple[object, ...]:
    where = (seen.instance_id, seen.arm, seen.budget, seen.seed)
    return (*where, seen.model, seen.mode, seen.related)


def select(
    observations: Iterable[Observation], *, arm: str, budget: int | None
) -> tuple[Observation, ...]:
    """Those of one arm and budget."""
    return tuple(o for o in observations if o.arm == arm and o.budget == budget)
