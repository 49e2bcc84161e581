"""Train the localizer's shipped coefficients, leaving repositories out to judge them.

Every example is a past change, featurised with what was known before it. Repositories
are split into folds; what is reported of a repository comes from weights that were
fitted without its fold, in both looks: where a fold is left out, the second look learns
from first looks that saw neither that fold nor the example's own.

    python -m benchmarks.localizer_training --clones DIR --out coefficients.json
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from agent.localizer.examples import (
    ExampleRows,
    edited_files,
    example_changes,
    example_rows,
    example_weight,
    newest_pulls,
)
from agent.localizer.features import fuse_ranks, second_features, signal_features
from agent.localizer.index import Snapshot
from agent.localizer.learning import Past, read_past
from agent.localizer.logistic import Coefficients
from agent.localizer.prior import Prior
from agent.localizer.propagation import propagate
from agent.localizer.query import read_query
from agent.localizer.signals import measure
from agent.localizer.teaching import teach
from agent.localizer.track_record import (
    Remembered,
    TrackRecord,
    add_own,
    remember,
)

__all__ = ["FOLDS", "Example", "School", "collect", "readable", "stacked"]

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]

FOLDS = (
    ("httpx", "inspect_ai", "SWE-ReX"),
    ("llm", "mini-swe-agent", "structlog"),
    ("ComfyUI", "SWE-agent", "pydriller"),
    ("pytest", "datasette", "SWE-bench"),
)
"""The repositories that teach, by the end of their folders' names."""
_CAUTION = 1_500.0
_MOST_STEPS = 50
_USUAL_EXAMPLES = 250
_FIRST_CHANGES = 10
_LOOSE_WEIGHT = 0.6


@dataclass(slots=True)
class Example:
    """A past change, ready to learn from."""

    snapshot: Snapshot
    near: tuple[NDArray[np.int64], Floats]
    """Similar past changes, and how similar they are."""
    signals: Mapping[str, Rows]
    labels: NDArray[np.bool_]
    weight: float
    first: ExampleRows
    """What the first look learns from."""
    second: ExampleRows | None = None


@dataclass(slots=True)
class School:
    """Fits first looks once for each set of repositories that they must not see."""

    learned: Mapping[str, Past]
    """Repositories by the name that `FOLDS` uses."""
    examples: Mapping[str, Sequence[Example]]
    firsts: dict[frozenset[str], Coefficients] = field(default_factory=dict)
    columns: list[tuple[str, ...]] = field(default_factory=list)
    """Names of the features of the first and of the second look."""

    def __post_init__(self) -> None:
        example = next(one for found in self.examples.values() for one in found)
        names = signal_features(_widened(example.signals)).names
        self.columns = [tuple(names), ()]

    @property
    def folds(self) -> list[tuple[str, ...]]:
        """Folds of the repositories that are there."""
        folds = [tuple(one for one in fold if one in self.learned) for fold in FOLDS]
        return [fold for fold in folds if fold]

    def without(self, held_out: tuple[str, ...] = ()) -> Prior:
        """A prior of both looks that knows nothing of one fold."""
        for fold in self.folds:
            if fold != held_out:
                first = self._first(frozenset({*held_out, *fold}))
                for name in fold:
                    self._look_twice(name, first)
        seen = [name for name in self.learned if name not in held_out]
        taught = [one for name in seen for one in self.examples[name]]
        rows = [one.second for one in taught if one.second is not None]
        second = teach(self.columns[1], *stacked(rows, taught))
        print(f"fitted without {', '.join(held_out) or 'leaving out any'}", flush=True)
        return Prior(self._first(frozenset(held_out)), second)

    def _first(self, unseen: frozenset[str]) -> Coefficients:
        if unseen not in self.firsts:
            seen = [name for name in self.learned if name not in unseen]
            taught = [one for name in seen for one in self.examples[name]]
            rows = stacked([one.first for one in taught], taught)
            self.firsts[unseen] = _fit(self.columns[0], *rows)
        return self.firsts[unseen]

    def _look_twice(self, name: str, first: Coefficients) -> None:
        """Make rows for the second look of what one first look says."""
        index = self.learned[name].index
        remembered: list[Remembered] = []
        record = TrackRecord(remembered)  # grows with the list
        for one in self.examples[name]:
            signals = _widened(one.signals)
            table = signal_features(signals)
            chance = first.probabilities(table.names, table.matrix())
            flows = dict(propagate(index, one.snapshot, chance))
            add_own(index, one.snapshot, record, one.near, flows)
            remembered.append(remember(index, one.snapshot, chance, one.labels))
            table = second_features(table, chance, flows)
            self.columns[1] = tuple(table.names)
            one.second = _narrowed(example_rows(table.matrix(), chance, one.labels))


