import csv
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from swe_features.cli import main
from swe_features.errors import StoreError
from swe_features.report import writing
from swe_features.report.content import ReportContent
from swe_features.report.figures import draw_figures
from swe_features.report.writing import write_report
from swe_features.results import StoredExperiment, read_experiment
from tests.swe_features.commands.test_compare import SMALL_DISK
from tests.swe_features.report.made_experiment import make_experiment


def test_report_has_a_page_tables_and_figures(
    experiment: StoredExperiment, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    written = write_report(experiment, tmp_path)
    assert written.page == tmp_path / "report.html"
    assert written.page.read_text().startswith("<!DOCTYPE html>")
    names = {path.name for path in written.files}
    assert names == {path.name for path in (tmp_path / "report").iterdir()}
    assert {"summary.md", "arms.csv", "cells.csv", "table.tex"} < names
    assert written.notes == ()


def test_cells_are_a_line_each(experiment: StoredExperiment, tmp_path: Path) -> None:
    write_report(experiment, tmp_path, with_figures=False)
    with (tmp_path / "report" / "cells.csv").open(newline="") as file:
        lines = {line["cell_id"]: line for line in csv.DictReader(file)}
    assert lines.keys() == experiment.results.keys()
    for row in experiment.rows:
        assert lines[row.cell_id]["f1"] == ("" if row.f1 is None else repr(row.f1))


def test_full_disk_leaves_the_old_report_and_no_draft(tmp_path: Path) -> None:
    run = make_experiment(tmp_path / "run")
    old = run / "report" / "summary.md"
    old.parent.mkdir()
    old.write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", SMALL_DISK, "report", str(run)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: cannot write the report to {run}: ")
    assert [path.name for path in old.parent.iterdir()] == ["summary.md"]
    assert old.read_text() == "old"


def test_figures_are_pictures_and_the_same_twice(
    content: ReportContent, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    first = draw_figures(content, tmp_path)
    before = {path: path.read_bytes() for path in first}
    assert {path.name for path in first} == {
        "pareto.png",
        "pareto.svg",
        "amortisation.png",
        "amortisation.svg",
    }
    for path, picture in before.items():
        if path.suffix == ".png":
            assert picture.startswith(b"\x89PNG")
        else:
            assert ET.fromstring(picture).tag.endswith("svg")
    draw_figures(content, tmp_path)
    assert {path: path.read_bytes() for path in first} == before


def test_figure_without_a_scored_cell_is_drawn_in_silence(
    content: ReportContent, tmp_path: Path
) -> None:
    """A legend without entries made matplotlib warn on the terminal."""
    pytest.importorskip("matplotlib")
    nothing = replace(content, overview={**content.overview, "points": []})
    assert draw_figures(nothing, tmp_path)


def test_any_name_of_a_suite_stands_above_a_figure(
    content: ReportContent, tmp_path: Path
) -> None:
    """Two dollars were read as a formula, and a long name left no room to draw."""
    pytest.importorskip("matplotlib")
    name = "a$\\foo$ \u6f22\u5b57 " + "long" * 60
    suite = {**content.provenance["manifest"]["suite"], "name": name}
    manifest = {**content.provenance["manifest"], "suite": suite}
    provenance = {**content.provenance, "manifest": manifest}
    draw_figures(replace(content, provenance=provenance), tmp_path)
    drawn = (tmp_path / "pareto.svg").read_text()
    assert f"3 instances of {name[:40]}…, model student" in drawn


def test_figure_of_a_merged_run_is_of_no_single_model(
    content: ReportContent, tmp_path: Path
) -> None:
    """It named the model of the last run, and drew the means of all."""
    pytest.importorskip("matplotlib")
    first, *rest = content.evidence["cells"]
    cells = [{**first, "model": "teacher"}, *rest]
    merged = replace(content, evidence={**content.evidence, "cells": cells})
    draw_figures(merged, tmp_path)
    assert "3 instances of till, 2 models" in (tmp_path / "pareto.svg").read_text()


def test_best_of_several_seeds_is_a_figure(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    run = make_experiment(tmp_path / "run", instances=4, seeds=3)
    names = {path.name for path in write_report(read_experiment(run)).files}
    assert {"passes.png", "passes.svg"} < names
    drawn = (run / "report" / "passes.svg").read_text()
    assert drawn.count("k = ") >= 3


def test_report_without_matplotlib_says_how_to_get_figures(
    experiment: StoredExperiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "can_draw", lambda: False)
    written = write_report(experiment, tmp_path)
    assert written.page.exists()
    assert "swe-features[report]" in written.notes[0]
    assert not list((tmp_path / "report").glob("*.png"))


def test_place_that_cannot_be_written_is_named(
    experiment: StoredExperiment, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot write the report to .*file"):
        write_report(experiment, tmp_path / "file")


def test_command_writes_into_the_directory_of_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_experiment(tmp_path / "run")
    assert main(["report", str(folder), "--no-figures"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1] == f"Report: {folder / 'report.html'}"
    assert printed.err == ""


def test_directory_without_an_experiment_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(tmp_path)]) == 2
    assert "holds no experiment" in capsys.readouterr().err


def test_report_can_be_written_over_an_older_one(tmp_path: Path) -> None:
    folder = make_experiment(tmp_path / "run")
    for _ in range(2):
        write_report(read_experiment(folder), with_figures=False)
    assert not list(folder.rglob("*.draft"))


@pytest.mark.parametrize("with_texts", [True, False])
def test_name_of_a_file_that_is_no_utf8_stops_no_report(
    with_texts: bool,  # noqa: FBT001  # one of two
    tmp_path: Path,
) -> None:
    folder = make_experiment(tmp_path / "run")
    results = folder / "results.jsonl"
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    for line in lines:
        line["predicted_files"] += ["caf\udce9.py"]
    results.write_text("".join(json.dumps(line) + "\n" for line in lines))
    written = write_report(read_experiment(folder), with_texts=with_texts)
    assert written.page.read_text().startswith("<!DOCTYPE html>")
    cells = (folder / "report" / "cells.csv").read_text(encoding="utf-8")
    assert len(cells.splitlines()) == 1 + len(lines)


def test_demo_writes_a_report_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWE_FEATURES_CACHE", str(tmp_path / "cache"))
    options = ["--arms", "oracle", "--sandbox", "subprocess"]
    assert main(["run", *options, "--out", str(tmp_path / "out")]) == 0
    page = tmp_path / "out" / "report.html"
    assert capsys.readouterr().out.splitlines()[-1] == f"Report: {page}"
    assert "swe-features-demo__larder-27" in page.read_text()
