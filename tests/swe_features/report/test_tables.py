import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from swe_features.report.content import ReportContent, gather
from swe_features.report.tables import (
    arms_csv,
    latex_table,
    markdown_summary,
)
from swe_features.results import read_experiment
from swe_features.table import TOKENS_NOTE
from tests.swe_features.report.made_experiment import make_experiment


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_arms_have_both_denominators(content: ReportContent) -> None:
    lines = read(arms_csv(content))
    assert len(lines) == 5
    [line] = [line for line in lines if line["broken"] == "1"]
    assert float(line["f1_all_value"]) < float(line["f1_valid_value"])


def test_latex_escapes_what_it_would_read_as_its_own(tmp_path: Path) -> None:
    folder = make_experiment(tmp_path / "run", instances=2, with_trouble=False)
    for name in ("plan.json", "results.jsonl"):
        path = folder / name
        path.write_text(path.read_text().replace('"bm25"', '"50%_of$x\\\\y"'))
    table = latex_table(gather(read_experiment(folder)))
    assert r"50\%\_of\$x\textbackslash{}y & - & " in table
    assert table.count(r"\\") == 1 + 5


def test_markdown_shows_text_as_it_is(hostile_run: Path) -> None:
    summary = markdown_summary(gather(read_experiment(hostile_run)))
    assert r"\<script\>" in summary.splitlines()[0]
    assert not re.search(r"(?<!\\)<", summary)
    assert "\u202e" not in summary
    assert (
        len({line.count(" | ") for line in summary.splitlines() if line[:1] == "|"})
        == 1
    )


def test_markdown_counts_what_is_not_scored(content: ReportContent) -> None:
    assert "13 of 15 cells scored, 1 broken, 1 missing." in markdown_summary(content)


@pytest.mark.parametrize("write", [latex_table, markdown_summary])
def test_tables_to_paste_say_which_tokens_they_count(
    write: Callable[[ReportContent], str], content: ReportContent
) -> None:
    assert TOKENS_NOTE in write(content)


@pytest.mark.parametrize("write", [arms_csv, latex_table, markdown_summary])
def test_tables_of_nothing_can_be_written(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    folder = make_experiment(tmp_path / "run")
    (folder / "results.jsonl").unlink()
    assert isinstance(write(gather(read_experiment(folder))), str)
