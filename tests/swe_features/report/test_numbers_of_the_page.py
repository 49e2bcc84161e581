"""Every number of a written page, counted anew from the run's own files.

`recount` names what each number should be, and imports nothing of the statistics. A
number of the page that it does not name fails the walk, so none is silently uncovered.
A finished run can be walked too: SWE_FEATURES_RUN=DIR.
"""

import ast
import csv
import json
import math
import os
from pathlib import Path

import pytest

from swe_features.report.writing import write_report
from swe_features.results import read_experiment
from tests.swe_features.report import recount as recount_package
from tests.swe_features.report.made_experiment import make_experiment
from tests.swe_features.report.recount.page import numbers_of, read_page, recount
from tests.swe_features.report.varied_experiment import make_varied_experiment

NO_STATISTICS: tuple[str, ...] = ()
"""Places of numbers that are none of a run: versions, times, how a chart is drawn. The
blocks that are walked hold none today."""

VARIED = ((1, 24), (3, 6), (11, 2), (2, 1))
"""Repositories and instances of each: pooled, by repository, whole ones, too few."""


def walk(run: Path, out: Path) -> int:
    """Compare each number of a run's page; how many there are."""
    written = write_report(read_experiment(run), out, with_figures=False)
    page = read_page(written.page)
    there = numbers_of(page)
    expected = recount(run, page)
    assert {
        place for place in there.keys() - expected.keys() if place not in NO_STATISTICS
    } == set(), "numbers that nothing counts anew"
    assert expected.keys() - there.keys() == set(), "numbers that the page lacks"
    wrong = {
        place: (shown, expected[place])
        for place, shown in there.items()
        if not is_equal(shown, expected[place])
    }
    assert wrong == {}
    return len(there)


def is_equal(shown: float | None, counted: float | None) -> bool:
    if shown is None or counted is None:
        return shown is counted
    return math.isclose(shown, counted, rel_tol=1e-9, abs_tol=1e-10)


@pytest.mark.parametrize(("repos", "instances"), VARIED)
def test_every_number_of_a_varied_run_is_counted_anew(
    repos: int, instances: int, tmp_path: Path
) -> None:
    run = make_varied_experiment(tmp_path, repos=repos, instances=instances)
    assert walk(run, tmp_path) > 1000


def test_every_number_of_an_even_run_is_counted_anew(tmp_path: Path) -> None:
    """Equal scores everywhere: ties, and intervals of no width."""
    run = make_experiment(tmp_path / "run", instances=6, budgets=(2, 4, 8), seeds=2)
    assert walk(run, tmp_path) > 1000


def test_every_number_of_a_run_that_does_not_tell_its_tokens_is_counted_anew(
    tmp_path: Path,
) -> None:
    """One arm tells none, the others most: unknown is not 0."""
    run = make_varied_experiment(tmp_path, repos=1, instances=6)
    results = run / "results.jsonl"
    rows = [json.loads(line) for line in results.read_text().splitlines()]
    for number, row in enumerate(rows):
        if row["arm"] == "sleep-text" or number % 5 == 0:
            row["test_tokens"] |= {"unmeasured_requests": 1}
        if row["sleep_tokens"] and number % 7 == 0:
            row["sleep_tokens"] |= {"unmeasured_requests": 1}
    results.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert walk(run, tmp_path) > 1000


def test_every_number_of_the_table_of_arms_is_counted_anew(tmp_path: Path) -> None:
    run = make_varied_experiment(tmp_path, repos=1, instances=6)
    write_report(read_experiment(run), with_figures=False)
    expected = recount(run, read_page(run / "report.html"))
    with (run / "report" / "arms.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 12
    for line in lines:
        point = f"overview/points[{line['arm']},{line['budget'] or None}]"
        for column, text in line.items():
            if column in {"arm", "budget", "broken"}:
                continue
            counted = expected.get(f"{point}/{place_of(column)}")
            assert is_equal(float(text) if text else None, counted), (point, column)


def place_of(column: str) -> str:
    """Where the page has a column: `f1_all_bca_low` at `all/f1/bca_low`."""
    phase, _, kind = column.partition("_")
    if phase == "test":
        return f"test_tokens/{kind}/value"
    if phase == "sleep":
        return f"sleep_tokens/{kind}"
    measure, _, rest = column.partition("_")
    cells, _, part = rest.partition("_")
    return f"{cells}/{measure}/{part}" if rest else column


def test_varied_run_has_every_analysis(tmp_path: Path) -> None:
    """Else the walk would pass for want of numbers."""
    run = make_varied_experiment(tmp_path, repos=3, instances=6)
    write_report(read_experiment(run), with_figures=False)
    page = read_page(run / "report.html")
    sleepers = page["analyses"]["sleepers"]
    names = [sleeper["arm"] for sleeper in sleepers]
    assert names == ["sleep-time", "sleep-text", "sleep-time-k2"]
    for sleeper in sleepers:
        for name in ("amortisation", "savings", "predictability", "passes", "area"):
            assert sleeper[name], name
    assert any(
        each["difference"]["value"] is not None
        for sleeper in sleepers
        for each in sleeper["at_equal_tokens"]
    )
    assert len(page["analyses"]["scaling"]) == len(page["overview"]["budgets"])
    assert page["overview"]["has_clean"]
    assert any(each["test_usd"] for each in page["costs"]["points"])
    assert any(each["broken"] for each in page["overview"]["points"])


def test_recount_imports_nothing_of_what_it_checks() -> None:
    for module in Path(recount_package.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += (
                [a.name for a in node.names] if isinstance(node, ast.Import) else []
            )
            for name in names:
                assert not str(name).startswith("swe_features"), (module, name)


def test_wrong_number_is_found(tmp_path: Path) -> None:
    """The walk itself: a changed row changes what is expected of the page."""
    run = make_varied_experiment(tmp_path, repos=1, instances=6)
    write_report(read_experiment(run), with_figures=False)
    page = read_page(run / "report.html")
    results = run / "results.jsonl"
    results.write_text(results.read_text().replace('"budget": 2', '"budget": 4', 1))
    there, expected = numbers_of(page), recount(run, page)
    assert there.keys() != expected.keys() or there != pytest.approx(expected)


def test_every_number_of_a_finished_run_is_counted_anew(tmp_path: Path) -> None:
    named = os.environ.get("SWE_FEATURES_RUN")
    if not named:
        pytest.skip("SWE_FEATURES_RUN names no run")
    assert walk(Path(named), tmp_path) > 0
