from dataclasses import replace
from pathlib import Path

import pytest

from agent.usage import Usage
from swe_features.cell_results import Breakage, CellResult, latest_results
from swe_features.results import read_experiment
from swe_features.session import run_experiment
from swe_features.statistics.observations import observe
from tests.swe_features.small_experiment import (
    Silence,
    Student,
    equip_with,
    small_experiment,
)

SCORED = CellResult(
    cell_id="one",
    instance_id="Aider-AI__aider-55",
    arm="sleep-time",
    budget=4,
    seed=1,
    model="some/model",
    sleep_model="some/model",
    mode="predict",
    related="past-only",
    outcome="scored",
    gold_files=("a.py",),
    predicted_files=("b.py", "a.py"),
    precision=0.5,
    recall=1.0,
    f1=2 / 3,
    sleep_tokens=Usage(completion_tokens=900),
    test_tokens=Usage(100, 50, 20, 5),
    context="key",
    proof={"base_commit": "0" * 40},
)
BROKEN = CellResult(
    cell_id="two",
    instance_id="Aider-AI__aider-55",
    arm="sleep-time",
    budget=8,
    seed=1,
    model="some/model",
    sleep_model="some/model",
    mode="predict",
    related="past-only",
    outcome="broken",
    gold_files=("a.py",),
    broken=Breakage("model", "test", "no route", ""),
)


def test_rows_become_observations() -> None:
    scored, broken = observe([SCORED, BROKEN])
    assert (scored.repo, scored.f1, scored.is_exact) == (
        "Aider-AI/aider",
        2 / 3,
        False,
    )
    assert scored.predicted_files == ("b.py", "a.py")
    assert scored.test_tokens == Usage(100, 50, 20, 5)
    assert scored.is_sealed
    assert (broken.is_scored, broken.f1, broken.boundary) == (False, 0.0, "model")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_scored_attempt_outlasts_a_broken_one(order: tuple[int, int]) -> None:
    attempts = (SCORED, replace(BROKEN, cell_id="one", budget=4))
    latest = latest_results(attempts[n] for n in order)
    assert [o.is_scored for o in observe(latest.values())] == [True]


def test_cell_that_newer_code_made_again_counts_once() -> None:
    newer = replace(SCORED, cell_id="three", code="newer", f1=1.0)
    assert [o.f1 for o in observe([SCORED, newer])] == [1.0]


def test_cell_that_was_finished_last_counts_wherever_its_row_stands() -> None:
    newer = replace(SCORED, code="newer", f1=1.0, finished_at="2026-02-01T09:00:00.000")
    older = replace(SCORED, f1=0.5, finished_at="2026-01-31T09:00:00.000")
    assert [o.f1 for o in observe([newer, older])] == [1.0]


def test_cells_that_slept_with_another_model_are_told_apart() -> None:
    found = observe([SCORED, replace(SCORED, cell_id="x", sleep_model="other/model")])
    assert [o.sleep_model for o in found] == ["some/model", "other/model"]


def test_directory_of_a_run_is_read_as_planned(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path)
    student = Student()
    out = tmp_path / "out"
    run_experiment(
        experiment, out, Silence(), set_up=lambda config, run_id: equip_with(student)
    )
    observations = observe(read_experiment(out).results.values())
    assert len(observations) == len(experiment.cells)
    assert {o.repo for o in observations} == {"shop/till"}
    assert all(o.is_scored and o.is_sealed for o in observations)
