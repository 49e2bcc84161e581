"""A report of a run whose files were damaged: all but what is damaged is there."""

import json
from pathlib import Path

import pytest

from swe_features.cli import main
from swe_features.report.content import gather
from swe_features.report.live import LiveReport
from swe_features.results import read_experiment
from swe_features.store import PLAN
from tests.swe_features.report.made_experiment import make_experiment
from tests.swe_features.report.test_attachments import unpack

TORN = "0001-sleep-time-2-0"
NO_JSON = "0001-test-time-4-0"
MISSING = "0002-test-time-2-0"


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    run = make_experiment(tmp_path / "run")
    torn, spoiled, missing = (
        run / "trajectories" / f"{name}.jsonl" for name in (TORN, NO_JSON, MISSING)
    )
    torn.write_bytes(torn.read_bytes()[:-9])
    lines = spoiled.read_text().splitlines(keepends=True)
    spoiled.write_text("".join([*lines[:3], "what is this\n", *lines[3:]]))
    missing.unlink()
    return run


def test_damaged_trajectories_are_left_out_and_named(damaged: Path) -> None:
    content = gather(read_experiment(damaged))
    problems = {
        cell_id: problem
        for packed in content.trajectories.values()
        for cell_id, problem in unpack(packed)["problems"].items()
    }
    assert problems == {
        TORN: "its last line is torn",
        NO_JSON: "line 4 is no JSON",
        MISSING: "its file is missing",
    }
    for cell_id in problems:
        assert sum(cell_id in text for text in content.overview["doubts"]) == 1
    whole = unpack(content.trajectories["shop__till-1"])["trajectories"]
    assert whole[TORN] == []
    assert whole["0001-sleep-time-4-0"]


def test_scores_do_not_need_the_trajectories(damaged: Path, tmp_path: Path) -> None:
    before = gather(read_experiment(make_experiment(tmp_path / "whole"))).overview
    assert gather(read_experiment(damaged)).overview["points"] == before["points"]


def test_damaged_learned_context_is_left_out_and_named(damaged: Path) -> None:
    [path] = (damaged / "contexts").glob(f"{1:064x}*")
    path.write_text("{")
    content = gather(read_experiment(damaged))
    assert unpack(content.contexts[f"{1:064x}"]) == {"problem": "its file is damaged"}
    assert any("Learned context" in text for text in content.overview["doubts"])


def test_command_says_what_was_left_out(
    damaged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(damaged), "--no-figures"]) == 0
    notes = capsys.readouterr().err
    assert all(cell_id in notes for cell_id in (TORN, NO_JSON, MISSING))
    assert MISSING in (damaged / "report" / "summary.md").read_text().replace("\\", "")


def test_many_damaged_trajectories_are_counted(damaged: Path) -> None:
    for path in (damaged / "trajectories").iterdir():
        path.unlink()
    content = gather(read_experiment(damaged))
    assert len(content.unreadable) == 11
    assert (
        "6 more records cannot be read and are left out."
        in (content.overview["doubts"])
    )


def test_live_page_says_so_when_a_damaged_one_is_opened(damaged: Path) -> None:
    answer = LiveReport(damaged).answer("/packed/trajectories/shop__till-2")
    assert unpack(answer.text)["problems"] == {MISSING: "its file is missing"}


def test_plan_without_an_instance_of_its_cells_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_experiment(tmp_path / "run")
    plan = json.loads((run / PLAN).read_text())
    del plan["instances"]["shop__till-2"]
    (run / PLAN).write_text(json.dumps(plan))
    assert main(["report", str(run)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "plan.json lacks shop__till-2, which its cells name" in line
