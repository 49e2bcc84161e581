"""Train the localizer's shipped coefficients, leaving repositories out to judge them.

Every example is a past change, featurised with what was known before it. Repositories
are split into three folds; what is reported of a repository comes from coefficients
that were fitted without its fold.

    python benchmarks/localizer_training.py --clones DIR --out coefficients.json
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.localizer.examples import (
    ExampleRows,
    edited_files,
    example_changes,
    example_rows,
    newest_pulls,
)
from agent.localizer.features import fuse_ranks, second_features, signal_features
from agent.localizer.index import Index, Snapshot
from agent.localizer.learning import Past, read_past
from agent.localizer.logistic import Coefficients, fit
from agent.localizer.prior import Prior
from agent.localizer.propagation import propagate
from agent.localizer.query import read_query
from agent.localizer.signals import measure

__all__ = ["FOLDS", "train"]

Floats = NDArray[np.float64]

FOLDS = (
    ("httpx", "inspect_ai", "SWE-ReX"),
    ("llm", "mini-swe-agent", "structlog"),
    ("ComfyUI", "SWE-agent", "pydriller"),
)
"""The development repositories, by the end of their folders' names."""
_TRAINING_SIZE = 220
_CAUTION = 1_500.0
_USUAL_EXAMPLES = 250
_FIRST_CHANGES = 30
_LOOSE_WEIGHT = 0.6


@dataclass(slots=True)
class _Example:
    snapshot: Snapshot
    signals: Mapping[str, Floats]
    labels: NDArray[np.bool_]
    weight: float
    first: Floats | None = None
    flows: Mapping[str, Floats] = field(default_factory=dict)


def train(learned: Mapping[str, Past]) -> tuple[Prior, dict[str, Prior]]:
    """Fit on all, and once without each fold.

    Args:
        learned: Repositories by the name that `FOLDS` uses.

    Returns:
        The prior to ship, and for each repository the one that never saw its fold.
    """
    examples = {name: _collect(one) for name, one in learned.items()}
    for name, found in examples.items():
        print(f"{name}: {len(found)} examples", flush=True)
    firsts = _per_fold(learned, lambda names: _fit_first(names, examples))
    for fold, first in firsts.items():
        for name in fold:
            _look_twice(learned[name].index, examples[name], first)
    seconds = _per_fold(learned, lambda names: _fit_second(names, examples))
    held_out = {
        name: Prior(firsts[fold], seconds[fold]) for fold in firsts for name in fold
    }
    everything = tuple(learned)
    # The second look was taught with first looks that did not know the repository.
    second = _fit_second(everything, examples)
    return Prior(_fit_first(everything, examples), second), held_out


def _per_fold(
    learned: Mapping[str, Past],
    fitting: Any,  # noqa: ANN401 - callable
) -> dict[tuple[str, ...], Coefficients]:
    fitted = {}
    for fold in FOLDS:
        inside = tuple(name for name in fold if name in learned)
        if inside:
            fitted[inside] = fitting(tuple(n for n in learned if n not in fold))
    return fitted


def _collect(learned: Past) -> list[_Example]:
    index = learned.index
    loose = [one for one in example_changes(index) if one >= _FIRST_CHANGES]
    strict = newest_pulls(index, _TRAINING_SIZE)
    usable = sorted({*loose[-_TRAINING_SIZE:], *strict})
    weight = (_USUAL_EXAMPLES / max(len(usable), 1)) ** 0.5
    found = []
    for change in usable:
        text = learned.changes[change]
        query = read_query(text.title, text.body)
        measured = measure(index, query, change)
        labels = np.isin(measured.snapshot.candidates, edited_files(index, change))
        if query.terms and labels.any():
            share = 1.0 if change in set(strict) else _LOOSE_WEIGHT
            found.append(
                _Example(measured.snapshot, measured.signals, labels, weight * share)
            )
    return found


def _fit_first(
    names: Sequence[str], examples: Mapping[str, Sequence[_Example]]
) -> Coefficients:
    chosen = []
    columns: list[str] = []
    for name in names:
        for one in examples[name]:
            table = signal_features(one.signals)
            columns = table.names
            rough = fuse_ranks(one.signals)
            rows = example_rows(table.matrix(), rough, one.labels)
            chosen.append((rows, one.weight))
    return _fit(columns, chosen)


def _fit_second(
    names: Sequence[str], examples: Mapping[str, Sequence[_Example]]
) -> Coefficients:
    chosen = []
    columns: list[str] = []
    for name in names:
        for one in examples[name]:
            assert one.first is not None
            table = second_features(one.signals, one.first, one.flows)
            columns = table.names
            rows = example_rows(table.matrix(), one.first, one.labels)
            chosen.append((rows, one.weight))
    return _fit(columns, chosen)


def _look_twice(
    index: Index, examples: Sequence[_Example], first: Coefficients
) -> None:
    for one in examples:
        table = signal_features(one.signals)
        one.first = first.probabilities(table.names, table.matrix())
        one.flows = propagate(index, one.snapshot, one.first)


def _fit(columns: list[str], chosen: list[tuple[ExampleRows, float]]) -> Coefficients:
    rows = np.concatenate([one.rows.astype(np.float32) for one, _ in chosen])
    labels = np.concatenate([one.labels for one, _ in chosen])
    weights = np.concatenate([one.weights * weight for one, weight in chosen])
    mean = rows.mean(0, dtype=np.float64)
    scale = rows.std(0, dtype=np.float64)
    scale[scale < 1e-6] = 1.0  # noqa: PLR2004 - a column that never differs
    standard = ((rows - mean) / scale).astype(np.float32)
    solution = fit(standard, labels, weights, _CAUTION)
    return Coefficients(tuple(columns), mean, scale, solution[:-1], float(solution[-1]))


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
    learned = {}
    for folder in sorted(options.clones.iterdir()):
        short = _short_name(folder.name.replace("+", "/"))
        if short is not None:
            inner = folder / "repo"
            learned[short] = read_past(inner if inner.is_dir() else folder)
    prior, held_out = train(learned)
    record = {
        "trained_by": "benchmarks/localizer_training.py",
        "trained_on": {name: one.commit for name, one in learned.items()},
        **prior.as_record(),
    }
    options.out.write_text(_readable(record), encoding="utf-8")
    if options.held_out:
        options.held_out.mkdir(parents=True, exist_ok=True)
        for name, one in held_out.items():
            path = options.held_out / f"{name}.json"
            path.write_text(json.dumps(one.as_record()), encoding="utf-8")


def _readable(record: Mapping[str, Any]) -> str:
    """JSON with one feature a line."""
    parts = []
    for key, value in record.items():
        if isinstance(value, dict) and "features" in value:
            lines = ",\n".join(
                f"      {json.dumps(name)}: {json.dumps(numbers)}"
                for name, numbers in value["features"].items()
            )
            text = (
                f'{{\n    "intercept": {value["intercept"]},\n    "features": {{\n'
                f"{lines}\n    }}\n  }}"
            )
        else:
            text = json.dumps(value, indent=4).replace("\n", "\n  ")
        parts.append(f"  {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main()
