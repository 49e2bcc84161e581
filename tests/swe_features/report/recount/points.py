"""Each arm at each budget: scores by both denominators, clean scores, tokens."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from tests.swe_features.report.recount.draws import Numbers, Sample, put
from tests.swe_features.report.recount.rows import (
    MEASURES,
    Row,
    Run,
    at,
    measured,
    scored,
)

__all__ = ["recount_points"]

KINDS = (
    *("prompt_tokens", "cached_prompt_tokens", "completion_tokens"),
    "reasoning_tokens",
)


def recount_points(run: Run, suspects: Collection[str]) -> Numbers:
    """All under `overview`, but for the comparisons."""
    planned = Counter((cell["arm"], cell["budget"]) for cell in run.plan["cells"])
    numbers: Numbers = {
        "overview/has_clean": bool(suspects),
        "overview/counts/planned": len(run.plan["cells"]),
        "overview/counts/scored": len(scored(run.rows)),
        "overview/counts/broken": len(run.rows) - len(scored(run.rows)),
    }
    budgets = sorted({budget for _, budget in planned if budget is not None})
    numbers |= {f"overview/budgets/{n}": each for n, each in enumerate(budgets)}
    for arm, budget in dict.fromkeys((row.arm, row.budget) for row in run.rows):
        place = f"overview/points[{arm},{budget}]"
        rows = at(run.rows, arm, budget)
        numbers[f"{place}/planned"] = planned[arm, budget]
        numbers |= _point(place, rows)
        numbers |= _clean(place, rows, suspects)
    return numbers


def _point(place: str, rows: list[Row]) -> Numbers:
    sample = Sample(rows)
    valid = scored(rows)
    numbers: Numbers = {
        f"{place}/budget": rows[0].budget,
        f"{place}/cells": len(rows),
        f"{place}/scored": len(valid),
        f"{place}/instances": len({row.instance for row in rows}),
        f"{place}/contexts": len({key for row in valid for key in _learned(row)}),
    }
    broken = Counter(
        row.line["broken"]["boundary"] for row in rows if not row.is_scored
    )
    numbers |= {f"{place}/broken/{name}": count for name, count in broken.items()}
    put_scores(numbers, f"{place}/all", rows, sample)
    put_scores(numbers, f"{place}/valid", valid, sample)
    told = measured(valid)
    for kind in KINDS:
        spent = sample.mean(told, lambda row, kind=kind: row.tokens("test", kind))  # type: ignore[misc]
        put(numbers, f"{place}/test_tokens/{kind}", spent, sample)
    return numbers | _sleep(place, valid)


def put_scores(
    numbers: Numbers, place: str, rows: Sequence[Row], sample: Sample
) -> None:
    for name in MEASURES:
        mean = sample.mean(rows, lambda row, name=name: row.scores[name])  # type: ignore[misc]
        put(numbers, f"{place}/{name}", mean, sample)


def _clean(place: str, rows: list[Row], suspects: Collection[str]) -> Numbers:
    clean = [row for row in rows if row.line["cell_id"] not in suspects]
    if not suspects or not clean:
        return {f"{place}/clean": None}
    numbers: Numbers = {}
    put_scores(numbers, f"{place}/clean", clean, Sample(clean))
    return numbers


def _learned(row: Row) -> list[str]:
    return row.line["contexts"] or ([row.context] if row.context else [])


def _sleep(place: str, valid: Iterable[Row]) -> Numbers:
    """What several cells share was learned, and paid for, once."""
    told = [row for row in valid if row.tells("sleep")]
    phases = {row.context or row.line["cell_id"]: row for row in told}
    if not phases:
        return {}
    return {
        f"{place}/sleep_tokens/{kind}": sum(
            row.tokens("sleep", kind) for row in phases.values()
        )
        / len(phases)
        for kind in KINDS
    }
