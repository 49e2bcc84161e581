"""A finished experiment runs again from its recording, without a model."""

import json
from pathlib import Path
from typing import Any

from agent.models.recording import RecordingModel, ReplayModel
from swe_features.session import run_experiment
from tests.swe_features.small_experiment import (
    Silence,
    Student,
    equip_with,
    small_experiment,
)

TIMES = {"finished_at", "seconds", "sleep_seconds"}


def test_a_replayed_experiment_gives_the_same_rows(tmp_path: Path) -> None:
    student = Student()
    recording = RecordingModel(student, tmp_path / "recording")
    first = rows(tmp_path, "first", recording)
    asked = len(student.requests)
    replay = ReplayModel("student", tmp_path / "recording")
    second = rows(tmp_path, "second", replay)

    assert asked > 0
    assert len(student.requests) == asked
    assert first == second
    assert {row["outcome"] for row in first} == {"scored"}


def rows(folder: Path, out: str, model: RecordingModel | ReplayModel) -> Any:  # noqa: ANN401
    experiment = small_experiment(
        folder, arms=("sleep-time", "test-time", "no-context"), seeds=2, workers=3
    )
    run_experiment(
        experiment,
        folder / out,
        Silence(),
        set_up=lambda config, run_id: equip_with(model),
        environment={},
    )
    lines = (folder / out / "results.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    kept = [{k: v for k, v in row.items() if k not in TIMES} for row in found]
    return sorted(kept, key=lambda row: str(row["cell_id"]))
