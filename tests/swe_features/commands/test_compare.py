import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent.redaction import Redactor
from swe_features.cell_results import CellResult
from swe_features.cells import Cell
from swe_features.cli import main
from swe_features.plan import Plan
from swe_features.store import MANIFEST, PLAN, RunDirectory

F1 = {"test-time": 0.5, "sleep-time": 0.75, "bm25": 0.25}


def write_run(
    folder: Path, gain: float = 0.0, *, instances: int = 8, repo: str = "o__n"
) -> Path:
    """A finished run, its F1 higher by `gain`."""
    cells = [
        Cell(
            f"{arm}-{n}", f"{repo}-{n}", arm, None if arm == "bm25" else 2, 0, "m", None
        )
        for n in range(instances)
        for arm in F1
    ]
    with RunDirectory(folder, Redactor({})) as directory:
        directory.write_json(folder / PLAN, Plan("x", tuple(cells), {}).as_record())
        suite = {"name": "s", "digest": "d"}
        manifest = {"suite": suite, "drivers": {}, "runs": []}
        directory.write_json(folder / MANIFEST, manifest)
        for cell in cells:
            f1 = F1[cell.arm] + gain
            row = CellResult(
                cell_id=cell.cell_id,
                instance_id=cell.instance_id,
                arm=cell.arm,
                budget=cell.budget,
                seed=0,
                model="m",
                sleep_model=None,
                mode="predict",
                related="past-only",
                outcome="scored",
                gold_files=("a",),
                precision=f1,
                recall=f1,
                f1=f1,
                proof={"base_commit": "c"},
            )
            directory.results.append(row.as_record())
    return folder


def test_arms_of_one_run_are_held_against_the_baseline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(write_run(tmp_path / "a"))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("sleep-time - test-time")
    assert "+0.250" in lines[2]
    assert lines[3].startswith("bm25 - test-time")
    assert "-0.250" in lines[3]
    assert any(line.startswith("Doubt: Only 8 instances") for line in lines)


def test_two_runs_are_compared_arm_by_arm_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = write_run(tmp_path / "a"), write_run(tmp_path / "b", gain=0.125)
    out = tmp_path / "comparison.json"
    assert main(["compare", str(a), str(b), "--out", str(out)]) == 0
    assert capsys.readouterr().out.count("+0.125") >= 3
    written = json.loads(out.read_text())
    assert {each["other"] for each in written} == {f"b: {arm}" for arm in F1}
    values = {each["all_cells"]["difference"]["value"] for each in written}
    assert values == {0.125}


def test_unknown_baseline_is_refused_with_what_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_run(tmp_path / "a")
    assert main(["compare", str(run), "--baseline", "none"]) == 2
    assert "name one of test-time, sleep-time, bm25" in capsys.readouterr().err


def test_folder_without_results_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(tmp_path)]) == 2
    assert "holds no experiment" in capsys.readouterr().err


def test_run_without_a_result_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It said `name one of`, and then nothing."""
    run = write_run(tmp_path / "a")
    (run / "results.jsonl").write_text("")
    assert main(["compare", str(run)]) == 2
    assert f"{run} has no scored cell yet" in capsys.readouterr().err


def test_chance_too_small_to_print_is_not_printed_as_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(write_run(tmp_path / "a", instances=14))]) == 0
    figures = capsys.readouterr().out.splitlines()[2].split()
    assert figures.count("<0.001") == 2
    assert "0.000" not in figures


def test_runs_without_an_instance_in_common_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table of dashes came out, and a doubt about the number of instances."""
    a, b = write_run(tmp_path / "a"), write_run(tmp_path / "b", repo="p__m")
    assert main(["compare", str(a), str(b)]) == 2
    assert "have no instance in common" in capsys.readouterr().err


def test_place_that_cannot_be_written_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "missing" / "comparison.txt"
    assert main(["compare", str(write_run(tmp_path / "a")), "--out", str(out)]) == 2
    assert f"cannot write {out}" in capsys.readouterr().err


def test_run_of_one_arm_has_nothing_to_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(F1, "sleep-time")
    monkeypatch.delitem(F1, "bm25")
    assert main(["compare", str(write_run(tmp_path / "a"))]) == 2
    assert "no arm but 'test-time'" in capsys.readouterr().err


def test_one_instance_is_not_called_several(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(write_run(tmp_path / "a", instances=1))]) == 0
    assert "Doubt: Only 1 instance: nothing is said" in capsys.readouterr().out


SMALL_DISK = """
import resource, signal, sys
from swe_features.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
sys.exit(main(sys.argv[1:]))
"""


def test_full_disk_leaves_an_older_file_as_it_is(tmp_path: Path) -> None:
    """A limit on the file's size cuts a write short, as a full disk does."""
    out = tmp_path / "it.json"
    out.write_text("old")
    words = ["compare", str(write_run(tmp_path / "a")), "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-c", SMALL_DISK, *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: cannot write {out}: ")
    assert out.read_text() == "old"
    assert not list(tmp_path.rglob("*.draft"))


def test_runs_whose_folders_have_one_name_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both sides were called `run`, and nothing said which was which."""
    a, b = write_run(tmp_path / "a" / "run"), write_run(tmp_path / "b" / "run", 0.125)
    assert main(["compare", str(a), str(b)]) == 0
    line = capsys.readouterr().out.splitlines()[2]
    assert line.startswith(f"{b}: test-time - {a}: test-time")


def test_baseline_of_two_runs_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was taken, and changed nothing."""
    a, b = write_run(tmp_path / "a"), write_run(tmp_path / "b")
    assert main(["compare", str(a), str(b), "--baseline", "bm25"]) == 2
    assert "--baseline is of the arms of one run" in capsys.readouterr().err
