"""The summary against plain arithmetic on the rows of a `results.jsonl`.

Nothing of the package computes the expected numbers here.
"""

import json
import random
from collections.abc import Iterable
from itertools import pairwise, product
from math import fsum
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from agent.usage import Usage
from swe_features.cell_results import Breakage, CellResult, read_results
from swe_features.results import read_experiment
from swe_features.scoring import score_files
from swe_features.session import run_experiment
from swe_features.statistics.observations import Observation, observe
from swe_features.statistics.summary import (
    Opposition,
    Summary,
    as_json,
    summarise,
    summarise_experiment,
)
from tests.swe_features.small_experiment import (
    Silence,
    Student,
    equip_with,
    small_experiment,
)
from tests.swe_features.statistics.tables import arm_cells

Row = dict[str, Any]  # Any: JSON values

INSTANCES = [f"shop__till-{n}" for n in range(1, 8)]
BUDGETS = (2, 4, 8)
SEEDS = (0, 1, 2)
FILES = "abcdef"


def made_up_cell(chance: random.Random, **where: Any) -> CellResult:  # noqa: ANN401
    gold = frozenset(chance.sample(FILES, 2))
    predicted = tuple(chance.sample(FILES, chance.randint(0, 4)))
    score = score_files(frozenset(predicted), gold)
    slept = where["arm"] == "sleep-time"
    spent = (where["budget"] or 0) * 100 + chance.randint(0, 50)
    common = {
        **where,
        "cell_id": "{instance_id} {arm} {budget} {seed}".format(**where),
        "model": None if where["budget"] is None else "some/model",
        "sleep_model": "some/model" if slept else None,
        "mode": "predict",
        "related": "past-only",
        "gold_files": tuple(sorted(gold)),
        "context": f"context of {where['instance_id']}" if slept else None,
        "sleep_tokens": Usage(5_000, 1_000, 700) if slept else None,
    }
    if chance.random() < 0.1:
        broken = Breakage("model", "test", "no route", "")
        return CellResult(**common, outcome="broken", broken=broken)
    return CellResult(
        **common,
        outcome="scored",
        predicted_files=predicted,
        precision=score.precision,
        recall=score.recall,
        f1=score.f1,
        test_tokens=Usage(spent * 9, spent * 3, spent),
        proof={"base_commit": "0"},
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chance = random.Random(4)
    grid = [
        *product(("sleep-time", "test-time"), BUDGETS, SEEDS),
        ("bm25", None, 0),
    ]
    path = tmp_path_factory.mktemp("run") / "results.jsonl"
    with path.open("w") as file:
        for instance, (arm, budget, seed) in product(INSTANCES, grid):
            cell = made_up_cell(
                chance, instance_id=instance, arm=arm, budget=budget, seed=seed
            )
            file.write(json.dumps(cell.as_record()) + "\n")
    return path


def observations_of(results: Path) -> tuple[Observation, ...]:
    return observe(read_results(results))


@pytest.fixture(scope="module")
def rows(results: Path) -> list[Row]:
    return [json.loads(line) for line in results.read_text().splitlines()]


@pytest.fixture(scope="module")
def summary(results: Path) -> Summary:
    return summarise(observations_of(results))


def at(rows: Iterable[Row], arm: str, budget: int | None) -> list[Row]:
    return [row for row in rows if (row["arm"], row["budget"]) == (arm, budget)]


def scored(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["outcome"] == "scored"]


def against_test_time(summary: Summary, arm: str) -> Opposition:
    return next(each for each in summary.oppositions if each.other == arm)


def test_every_mean_is_that_of_the_rows(summary: Summary, rows: list[Row]) -> None:
    assert len(summary.arms) == 7
    for arm in summary.arms:
        here = at(rows, arm.arm, arm.budget)
        valid = scored(here)
        assert (arm.cells, arm.scored) == (len(here), len(valid))
        assert sum(arm.broken.values()) == len(here) - len(valid)
        for name in ("f1", "precision", "recall"):
            total = fsum(row[name] for row in valid)
            assert arm.all_cells[name].value == pytest.approx(total / len(here))
            assert arm.valid_cells[name].value == pytest.approx(total / len(valid))
        exact = [set(r["predicted_files"]) == set(r["gold_files"]) for r in valid]
        assert arm.valid_cells["exact"].value == pytest.approx(fmean(exact))
        for k in (1, 3, 5, 10):
            found = [
                set(r["predicted_files"][:k]) & set(r["gold_files"]) for r in valid
            ]
            assert arm.valid_cells[f"hit@{k}"].value == pytest.approx(
                fmean(map(bool, found))
            )
            assert arm.valid_cells[f"recall@{k}"].value == pytest.approx(
                fmean(len(f) / 2 for f in found)
            )
        for kind in ("prompt_tokens", "cached_prompt_tokens", "completion_tokens"):
            spent = [row["test_tokens"][kind] for row in valid]
            assert arm.test_tokens[kind].value == pytest.approx(fmean(spent))


def paired(rows: list[Row], arm: str, budget: int) -> dict[str, list[float]]:
    """Differences to test-time by instance, broken cells as 0."""
    found: dict[str, list[float]] = {}
    for base in at(rows, "test-time", budget):
        for other in at(rows, arm, budget if arm == "sleep-time" else None):
            same_seed = base["seed"] == other["seed"] or arm == "bm25"
            if base["instance_id"] == other["instance_id"] and same_seed:
                difference = (other["f1"] or 0.0) - (base["f1"] or 0.0)
                found.setdefault(base["instance_id"], []).append(difference)
    return found


@pytest.mark.parametrize("arm", ["sleep-time", "bm25"])
def test_every_comparison_is_that_of_the_rows(
    arm: str, summary: Summary, rows: list[Row]
) -> None:
    p_values = []
    comparisons = against_test_time(summary, arm).comparisons
    assert [c.budget for c in comparisons] == list(BUDGETS)
    for comparison in comparisons:
        assert comparison.budget is not None
        assert comparison.all_cells is not None
        by_instance = paired(rows, arm, comparison.budget)
        every = [d for of_one in by_instance.values() for d in of_one]
        means = [fmean(of_one) for of_one in by_instance.values()]
        found = comparison.all_cells
        assert comparison.pairs == len(every)
        assert found.difference.value == pytest.approx(fmean(every))
        assert found.wins == sum(mean > 1e-9 for mean in means)
        assert found.losses == sum(mean < -1e-9 for mean in means)
        patterns = list(product((1, -1), repeat=len(means)))
        reached = [
            abs(fsum(s * m for s, m in zip(signs, means, strict=True)))
            >= abs(fsum(means)) - 1e-9
            for signs in patterns
        ]
        assert found.test.p == pytest.approx(fmean(reached))
        p_values.append((fmean(reached), found.p_holm))
    highest = 0.0
    for rank, (p, adjusted) in enumerate(sorted(p_values)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p))
        assert adjusted == pytest.approx(highest)


