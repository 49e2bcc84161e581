import json
import shutil
from pathlib import Path

import pytest

from swe_features.errors import StoreError
from swe_features.results import read_experiment
from swe_features.session import run_experiment
from tests.swe_features.small_experiment import (
    Silence,
    run_with_student,
    small_experiment,
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    experiment = small_experiment(folder, budgets=[2], arms=["sleep-time", "oracle"])
    run_with_student(experiment, folder / "out")
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


def rewrite(file: Path, **changes: object) -> None:
    """Change the first object of a file of JSON."""
    first, *rest = (
        file.read_text().splitlines() if file.suffix == ".jsonl" else [file.read_text()]
    )
    record = json.loads(first)
    record.update(changes)
    file.write_text("\n".join([json.dumps(record), *rest]) + "\n")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"f1": float("nan")}, "results.jsonl:1 is no JSON"),
        ({"f1": "x"}, "results.jsonl:1: f1: .* no row of ours"),
        ({"f1": None}, "results.jsonl:1: scored, and without a score"),
        ({"f1": 5}, "results.jsonl:1: f1 of 5.0, which is none of 0 to 1"),
        ({"recall": -0.5}, "results.jsonl:1: recall of -0.5, which is none of 0 to 1"),
        ({"gold_files": []}, "results.jsonl:1: scored, and without gold files"),
        ({"schema": 999}, "written by a later version .schema 999, this one reads 1"),
        ({"trajectory": "../../../../etc/passwd"}, "leads out of the directory"),
        ({"trajectory": "/etc/passwd"}, "leads out of the directory"),
        ({"trajectory": "a\0b"}, "leads out of the directory"),
        ({"contexts": ["../../other"]}, "leads out of the directory"),
        ({"cell_id": "../../other"}, "leads out of the directory"),
        ({"instance_id": "../.."}, "leads out of the directory"),
    ],
)
def test_row_that_nobody_here_wrote_is_refused(
    changes: dict[str, object], complaint: str, finished: Path, tmp_path: Path
) -> None:
    """Exports opened the file that a row's trajectory named, wherever it was."""
    copy = shutil.copytree(finished, tmp_path / "copy")
    rewrite(copy / "results.jsonl", **changes)
    with pytest.raises(StoreError, match=complaint):
        read_experiment(copy)


def test_number_too_large_for_a_float_is_no_score(
    finished: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(finished, tmp_path / "copy")
    rows = copy / "results.jsonl"
    rows.write_text(rows.read_text().replace('"f1": ', '"f1": 1e999, "f1_": ', 1))
    with pytest.raises(StoreError, match="f1: "):
        read_experiment(copy)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{}", "suite: Field required"),
        ("[]", "no manifest of ours"),
        ('{"suite": {}, "drivers": {}, "runs": []}', "suite.name: Field required"),
        ('{"schema": 2}', "written by a later version"),
        ("[" * 100_000, "is no JSON"),
    ],
)
def test_manifest_that_nobody_here_wrote_is_refused(
    text: str, complaint: str, finished: Path, tmp_path: Path
) -> None:
    """A KeyError, or a TypeError, in the middle of a run."""
    copy = shutil.copytree(finished, tmp_path / "copy")
    (copy / "manifest.json").write_text(text)
    with pytest.raises(StoreError, match=complaint):
        read_experiment(copy)
    experiment = small_experiment(tmp_path, budgets=[2], arms=["sleep-time", "oracle"])
    with pytest.raises(StoreError, match=complaint):
        run_experiment(experiment, copy, Silence(), environment={})


def test_plan_of_a_later_version_is_refused(finished: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(finished, tmp_path / "copy")
    rewrite(copy / "plan.json", schema=2)
    with pytest.raises(StoreError, match="written by a later version"):
        read_experiment(copy)


def test_folder_that_is_no_experiment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no experiment"):
        read_experiment(tmp_path)
