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
    spent = {
        "input_tokens": 100,
        "cached_input_tokens": 60,
        "cache_write_input_tokens": 5,
        "output_tokens": 9,
        "reasoning_output_tokens": 4,
    }
    kinds = ("error", "command_execution", "reasoning", "agent_message")
    lines = [
        *({"type": "item.completed", "item": {"type": kind}} for kind in kinds),
        {"type": "turn.completed", "usage": spent},
    ]

    read = read_record("codex", tmp_path, "\n".join(map(json.dumps, lines)))

    assert read.steps == 2
    assert read.usage == Usage(100, 60, 9, 4, 1, 0, 5)


def test_a_turn_that_codex_did_not_complete_is_unmeasured(tmp_path: Path) -> None:
    """It counted as no tokens, and as no dollars."""
    lines = [
        {"type": "item.completed", "item": {"type": "command_execution"}},
        {"type": "turn.failed", "error": {"message": "stream disconnected"}},
    ]

    read = read_record("codex", tmp_path, "\n".join(map(json.dumps, lines)))

    assert read.steps == 1
    assert read.usage.unmeasured_requests


def test_steps_of_openhands_are_its_models_replies(tmp_path: Path) -> None:
    events = [
        {"source": "user", "llm_response_id": None},
        {"source": "agent", "llm_response_id": "a"},
        {"source": "agent", "llm_response_id": "a"},
        {"source": "environment"},
        {"source": "agent", "llm_response_id": "b"},
    ]

    read = read_record("openhands", tmp_path, "\n".join(map(json.dumps, events)))

    assert read.steps == 2
    assert read.usage.unmeasured_requests


def test_steps_of_aider_are_the_replies_that_it_counts(tmp_path: Path) -> None:
    told = "Tokens: 3.1k sent, 20 received. Cost: $0.01 message.\n"

    read = read_record("aider", tmp_path, f"Aider\n{told}\nApplied edit\n{told}")

    assert read.steps == 2
    assert read.usage.unmeasured_requests


def test_a_turn_without_a_reply_is_no_step_of_claude_code(tmp_path: Path) -> None:
    usage = {"input_tokens": 0, "output_tokens": 0}
    result = {"type": "result", "num_turns": 1, "usage": usage, "is_error": True}

    assert read_record("claude-code", tmp_path, json.dumps(result)).steps == 0


@pytest.mark.parametrize(
    "form", ["aider", "claude-code", "codex", "mini-swe-agent", "openhands", None]
)
@pytest.mark.parametrize("text", ["", "{", "[]", '{"messages": 3, "type": "result"}'])
def test_a_record_that_cannot_be_read_is_unmeasured(
    form: Record | None, text: str, tmp_path: Path
) -> None:
    path = tmp_path / "t.json"
    path.write_text(text)

    read = read_record(form, path, text)

    assert read.usage.unmeasured_requests == 1
    assert read.usage.completion_tokens == 0