def collect(learned: Past, *, newest: int | None = None) -> list[Example]:
    """Examples of a repository, each with what was known before it, oldest first.

    Args:
        learned: Its past.
        newest: How many of the newest changes to take; all when None.
    """
    index = learned.index
    strict = frozenset(newest_pulls(index, len(index.changes)))
    usable = sorted(strict.union(example_changes(index, with_upkeep=True)))
    usable = [one for one in usable if one >= _FIRST_CHANGES]
    usable = usable if newest is None else usable[-newest:]
    weight = (_USUAL_EXAMPLES / max(len(usable), 1)) ** 0.5
    found = []
    for change in usable:
        text = learned.changes[change]
        query = read_query(text.title, text.body)
        measured = measure(index, query, change)
        labels = np.isin(measured.snapshot.candidates, edited_files(index, change))
        if not query.terms or not labels.any():
            continue
        table = signal_features(measured.signals)
        first = example_rows(table.matrix(), fuse_ranks(measured.signals), labels)
        found.append(
            Example(
                snapshot=measured.snapshot,
                near=(measured.neighbours, measured.similarity),
                signals={
                    key: column.astype(np.float32)
                    for key, column in measured.signals.items()
                },
                labels=labels,
                weight=weight
                * (
                    1.0
                    if change in strict
                    else min(_LOOSE_WEIGHT, example_weight(text.title))
                ),
                first=_narrowed(first),
            )
        )
    return found


def _narrowed(rows: ExampleRows) -> ExampleRows:
    """The same in half the memory."""
    return replace(rows, rows=rows.rows.astype(np.float32))


def _widened(signals: Mapping[str, Rows]) -> dict[str, Floats]:
    return {name: one.astype(np.float64) for name, one in signals.items()}


def stacked(
    rows: Sequence[ExampleRows], examples: Sequence[Example]
) -> tuple[Rows, Rows, Rows]:
    """Rows, labels and weights of many examples."""
    weights = [
        one.weights * example.weight
        for one, example in zip(rows, examples, strict=True)
    ]
    return (
        np.concatenate([one.rows for one in rows]).astype(np.float32),
        np.concatenate([one.labels for one in rows]).astype(np.float32),
        np.concatenate(weights).astype(np.float32),
    )


def _fit(
    columns: tuple[str, ...], rows: Rows, labels: Rows, weights: Rows
) -> Coefficients:
    mean = rows.mean(0, dtype=np.float64)
    scale = rows.std(0, dtype=np.float64)
    scale[scale < 1e-6] = 1.0  # noqa: PLR2004 - a column that never differs
    standard = ((rows - mean) / scale).astype(np.float32)
    model = LogisticRegression(
        C=1 / _CAUTION, solver="newton-cholesky", max_iter=_MOST_STEPS
    )
    model.fit(standard, labels, weights)
    return Coefficients(
        columns, mean, scale, model.coef_[0], float(model.intercept_[0])
    )


_SCHOOLS: list[School] = []
"""What forked workers find when they begin."""


def _short_name(name: str) -> str | None:
    known = [one for fold in FOLDS for one in fold]
    ends = [one for one in known if name.rpartition("/")[2] == one]
    return ends[0] if ends else None


def main() -> None:
    """Train, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clones", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, help="Also write the folds' here.")
    options = parser.parse_args()
    clones = {}
    for folder in sorted(options.clones.iterdir()):
        short = _short_name(folder.name.replace("+", "/"))
        if short is not None:
            inner = folder / "repo"
            clones[short] = inner if inner.is_dir() else folder
    school = _gathered(clones)
    _SCHOOLS.append(school)
    # Forked workers read the examples where they are; nothing is copied to them.
    with ProcessPoolExecutor(mp_context=get_context("fork")) as pool:
        everyone, *folds = pool.map(_taught_without, [(), *school.folds])
    record = {
        "trained_by": "benchmarks/localizer_training.py",
        "trained_on": {name: one.commit for name, one in school.learned.items()},
        **everyone,
    }
    options.out.write_text(readable(record) + "\n", encoding="utf-8")
    if options.held_out:
        options.held_out.mkdir(parents=True, exist_ok=True)
        for fold, taught in zip(school.folds, folds, strict=True):
            for name in fold:
                path = options.held_out / f"{name}.json"
                path.write_text(json.dumps(taught), encoding="utf-8")


def _gathered(clones: Mapping[str, Path]) -> School:
    """Every repository's past and examples."""
    with ProcessPoolExecutor(mp_context=get_context("fork")) as pool:
        found = dict(zip(clones, pool.map(_studied, clones.values()), strict=True))
    for name, (_, examples) in found.items():
        print(f"{name}: {len(examples)} examples", flush=True)
    return School(
        {name: past for name, (past, _) in found.items()},
        {name: examples for name, (_, examples) in found.items()},
    )


def _studied(clone: Path) -> tuple[Past, list[Example]]:
    past = read_past(clone)
    return past, collect(past)


def _taught_without(fold: tuple[str, ...]) -> dict[str, Any]:
    """What a worker teaches, as JSON values."""
    return _SCHOOLS[0].without(fold).as_record()


def readable(value: object, *, margin: str = "") -> str:
    """JSON with one line for each row of numbers."""
    inner = margin + "  "
    if isinstance(value, dict):
        rows = [
            f"{inner}{json.dumps(name)}: {readable(one, margin=inner)}"
            for name, one in value.items()
        ]
        return "{\n" + ",\n".join(rows) + f"\n{margin}}}"
    if isinstance(value, list) and value and isinstance(value[0], list):
        rows = [f"{inner}{json.dumps(one)}" for one in value]
        return "[\n" + ",\n".join(rows) + f"\n{margin}]"
    return json.dumps(value)


if __name__ == "__main__":
    main()