def curve(rows: list[Row], arm: str) -> list[tuple[float, float]]:
    points = []
    for budget in BUDGETS:
        here = at(rows, arm, budget)
        spent = fmean(r["test_tokens"]["completion_tokens"] for r in scored(here))
        points.append((spent, fmean(r["f1"] or 0.0 for r in here)))
    return sorted(points)


def tokens_to_reach(points: list[tuple[float, float]], level: float) -> float | None:
    if points[0][1] >= level - 1e-12:
        return points[0][0]
    for (x0, y0), (x1, y1) in pairwise(points):
        if y1 >= level - 1e-12:
            return x0 + (level - y0) / (y1 - y0) * (x1 - x0)
    return None


def test_every_saving_is_that_of_the_rows(summary: Summary, rows: list[Row]) -> None:
    base, other = curve(rows, "test-time"), curve(rows, "sleep-time")
    savings = against_test_time(summary, "sleep-time").savings
    assert len(savings) == len(BUDGETS)
    for saving in savings:
        level = fmean(
            r["f1"] or 0.0 for r in at(rows, "test-time", saving.baseline_budget)
        )
        assert saving.level == pytest.approx(level)
        needed, needed_by_other = (tokens_to_reach(c, level) for c in (base, other))
        assert needed is not None
        assert saving.baseline_spent == pytest.approx(needed)
        if needed_by_other is None:
            assert (saving.other_spent, saving.ratio.value) == (None, 0)
        else:
            assert saving.ratio.value == pytest.approx(needed / needed_by_other)


