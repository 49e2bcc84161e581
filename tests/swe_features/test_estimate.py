from pathlib import Path

from agent.usage import Usage
from swe_features.estimate import estimate_as_text, estimate_run
from tests.swe_features.small_experiment import run_with_student, small_experiment


def test_nothing_measured_is_said_to_be_assumed(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["sleep-time", "oracle"], budgets=[2])
    estimate = estimate_run(experiment, tmp_path / "out", "broken")
    sleeps, cells, oracle = estimate.rows
    assert sleeps.basis.startswith("assumed")
    assert (sleeps.planned, sleeps.todo) == (3, 3)
    assert cells.basis.startswith("assumed")
    assert oracle.usage == Usage()
    assert not (tmp_path / "out").exists()


def test_measured_cells_and_stored_sleeps_are_the_basis(tmp_path: Path) -> None:
    run_with_student(
        small_experiment(tmp_path, arms=["sleep-time"], budgets=[2]), tmp_path / "out"
    )
    wider = small_experiment(tmp_path, arms=["sleep-time"], budgets=[2, 4])
    sleeps, done, new = estimate_run(wider, tmp_path / "out", "broken").rows
    assert (sleeps.planned, sleeps.todo) == (3, 0)
    assert sleeps.usage == Usage()
    assert (done.todo, done.usage) == (0, Usage())
    assert new.todo == 3
    assert new.basis == "measured: 3 cells here, scaled from budget 2"
    # Fourteen tokens a cell at two steps, so twice as many at four.
    assert new.usage.completion_tokens == 3 * 2 * 14


def test_finished_sleep_phases_are_the_basis_before_any_cell_is(
    tmp_path: Path,
) -> None:
    """An interrupted run had slept seven times, and its estimate was still assumed."""
    run_with_student(
        small_experiment(tmp_path, arms=["sleep-time"], budgets=[2]), tmp_path / "out"
    )
    (tmp_path / "out" / "results.jsonl").write_text("")
    first, *_ = sorted((tmp_path / "out" / "contexts").glob("*.json"))
    first.unlink()
    experiment = small_experiment(tmp_path, arms=["sleep-time"], budgets=[2])
    sleeps, _ = estimate_run(experiment, tmp_path / "out", "broken").rows
    assert (sleeps.planned, sleeps.todo) == (3, 1)
    assert sleeps.basis.startswith("measured: ")
    assert sleeps.basis.endswith(" in 2 sleep phases here")
    # Two replies of seven tokens for each pull request that the lost one studies.
    assert sleeps.usage.completion_tokens in {14, 28}


def test_cells_without_a_budget_are_measured_too(tmp_path: Path) -> None:
    """It ended in a traceback once the arm had been measured."""
    probed = small_experiment(tmp_path, arms=["memory-probe"])
    run_with_student(probed, tmp_path / "out")
    wider = small_experiment(tmp_path, arms=["memory-probe"], seeds=2)
    (cells,) = estimate_run(wider, tmp_path / "out", "broken").rows
    assert (cells.todo, cells.basis) == (3, "measured: 3 cells here")
    assert cells.usage == Usage(prompt_tokens=3 * 100, completion_tokens=3 * 7)


def test_retrying_everything_is_priced_again(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["no-context"], budgets=[2])
    run_with_student(experiment, tmp_path / "out")
    assert estimate_run(experiment, tmp_path / "out", "broken").rows[0].todo == 0
    assert estimate_run(experiment, tmp_path / "out", "all").rows[0].todo == 3


def test_unknown_price_is_unknown_and_not_nothing(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["no-context"], budgets=[2])
    estimate = estimate_run(experiment, tmp_path / "out", "broken")
    assert estimate.cost_usd is None
    assert "unknown" in estimate_as_text(estimate)


def test_offline_model_costs_nothing(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, model="offline", budgets=[2])
    assert estimate_run(experiment, tmp_path / "out", "broken").cost_usd == 0.0
