"""Every number that a page, its summary and its tables name in words or print rounded.

`test_numbers_of_the_page` counts the numbers of the page's data anew; here what is said
of them must agree. A finished run can be read too: SWE_FEATURES_RUN=DIR.
"""

import csv
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from swe_features.cli import main
from swe_features.report.writing import write_report
from swe_features.results import read_experiment
from tests.swe_features.report.made_experiment import make_experiment
from tests.swe_features.report.recount.page import read_page, recount, sentences_of
from tests.swe_features.report.recount.rows import Run
from tests.swe_features.report.recount.sentences import cells_of, unfounded_in
from tests.swe_features.report.varied_experiment import make_varied_experiment


def unfounded(run: Path, out: Path) -> tuple[int, list[tuple[str, list[str]]]]:
    """How many places a page speaks of, and what nobody counted."""
    written = write_report(read_experiment(run), out, with_figures=False)
    page = read_page(written.page)
    counted, rows = recount(run, page), Run.read(run)
    suspects = page["overview"]["suspects"]
    told = sentences_of(page)
    found = []
    for place, sentence in told.items():
        cells = cells_of(place, rows, suspects)
        missing = unfounded_in(sentence, place, counted, cells=cells, names=rows.arms)
        if missing:
            found.append((f"{place}: {sentence}", missing))
    return len(told), found


@pytest.mark.parametrize(("repos", "instances"), [(1, 24), (3, 6), (11, 2)])
def test_sentences_name_what_was_counted(
    repos: int, instances: int, tmp_path: Path
) -> None:
    run = make_varied_experiment(tmp_path, repos=repos, instances=instances)
    places, found = unfounded(run, tmp_path)
    assert found == []
    assert places > 60


def test_sentences_of_an_even_run_name_what_was_counted(tmp_path: Path) -> None:
    run = make_experiment(tmp_path / "run", instances=6, budgets=(2, 4, 8), seeds=2)
    assert unfounded(run, tmp_path)[1] == []


def test_sentences_of_a_finished_run_name_what_was_counted(tmp_path: Path) -> None:
    named = os.environ.get("SWE_FEATURES_RUN")
    if not named:
        pytest.skip("SWE_FEATURES_RUN names no run")
    assert unfounded(Path(named), tmp_path)[1] == []


COUNTED: dict[str, float | None] = {
    "arms[a1,4]/f1/value": 0.51234,
    "arms[a1,4]/f1/low": 0.4,
    "arms[a1,4]/f1/high": 0.6,
    "arms[a1,4]/p": 0.0000153,
    "arms[a1,4]/cost/value": 1234.5678,
}


@pytest.mark.parametrize(
    ("sentence", "missing"),
    [
        ("a1 with 4 steps: 0.512 (95% interval 0.400 to 0.600), p = 1.53e-05.", []),
        ("It costs 1,235, or 1235 or more; 51.2% of 18.", []),
        (
            "0.513 (95% interval 0.400 to 0.600)",
            ["0.513 (95% interval 0.400 to 0.600)"],
        ),
        (
            "0.512 (95% interval 0.600 to 0.400)",
            ["0.512 (95% interval 0.600 to 0.400)"],
        ),
        ("With 5 steps, p = 1.54e-05 of 19.", ["5", "1.54e-05", "19"]),
    ],
)
def test_wrong_number_of_a_sentence_is_found(sentence: str, missing: list[str]) -> None:
    found = unfounded_in(sentence, "arms[a1,4]", COUNTED, cells=[18], names=["a1"])
    assert found == missing


def test_rounded_tables_print_what_was_counted(tmp_path: Path) -> None:
    run = make_varied_experiment(tmp_path, repos=1, instances=6)
    written = write_report(read_experiment(run), tmp_path / "out", with_figures=False)
    page = read_page(written.page)
    counted = recount(run, page)
    expected = [
        row_of(point["arm"], point["budget"], counted)
        for point in page["overview"]["points"]
    ]
    folder = written.page.parent / "report"
    assert list(markdown_rows(folder / "summary.md")) == expected
    assert list(latex_rows(folder / "table.tex")) == expected


def row_of(
    arm: str, budget: int | None, counted: dict[str, float | None]
) -> tuple[str, ...]:
    """A line of both tables, from the counted numbers alone."""
    place = f"overview/points[{arm},{budget}]"

    def printed(name: str, spec: str) -> str:
        value = counted[f"{place}/{name}"]
        return "-" if value is None else format(value, spec)

    low, high = (printed(f"all/f1/{end}", ".3f") for end in ("low", "high"))
    return (
        arm,
        "-" if budget is None else str(budget),
        printed("all/f1/value", ".3f"),
        "-" if low == "-" else f"{low} to {high}",
        printed("all/precision/value", ".3f"),
        printed("all/recall/value", ".3f"),
        printed("test_tokens/completion_tokens/value", ",.0f"),
    )


def markdown_rows(path: Path) -> Iterator[tuple[str, ...]]:
    for line in path.read_text().splitlines():
        if line.startswith("| ") and not line.startswith(("| arm", "| ---")):
            yield tuple(cell.replace("\\", "") for cell in line[2:-2].split(" | "))


def latex_rows(path: Path) -> Iterator[tuple[str, ...]]:
    for line in path.read_text().splitlines():
        if re.match(r"[a-z].* & ", line):
            cells = line.removesuffix(" \\\\").split(" & ")
            yield tuple(cell.replace("\\", "") for cell in cells)


def test_every_cell_of_the_table_of_cells_is_the_runs_own(tmp_path: Path) -> None:
    run = make_varied_experiment(tmp_path, repos=3, instances=6)
    write_report(read_experiment(run), with_figures=False)
    rows = {row.line["cell_id"]: row for row in Run.read(run).rows}
    with (run / "report" / "cells.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert {line["cell_id"] for line in lines} == rows.keys()
    for line in lines:
        row = rows[line["cell_id"]]
        if not row.is_scored:
            continue
        for measure in ("f1", "precision", "recall"):
            assert float(line[measure]) == pytest.approx(row.scores[measure])


def test_compare_prints_what_was_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_varied_experiment(tmp_path, repos=1, instances=6)
    written = write_report(read_experiment(run), with_figures=False)
    counted = recount(run, read_page(written.page))
    assert main(["compare", str(run), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    # The page leaves the oracle out of its comparisons.
    found = [each for each in printed if each["other"] != "oracle"]
    assert found
    for each in found:
        pair = f"{each['baseline']},{each['other']},{each['budget']}"
        for cells in ("all", "valid"):
            paired = each[f"{cells}_cells"]
            place = f"overview/comparisons[{pair}]/{cells}"
            shown = {
                "difference/value": paired["difference"]["value"],
                "difference/low": paired["difference"]["percentile"]["low"],
                "difference/high": paired["difference"]["percentile"]["high"],
                "p": paired["test"]["p"],
                **{name: paired[name] for name in ("p_holm", "wins", "ties", "losses")},
            }
            for name, value in shown.items():
                assert value == pytest.approx(counted[f"{place}/{name}"]), (pair, name)
