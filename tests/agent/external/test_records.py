"""What agents say of themselves."""

import json
from pathlib import Path

import pytest

from agent.external.command import Record
from agent.external.records import read_record
from agent.usage import Usage


def test_a_trajectory_of_mini_swe_agent_is_read(tmp_path: Path) -> None:
    response = {
        "choices": [{}],
        "usage": {
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "prompt_tokens_details": {"cached_tokens": 60},
            "completion_tokens_details": {"reasoning_tokens": 5},
        },
    }
    record = {
        "info": {"exit_status": "LimitsExceeded"},
        "messages": [
            {"role": "system", "content": ""},
            {"role": "assistant", "extra": {"response": response}},
            {"role": "assistant", "extra": {"response": response}},
            {"role": "exit", "extra": {}},
        ],
    }
    path = tmp_path / "t.json"
    path.write_text(json.dumps(record))

    read = read_record("mini-swe-agent", path, "")

    assert read.steps == 2
    assert read.usage == Usage(200, 120, 40, 10, 2, 0)
    assert read.exit_status == "LimitsExceeded"


def test_the_result_of_claude_code_is_read(tmp_path: Path) -> None:
    result = {
        "type": "result",
        "subtype": "error_max_turns",
        "num_turns": 4,
        "usage": {
            "input_tokens": 10,
            "cache_read_input_tokens": 80,
            "cache_creation_input_tokens": 10,
            "cache_creation": {"ephemeral_1h_input_tokens": 4},
            "output_tokens": 7,
        },
    }

    read = read_record("claude-code", tmp_path, f"a warning\n{json.dumps(result)}\n")

    assert (read.steps, read.exit_status) == (4, "error_max_turns")
    assert read.usage == Usage(100, 80, 7, 0, 4, 0, 10, 4)


def test_the_events_of_codex_are_read(tmp_path: Path) -> None:
    spent = {"input_tokens": 100, "cached_input_tokens": 60, "output_tokens": 9}
    lines = [
        {"type": "item.completed"},
        {"type": "item.completed"},
        {"type": "turn.completed", "usage": spent},
    ]

    read = read_record("codex", tmp_path, "\n".join(map(json.dumps, lines)))

    assert read.steps == 2
    assert read.usage == Usage(100, 60, 9, 0, 1, 0)


@pytest.mark.parametrize("form", ["mini-swe-agent", "claude-code", None])
@pytest.mark.parametrize("text", ["", "{", "[]", '{"messages": 3, "type": "result"}'])
def test_a_record_that_cannot_be_read_is_unmeasured(
    form: Record | None, text: str, tmp_path: Path
) -> None:
    path = tmp_path / "t.json"
    path.write_text(text)

    read = read_record(form, path, text)

    assert read.usage.unmeasured_requests == 1
    assert read.usage.completion_tokens == 0
