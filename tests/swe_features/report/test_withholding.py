"""A report without texts: what was planted in a run is in no byte of its files."""

import base64
import gzip
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from swe_features.cli import main
from swe_features.report.content import gather
from swe_features.report.withholding import withhold_from_result, withhold_texts
from swe_features.report.writing import write_report
from swe_features.results import read_experiment
from tests.swe_features.report.made_experiment import CLUSTERS, make_experiment

SECRET = "Zanzibar ledger"
HOME = "/home/quentin"
HOST = "orchid.internal"
PLANTED = ("Zanzibar", "ledger", "quentin", "orchid", *CLUSTERS)
BLOCK = re.compile(r'<script type="application/octet-stream"[^>]*>([^<]*)</script>')


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that tells of people, of a machine and of the future in every corner."""
    folder = tmp_path_factory.mktemp("private") / "run"
    make_experiment(folder, text=SECRET, file_text="kept")
    _spoil_manifest(folder / "manifest.json")
    _spoil_results(folder / "results.jsonl")
    return folder


def _spoil_manifest(path: Path) -> None:
    manifest = json.loads(path.read_text())
    manifest["suite"] |= {
        "skipped": [f"line 3: {SECRET}"],
        "path": f"{HOME}/rows.jsonl",
    }
    manifest["hostname"] = HOST
    [run] = manifest["runs"]
    run |= {"user": "quentin", "repositories": {"shop/till": f"{HOME}/till"}}
    run["config"] |= {
        "suite": f"{HOME}/rows.jsonl",
        "repositories": {"*": f"{HOME}/till"},
        "model_options": {"api_base": f"http://{HOST}:8000/v1"},
        "sleep_model": f"hosted_vllm/{HOME}/models/dreamer",
        "record": f"{HOME}/.cache/replies",
        "address": f"ray://{HOST}:10001",
    }
    path.write_text(json.dumps(manifest))


def _spoil_results(path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        row["predicted_files"] += [f"{HOME}/till/a.py", "../quentin/b.py", "C:\\orchid"]
        row["stop"] = f"gave up: {SECRET}"
        row["proof"] = {"base_commit": f"at {HOST}"}
        row["version"] = f"1.0 from {HOME}"
        if row["model"]:
            row["model"] = f"hosted_vllm/{HOME}/models/student"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    trajectory = path.parent / str(rows[0]["trajectory"])
    call = {"name": "bash", "arguments": {"command": f"git show origin/{SECRET}"}}
    line = {"at_s": 9.0, "kind": "tool_call", "data": {"step": 1, **call}}
    with trajectory.open("a") as file:
        file.write(json.dumps(line) + "\n")


def every_text(written: Iterable[Path]) -> str:
    """The bytes of all files, and what is packed in them."""
    texts = []
    for path in written:
        text = path.read_bytes().decode("utf-8", errors="replace")
        texts.append(text)
        texts += [
            gzip.decompress(base64.b64decode(block)).decode()
            for block in BLOCK.findall(text)
        ]
    return "\n".join(texts)


def found_in(text: str) -> set[str]:
    return {word for word in PLANTED if word in text}


def test_everything_planted_would_otherwise_be_told(run: Path, tmp_path: Path) -> None:
    """Without this the next test could not fail."""
    write_report(read_experiment(run), tmp_path, with_figures=False)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert found_in(every_text(files)) == set(PLANTED)


def test_nothing_planted_is_in_any_byte_of_a_report_without_texts(
    run: Path, tmp_path: Path
) -> None:
    write_report(read_experiment(run), tmp_path, with_texts=False)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"report.html", "summary.md", "cells.csv", "table.tex"} <= {
        path.name for path in files
    }
    assert found_in(every_text(files)) == set()
    assert not BLOCK.search((tmp_path / "report.html").read_text())


def numbers(value: Any) -> list[float]:  # noqa: ANN401  # JSON
    match value:
        case Mapping():
            return [each for part in value.values() for each in numbers(part)]
        case list() | tuple():
            return [each for part in value for each in numbers(part)]
        case int() | float():
            return [value]
    return []


def test_every_number_and_file_name_stays(run: Path) -> None:
    whole = gather(read_experiment(run))
    shared = withhold_texts(whole)
    for part in ("overview", "analyses", "costs"):
        assert numbers(getattr(shared, part)) == numbers(getattr(whole, part)), part
    for before, after in zip(
        whole.evidence["instances"], shared.evidence["instances"], strict=True
    ):
        assert after["id"] == before["id"]
        assert after["gold"] == before["gold"]
        assert "src/1 kept.py" in shared.evidence["instances"][0]["gold"]
    for before, after in zip(
        whole.evidence["cells"], shared.evidence["cells"], strict=True
    ):
        kept = {name: after.get(name) for name in ("f1", "test", "sleep", "seconds")}
        assert kept == {name: before.get(name) for name in kept}
    assert len({each["cluster"] for each in shared.evidence["instances"]}) == 2


def test_field_that_is_not_known_is_left_out(run: Path) -> None:
    """Somebody will add one, and think of this report last."""
    whole = gather(read_experiment(run))
    cells = [{**cell, "diary": SECRET} for cell in whole.evidence["cells"]]
    shared = withhold_texts(replace(whole, evidence={**whole.evidence, "cells": cells}))
    assert all("diary" not in cell for cell in shared.evidence["cells"])


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"),
        ("hosted_vllm//home/quentin/models/student", "student"),
        ("~/models/student", "student"),
        ("C:\\models\\student", "student"),
    ],
)
def test_model_that_is_a_path_keeps_its_name_only(
    run: Path, model: str, shown: str
) -> None:
    result = next(iter(read_experiment(run).results.values()))
    assert withhold_from_result(replace(result, model=model)).model == shown


def test_summary_and_table_say_that_texts_are_left_out(
    run: Path, tmp_path: Path
) -> None:
    write_report(read_experiment(run), tmp_path, with_figures=False, with_texts=False)
    for name in ("summary.md", "table.tex"):
        assert "Texts are left out" in (tmp_path / "report" / name).read_text()


def test_command_writes_a_report_without_texts(run: Path, tmp_path: Path) -> None:
    options = ["--without-texts", "--no-figures", "--out", str(tmp_path)]
    assert main(["report", str(run), *options]) == 0
    assert found_in((tmp_path / "report.html").read_text()) == set()
