"""Real rows: recorded against a stand-in on loopback, and replayed without it.

Rows and clones are other people's, and in no commit. Where somebody has them:

    SWE_FEATURES_ROWS=rows.jsonl SWE_FEATURES_CLONE=path/to/clone \
        pytest tests/swe_features/test_replay_of_rows.py
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from benchmarks.loopback_model import Clerk
from swe_features.cli import main
from swe_features.trajectories import read_trajectory
from tests.agent.chat_server import ChatServer

ROWS = os.environ.get("SWE_FEATURES_ROWS", "")
CLONE = os.environ.get("SWE_FEATURES_CLONE", "")
FIVE = 5
TIMES = {"finished_at", "seconds", "sleep_seconds", "duration_s", "waited_s"}

pytestmark = pytest.mark.skipif(
    not (ROWS and CLONE), reason="no SWE_FEATURES_ROWS and SWE_FEATURES_CLONE"
)


def test_five_rows_replay_to_the_letter(tmp_path: Path) -> None:
    suite = tmp_path / "five.jsonl"
    rows = Path(ROWS).read_text().splitlines(keepends=True)
    suite.write_text("".join(rows[:FIVE]))
    recording = tmp_path / "recording"
    with ChatServer(Clerk(0.0).answer) as server:
        address = f"api_base={server.url}"
        record = ["--model-option", address, "--record", str(recording)]
        first = run(suite, tmp_path / "first", record)
        assert server.requests
    second = run(suite, tmp_path / "second", ["--replay", str(recording)])

    assert {row["instance_id"] for row, _ in first} == instances(suite)
    assert {row["outcome"] for row, _ in first} == {"scored"}
    assert as_text(first) == as_text(second)


def run(suite: Path, out: Path, words: list[str]) -> list[tuple[Any, list[Any]]]:
    """Run the rows; each result with the events of its attempt, but for times."""
    experiment = ["run", str(suite), "--repo", CLONE, "--model", "hosted_vllm/clerk"]
    arms = ["--arms", "sleep-time,test-time,no-context", "--budgets", "3"]
    where = ["--sandbox", "subprocess", "--out", str(out)]
    assert main([*experiment, *arms, *where, *words]) == 0
    lines = (out / "results.jsonl").read_text().splitlines()
    rows = sorted(map(json.loads, lines), key=lambda row: str(row["cell_id"]))
    return [(row, read_events(out / row["trajectory"])) for row in rows]


def read_events(trajectory: Path) -> list[Any]:
    return [event["data"] for event in read_trajectory(trajectory)]


def instances(suite: Path) -> set[str]:
    rows = [json.loads(line) for line in suite.read_text().splitlines()]
    return {f"{row['repo'].replace('/', '__')}-{row['pr_number']}" for row in rows}


def as_text(value: object) -> str:
    return json.dumps(without_times(value), sort_keys=True, indent=1)


def without_times(value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    if isinstance(value, dict):
        kept = {name: each for name, each in value.items() if name not in TIMES}
        return {name: without_times(each) for name, each in kept.items()}
    if isinstance(value, list | tuple):
        return [without_times(each) for each in value]
    return value
