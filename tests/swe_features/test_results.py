from pathlib import Path

import pytest

from swe_features.errors import StoreError
from swe_features.results import read_experiment
from swe_features.session import run_experiment
from tests.swe_features.small_experiment import (
    Silence,
    Student,
    equip_with,
    small_experiment,
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    experiment = small_experiment(folder, budgets=[2], arms=["sleep-time", "oracle"])
    run_experiment(
        experiment,
        folder / "out",
        Silence(),
        set_up=lambda config, run_id: equip_with(Student()),
        environment={},
    )
    return folder / "out"


def test_every_planned_cell_comes_with_its_result(finished: Path) -> None:
    experiment = read_experiment(finished)
    pairs = list(experiment.cells_with_results())
    assert [cell.arm for cell, _ in pairs] == ["sleep-time", "oracle"] * 3
    assert all(result and result.cell_id == cell.cell_id for cell, result in pairs)
    assert len(experiment.scored) == 6


def test_instances_come_with_their_pull_requests(finished: Path) -> None:
    instance = read_experiment(finished).plan.instances["shop__till-3"]
    assert instance.target.title == "Change 3"
    assert [pull.pr_number for pull in instance.related] == [1, 2]
    files = [file.filename for file in instance.related[1].changed_files]
    assert files == ["till/core.py", "till/io.py"]


def test_trajectories_and_contexts_are_found_from_a_result(finished: Path) -> None:
    experiment = read_experiment(finished)
    result = next(r for r in experiment.scored if r.arm == "sleep-time")
    assert result.context is not None
    kinds = [event["kind"] for event in experiment.trajectory(result)]
    assert kinds[0] == "cell"
    assert kinds[-1] == "stop"
    learned = experiment.context(result.context)
    assert learned is not None
    assert "till/core.py" in learned.text
    asleep = [event["kind"] for event in experiment.context_trajectory(result.context)]
    assert {"phase", "reply", "stop"} <= set(asleep)
    assert experiment.context("unknown") is None


def test_folder_that_is_no_experiment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no experiment"):
        read_experiment(tmp_path)
