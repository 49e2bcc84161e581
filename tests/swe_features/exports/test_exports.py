"""A run in the forms that other programs read."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from agent.messages import Message, ToolSpec
from agent.model import Reply
from agent.usage import Usage
from swe_features.errors import ConfigError, StoreError
from swe_features.exports.atif import write_atif
from swe_features.exports.turns import read_conversation
from swe_features.exports.writing import Form, export_experiment
from swe_features.merging import merge_experiments
from swe_features.results import StoredExperiment, read_experiment
from swe_features.session import run_experiment
from tests.swe_features.small_experiment import (
    Silence,
    Student,
    equip_with,
    small_experiment,
)

AGENT_ONLY = {"tool_calls", "metrics", "reasoning_content", "llm_call_count"}


class Editor(Student):
    """A student that appends a line to a file, and submits."""

    def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Reply:
        reply = super().complete(messages, tools)
        (call,) = reply.tool_calls
        if call.name != "propose_files":
            return reply
        command = {"command": "echo 'B = 9' >> till/core.py"}
        return replace(
            reply, tool_calls=(replace(call, name="run_command", arguments=command),)
        )


def run_small(folder: Path, student: Student, **settings: object) -> StoredExperiment:
    settings = {"arms": ("sleep-time", "no-context", "bm25"), **settings}
    experiment = small_experiment(folder, budgets=(3,), **settings)
    run_experiment(
        experiment,
        folder / "out",
        Silence(),
        set_up=lambda config, run_id: equip_with(student),
    )
    return read_experiment(folder / "out")


@pytest.fixture
def stored(tmp_path: Path) -> StoredExperiment:
    return run_small(tmp_path, Student())


def read_all(paths: tuple[Path, ...]) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in paths]


def check_trajectory(trajectory: dict[str, Any]) -> None:
    """The rules of the format that a reader may rest on."""
    assert trajectory["schema_version"] == "ATIF-v1.7"
    assert trajectory["agent"]["name"]
    assert trajectory["agent"]["version"]
    steps = trajectory["steps"]
    assert [step["step_id"] for step in steps] == list(range(1, len(steps) + 1))
    for step in steps:
        assert step["source"] in ("system", "user", "agent")
        assert isinstance(step["message"], str)
        if step["source"] != "agent":
            assert not AGENT_ONLY & set(step)
        own = {call["tool_call_id"] for call in step.get("tool_calls", ())}
        for answer in step.get("observation", {}).get("results", ()):
            if "source_call_id" in answer:
                assert answer["source_call_id"] in own
    total = trajectory["final_metrics"]["total_completion_tokens"]
    counted = [s["metrics"]["completion_tokens"] for s in steps if "metrics" in s]
    assert total == sum(counted) > 0
    assert trajectory["final_metrics"]["total_steps"] == len(steps)


def test_each_attempt_of_an_agent_is_a_valid_trajectory(
    stored: StoredExperiment, tmp_path: Path
) -> None:
    trajectories = read_all(export_experiment(stored, Form.ATIF, tmp_path / "atif"))

    arms = [each["agent"]["extra"]["arm"] for each in trajectories]
    assert set(arms) == {"sleep-time", "no-context"}
    for trajectory in trajectories:
        check_trajectory(trajectory)
        assert trajectory["extra"]["f1"] is not None
        tools = trajectory["agent"]["tool_definitions"]
        assert {"submit"} <= {tool["function"]["name"] for tool in tools}


def test_the_sleep_phase_is_the_trajectory_of_a_sub_agent(
    stored: StoredExperiment, tmp_path: Path
) -> None:
    trajectories = read_all(export_experiment(stored, Form.ATIF, tmp_path / "atif"))

    for trajectory in trajectories:
        subagents = trajectory.get("subagent_trajectories", [])
        if trajectory["agent"]["extra"]["arm"] == "no-context":
            assert subagents == []
            continue
        (asleep,) = subagents
        check_trajectory(asleep)
        (answer,) = trajectory["steps"][0]["observation"]["results"]
        (reference,) = answer["subagent_trajectory_ref"]
        assert reference["trajectory_id"] == asleep["trajectory_id"]
        assert "Look at till/core.py." in answer["content"]


def test_every_sleep_phase_of_an_attempt_is_a_sub_agent(tmp_path: Path) -> None:
    """With several contexts there was one sub-agent, without any step."""
    stored = run_small(tmp_path, Student(), arms=("sleep-time-k3",))

    for trajectory in read_all(export_experiment(stored, Form.ATIF, tmp_path / "a")):
        check_trajectory(trajectory)
        asleep = trajectory["subagent_trajectories"]
        for each in asleep:
            check_trajectory(each)
        answers = trajectory["steps"][0]["observation"]["results"]
        referred = [
            reference["trajectory_id"]
            for answer in answers
            for reference in answer["subagent_trajectory_ref"]
        ]
        assert referred == [each["trajectory_id"] for each in asleep]
        assert len(set(referred)) == 3
        assert all("Look at till/core.py." in answer["content"] for answer in answers)


def test_trajectories_have_the_form_of_mini_swe_agent(
    stored: StoredExperiment, tmp_path: Path
) -> None:
    paths = export_experiment(stored, Form.MINI, tmp_path / "mini")

    assert all(path.name.endswith(".traj.json") for path in paths)
    for trajectory in read_all(paths):
        assert trajectory["trajectory_format"] == "mini-swe-agent-1.1"
        assert trajectory["instance_id"].startswith("shop__till-")
        roles = [message["role"] for message in trajectory["messages"]]
        assert roles[:2] == ["system", "user"]
        assert roles[-1] == "exit"
        assert trajectory["info"]["model_stats"]["api_calls"] == roles.count(
            "assistant"
        )
        assert trajectory["info"]["submission"] == "till/core.py"


def test_file_lists_are_written_for_each_arm(
    stored: StoredExperiment, tmp_path: Path
) -> None:
    paths = export_experiment(stored, Form.FILES, tmp_path / "files")

    names = [path.name for path in paths]
    assert names == ["sleep-time-3-0.jsonl", "no-context-3-0.jsonl", "bm25-0-0.jsonl"]
    first = json.loads(paths[0].read_text().splitlines()[0])
    assert first["found_files"] == ["till/core.py"]


def test_each_model_of_a_merged_run_has_files_of_its_own(tmp_path: Path) -> None:
    """Each instance stood twice in one file, which no reader takes."""
    for model in ("a/b", "a-b"):
        experiment = small_experiment(
            tmp_path, arms=("no-context", "bm25"), budgets=(3,), model=model
        )
        run_experiment(
            experiment,
            tmp_path / quote(model, safe=""),
            Silence(),
            set_up=lambda config, run_id: equip_with(Student()),
        )
    parts = [tmp_path / "a%2Fb", tmp_path / "a-b"]
    merged = merge_experiments(tmp_path / "merged", parts, environment={})

    paths = export_experiment(merged, Form.FILES, tmp_path / "files")

    assert {path.name for path in paths} == {
        "no-context-3-0-a%2Fb.jsonl",
        "no-context-3-0-a-b.jsonl",
        "bm25-0-0.jsonl",
    }
    for path in paths:
        lines = map(json.loads, path.read_text().splitlines())
        assert sorted(line["instance_id"] for line in lines) == [
            f"shop__till-{number}" for number in (1, 2, 3)
        ]


def test_only_the_newest_of_other_code_is_exported(
    stored: StoredExperiment, tmp_path: Path
) -> None:
    old = next(row for row in stored.scored if row.arm == "bm25")
    new = replace(
        old,
        cell_id="other",
        code="other",
        predicted_files=("new.py",),
        finished_at="9999",
    )
    cell = replace(stored.plan.cells[0], cell_id="other")
    both = replace(
        stored,
        plan=replace(stored.plan, cells=(cell, *stored.plan.cells)),
        results={**stored.results, "other": new},
    )

    paths = export_experiment(both, Form.FILES, tmp_path / "files")

    (path,) = (path for path in paths if path.name == "bm25-0-0.jsonl")
    lines = list(map(json.loads, path.read_text().splitlines()))
    found = {line["instance_id"]: line["found_files"] for line in lines}
    assert len(lines) == len(found) == 3
    assert found[old.instance_id] == ["new.py"]


def test_attempts_that_only_predict_have_no_patch(
    stored: StoredExperiment, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="--mode edit"):
        export_experiment(stored, Form.SWE_BENCH, tmp_path / "patches")
    assert not (tmp_path / "patches").exists()


def test_file_lists_need_a_scored_cell_and_no_patch(stored: StoredExperiment) -> None:
    nothing = replace(stored, results={})
    with pytest.raises(ConfigError, match="holds no scored cell yet"):
        export_experiment(nothing, Form.FILES, stored.directory / "exports")


def test_patches_of_editing_attempts_are_predictions(tmp_path: Path) -> None:
    stored = run_small(tmp_path, Editor(), mode="edit")
    paths = export_experiment(stored, Form.SWE_BENCH, tmp_path / "patches")

    assert len(paths) == 2
    for text in paths[0].read_text().splitlines():
        line = json.loads(text)
        assert set(line) == {"instance_id", "model_name_or_path", "model_patch"}
        assert "+B = 9" in line["model_patch"]
        assert "--- a/till/core.py" in line["model_patch"]


def test_folder_that_cannot_be_made_is_refused(
    stored: StoredExperiment, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="choose another --out"):
        export_experiment(stored, Form.FILES, tmp_path / "file" / "folder")


@pytest.mark.parametrize(
    "event", ["{}", "[]", '{"kind": "reply", "data": {}}', '{"kind": "message"}']
)
def test_event_that_nobody_here_wrote_is_refused(
    event: str, stored: StoredExperiment
) -> None:
    name = next(r.trajectory for r in stored.scored if r.arm == "no-context")
    assert name is not None
    (stored.directory / name).write_text(f"{event}\n")
    with pytest.raises(StoreError, match=f"{name} holds an event that is none of ours"):
        export_experiment(stored, Form.ATIF, stored.directory / "exports")


def test_totals_of_untold_tokens_are_left_out(stored: StoredExperiment) -> None:
    result = next(r for r in stored.scored if r.arm == "no-context")
    attempted = read_conversation(stored.trajectory(result))
    first = next(turn for turn in attempted.turns if turn.usage is not None)
    first.usage = Usage(requests=1, unmeasured_requests=1)
    totals = write_atif(result, attempted)["final_metrics"]
    assert totals.keys() == {"total_steps", "extra"}
    assert totals["extra"] == {"unmeasured_requests": 1}