def test_every_cost_a_query_is_that_of_the_rows(
    summary: Summary, rows: list[Row]
) -> None:
    found = [
        each
        for each in against_test_time(summary, "sleep-time").amortisations
        if each.basis == "equal budget" and each.prices.prompt == 0
    ]
    assert [each.baseline_budget for each in found] == list(BUDGETS)
    for each in found:
        base, other = (
            fmean(
                r["test_tokens"]["completion_tokens"]
                for r in scored(at(rows, arm, each.baseline_budget))
            )
            for arm in ("test-time", "sleep-time")
        )
        assert each.baseline_cost.value == pytest.approx(10 * base)
        assert each.sleep_cost.value == pytest.approx(700)
        costs = {c.queries: c.cost.value for c in each.by_queries}
        assert costs == pytest.approx(
            {n: 10 * other + 700 / n for n in (1, 2, 5, 10, 20)}
        )


def test_same_rows_give_the_same_summary(results: Path, summary: Summary) -> None:
    again = summarise(observations_of(results))
    assert json.dumps(as_json(again)) == json.dumps(as_json(summary))


def test_suspicious_rollouts_are_left_out_of_the_clean_score(results: Path) -> None:
    observations = observations_of(results)
    flagged = {o.cell_id: () for o in observations if o.instance_id == INSTANCES[0]}
    found = summarise(observations, suspects=flagged)
    assert {arm.instances for arm in found.arms} == {7}
    assert {arm.instances for arm in found.clean} == {6}


def test_summary_is_strict_json(summary: Summary) -> None:
    text = json.dumps(as_json(summary), allow_nan=False)
    assert json.loads(text)["cells"] == 7 * (2 * 3 * 3 + 1)


@pytest.mark.parametrize(
    ("value", "written"),
    [(float("nan"), None), (float("inf"), "infinite"), (-float("inf"), "-infinite")],
)
def test_numbers_that_json_lacks_are_written_in_words(
    value: float, written: str | None
) -> None:
    assert as_json((value,)) == [written]


def test_unknown_values_are_refused() -> None:
    with pytest.raises(TypeError, match="object has no form"):
        as_json(object())


def test_stored_experiment_is_summed_up_with_its_queries_and_trajectories(
    tmp_path: Path,
) -> None:
    experiment = small_experiment(tmp_path)
    student = Student()
    out = tmp_path / "out"
    run_experiment(
        experiment, out, Silence(), set_up=lambda config, run_id: equip_with(student)
    )
    found = summarise_experiment(read_experiment(out))
    assert (found.cells, found.missing) == (len(experiment.cells), 0)
    assert set(found.likelihoods) == set(experiment.instances)
    assert found.likelihood_model == "n-gram estimate"
    assert (found.suspects, found.clean) == ({}, ())
    assert {each.other for each in found.oppositions} == {
        "sleep-time",
        "no-context",
        "bm25",
        "oracle",
    }
    oracle = next(each for each in found.arms if each.arm == "oracle")
    assert oracle.all_cells["f1"].value == 1


def test_nothing_at_all_can_be_summed_up() -> None:
    found = summarise([])
    assert (found.cells, found.arms, found.oppositions) == (0, (), ())


def test_arm_of_which_every_cell_broke_is_summed_up() -> None:
    cells = [
        *arm_cells("test-time", {2: (100, [None, None]), 4: (100, [None, None])}),
        *arm_cells("sleep-time", {2: (100, [0.5, 0.4])}, sleep=900),
    ]
    found = summarise(cells)
    (opposition,) = found.oppositions
    assert (opposition.savings, opposition.area, opposition.passes) == ((), None, ())
    (comparison,) = opposition.comparisons
    assert comparison.valid_cells is None
    assert comparison.all_cells is not None
    assert comparison.all_cells.difference.value == pytest.approx(0.45)
    json.dumps(as_json(found), allow_nan=False)


def test_arms_handed_several_learned_contexts_make_a_curve_over_k() -> None:
    cells = [
        *arm_cells("sleep-time", {2: (100, [0.2] * 4)}, sleep=100),
        *arm_cells("sleep-time-k4", {2: (100, [0.6] * 4)}, sleep=400),
        *arm_cells("context-only", {2: (100, [0.1] * 4)}, sleep=100),
    ]
    (scaling,) = summarise(cells).scaling
    assert [point.k for point in scaling.points] == [1, 4]
    assert scaling.slope.value == pytest.approx(0.2)


def test_run_that_is_not_over_says_so() -> None:
    cells = arm_cells("test-time", {2: (100, [0.5, None])})
    reading = summarise(cells, missing=3).reading
    assert reading.shows == "1 of 5 planned cells are scored."
    assert "3 of 5 planned cells are missing: the run is not over." in reading.doubts
