"""Small tables of observations, made by hand."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from agent.usage import Usage
from swe_features.statistics.observations import Observation


def cell(
    instance: str = "shop__till-1",
    arm: str = "test-time",
    budget: int | None = 4,
    seed: int = 0,
    *,
    f1: float | None = 0.5,
    tokens: int = 100,
    sleep: int | None = None,
) -> Observation:
    """One cell; without an F1 it is broken, without a budget it asks no model."""
    is_scored = f1 is not None
    return Observation(
        instance_id=instance,
        arm=arm,
        budget=budget,
        seed=seed,
        is_scored=is_scored,
        f1=f1 or 0.0,
        precision=f1 or 0.0,
        recall=f1 or 0.0,
        gold_files=frozenset({"a.py"}),
        test_tokens=Usage(completion_tokens=tokens if is_scored else 0),
        sleep_tokens=None if sleep is None else Usage(completion_tokens=sleep),
        context=None if sleep is None else f"context of {instance}",
        model=None if budget is None else "some/model",
        boundary=None if is_scored else "model",
        cell_id=f"{instance} {arm} {budget} {seed}",
    )


def arm_cells(
    arm: str,
    points: Mapping[int, tuple[int, Iterable[float | None]]],
    *,
    sleep: int | None = None,
) -> list[Observation]:
    """Cells of one arm: for each budget its tokens, and the F1 of each instance."""
    return [
        cell(f"shop__till-{number}", arm, budget, f1=f1, tokens=tokens, sleep=sleep)
        for budget, (tokens, scores) in points.items()
        for number, f1 in enumerate(scores)
    ]


def untold(seen: Observation) -> Observation:
    """The same cell of an agent that leaves no record of its tokens."""
    nothing = Usage(requests=1, unmeasured_requests=1)
    return replace(seen, test_tokens=nothing)


def with_files(seen: Observation, predicted: str, gold: str) -> Observation:
    """The same cell with files, each named by one letter."""
    return replace(seen, predicted_files=tuple(predicted), gold_files=frozenset(gold))
