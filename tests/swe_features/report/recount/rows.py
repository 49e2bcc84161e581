"""The rows of a run that count, with scores recomputed from their files."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

__all__ = [
    "MEASURES",
    "SLEEPERS",
    "Measure",
    "Row",
    "Run",
    "at",
    "generated",
    "measured",
    "of_arm",
    "scored",
]

CUT_OFFS = (1, 3, 5, 10)
SLEEPERS = ("sleep-time", "sleep-text")


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A line of `results.jsonl`. Any: JSON values."""

    line: dict[str, Any]
    scores: dict[str, float]

    @classmethod
    def of(cls, line: dict[str, Any]) -> "Row":
        return cls(line, _scores(line))

    @property
    def arm(self) -> str:
        return str(self.line["arm"])

    @property
    def budget(self) -> int | None:
        budget: int | None = self.line["budget"]
        return budget

    @property
    def instance(self) -> str:
        return str(self.line["instance_id"])

    @property
    def trial(self) -> tuple[str, int]:
        """What rows of two arms are paired by, at one budget."""
        return self.instance, self.line["seed"]

    @property
    def has_seeds(self) -> bool:
        return self.budget is not None or self.line["model"] is not None

    @property
    def repo(self) -> str:
        return self.instance.rpartition("-")[0]

    @property
    def is_scored(self) -> bool:
        return bool(self.line["outcome"] == "scored")

    @property
    def context(self) -> str | None:
        key: str | None = self.line["context"]
        return key

    def tells(self, phase: str) -> bool:
        """Whether all tokens of a phase are known."""
        usage = self.line[f"{phase}_tokens"]
        return usage is not None and not usage.get("unmeasured_requests")

    def tokens(self, phase: str, kind: str) -> float:
        usage = self.line[f"{phase}_tokens"]
        return float(usage[kind]) if usage else 0.0


Measure: TypeAlias = Callable[[Row], float]


@dataclass(frozen=True, slots=True)
class Run:
    """A directory. Any: JSON values."""

    plan: dict[str, Any]
    lines: dict[str, dict[str, Any]]
    """The last scored attempt of each planned cell, or else the last."""
    rows: list[Row]
    baseline: str
    """The arm that others are held against; empty where none takes steps."""

    @classmethod
    def read(cls, folder: Path) -> "Run":
        plan = json.loads((folder / "plan.json").read_text())
        planned = {cell["cell_id"] for cell in plan["cells"]}
        lines: dict[str, dict[str, Any]] = {}
        texts = (folder / "results.jsonl").read_text().splitlines()
        for line in sorted(
            map(json.loads, texts), key=lambda line: line["finished_at"]
        ):
            known = lines.get(line["cell_id"])
            is_better = line["outcome"] == "scored" or known is None
            if line["cell_id"] in planned and (
                is_better or (known is not None and known["outcome"] != "scored")
            ):
                lines.pop(line["cell_id"], None)
                lines[line["cell_id"]] = line
        counted: dict[tuple[Any, ...], Row] = {}
        names = (
            *("instance_id", "arm", "budget", "seed"),
            *("model", "sleep_model", "mode", "related"),
        )
        for line in sorted(lines.values(), key=lambda line: str(line["finished_at"])):
            counted[tuple(line[name] for name in names)] = Row.of(line)
        rows = list(counted.values())
        stepping = [row.arm for row in rows if row.budget is not None]
        base = "test-time" if "test-time" in stepping else (*stepping, "")[0]
        return cls(plan, lines, rows, base)

    @property
    def arms(self) -> list[str]:
        return list(dict.fromkeys(row.arm for row in self.rows))

    def takes_steps(self, arm: str) -> bool:
        return any(row.budget is not None for row in of_arm(self.rows, arm))


def _scores(line: dict[str, Any]) -> dict[str, float]:
    predicted, gold = line["predicted_files"], set(line["gold_files"])
    if line["outcome"] != "scored":
        return dict.fromkeys(MEASURES, 0.0)
    hits = len(gold.intersection(predicted))
    found = {
        "f1": 2 * hits / (len(set(predicted)) + len(gold)),
        "precision": hits / len(set(predicted)) if predicted else 0.0,
        "recall": hits / len(gold),
        "exact": float(set(predicted) == gold),
    }
    for k in CUT_OFFS:
        first = len(gold.intersection(predicted[:k]))
        found |= {f"recall@{k}": first / len(gold), f"hit@{k}": float(first > 0)}
    return found


MEASURES = (
    *("f1", "precision", "recall", "exact"),
    *(f"{kind}@{k}" for k in CUT_OFFS for kind in ("recall", "hit")),
)


def of_arm(rows: Iterable[Row], arm: str) -> list[Row]:
    return [row for row in rows if row.arm == arm]


def at(rows: Iterable[Row], arm: str, budget: int | None) -> list[Row]:
    return [row for row in rows if (row.arm, row.budget) == (arm, budget)]


def scored(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.is_scored]


def measured(rows: Iterable[Row]) -> list[Row]:
    return [row for row in scored(rows) if row.tells("test")]


def generated(row: Row) -> float:
    return row.tokens("test", "completion_tokens")
