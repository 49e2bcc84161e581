import csv
from dataclasses import replace
from pathlib import Path

import pytest

from agent.usage import Usage
from swe_features.cell_results import CellResult
from swe_features.errors import StoreError
from swe_features.statistics.cell_table import (
    COLUMNS,
    tidy_row,
    write_csv,
    write_parquet,
)
from tests.swe_features.statistics.test_observations import BROKEN, SCORED


def test_row_has_every_column_as_a_plain_value() -> None:
    for result in (SCORED, BROKEN):
        row = tidy_row(result)
        assert list(row) == list(COLUMNS)
        for name, value in row.items():
            assert value is None or isinstance(value, COLUMNS[name]), name


def test_csv_says_what_the_results_say(tmp_path: Path) -> None:
    write_csv([SCORED, BROKEN], tmp_path / "cells.csv")
    with (tmp_path / "cells.csv").open(newline="") as file:
        scored, broken = csv.DictReader(file)
    assert float(scored["f1"]) == SCORED.f1
    assert scored["repo"] == "Aider-AI/aider"
    assert scored["predicted_files"].split(";") == ["b.py", "a.py"]
    assert (scored["test_completion_tokens"], scored["sleep_completion_tokens"]) == (
        "20",
        "900",
    )
    assert (broken["f1"], broken["boundary"]) == ("", "model")
    assert broken["test_completion_tokens"] == ""


def test_name_of_a_file_is_no_formula_in_a_spreadsheet(tmp_path: Path) -> None:
    hostile = replace(SCORED, predicted_files=("=HYPERLINK(1)",))
    write_csv([hostile], tmp_path / "cells.csv")
    with (tmp_path / "cells.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["predicted_files"] == "'=HYPERLINK(1)"


def test_parquet_keeps_types_and_what_is_unknown(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="Parquet is an extra")
    from pyarrow import parquet  # noqa: PLC0415  # an extra

    path = tmp_path / "cells.parquet"
    write_parquet([SCORED, BROKEN], path)
    rows = parquet.read_table(path).to_pylist()
    assert rows == [tidy_row(SCORED), tidy_row(BROKEN)]


@pytest.mark.parametrize("name", ["cells.csv", "cells.parquet"])
def test_name_of_a_file_that_is_no_utf8_stops_no_table(
    name: str, tmp_path: Path
) -> None:
    odd = replace(SCORED, predicted_files=("caf\udce9.py",))
    if name.endswith("csv"):
        write_csv([odd], tmp_path / name)
        with (tmp_path / name).open(newline="", encoding="utf-8") as file:
            (row,) = csv.DictReader(file)
    else:
        pytest.importorskip("pyarrow", reason="Parquet is an extra")
        from pyarrow import parquet  # noqa: PLC0415  # an extra

        write_parquet([odd], tmp_path / name)
        (row,) = parquet.read_table(tmp_path / name).to_pylist()
    assert row["predicted_files"] == "caf?.py"


def test_tokens_that_were_not_told_are_empty() -> None:
    nothing = Usage(requests=1, unmeasured_requests=1)
    row = tidy_row(replace(SCORED, test_tokens=nothing, sleep_tokens=nothing))
    assert (row["test_completion_tokens"], row["sleep_prompt_tokens"]) == (None, None)
    assert (row["test_requests"], row["sleep_requests"]) == (1, 1)


@pytest.mark.parametrize("name", ["cells.csv", "cells.parquet"])
def test_place_that_cannot_be_written_is_named(name: str, tmp_path: Path) -> None:
    results: list[CellResult] = [SCORED]
    write = write_csv if name.endswith("csv") else write_parquet
    with pytest.raises(StoreError, match="nowhere"):
        write(results, tmp_path / "nowhere" / name)
