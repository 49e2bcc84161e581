"""What a provider is told to keep, on the wire of its own interface."""

import json

import pytest

from agent.errors import ModelError
from agent.messages import Message, ToolCall, ToolSpec
from agent.models.litellm_model import LiteLLMModel
from agent.models.options import read_options
from tests.agent.chat_server import Answer, ChatServer, Status, Write

CALLS = (ToolCall("toolu_1", "search", {"query": "a"}),)
CONVERSATION = (
    Message("system", "You work."),
    Message("user", "Find it."),
    Message("assistant", "", CALLS),
    Message("tool", "found", tool_call_id="toolu_1"),
)
TOOLS = (
    ToolSpec("search", "Search.", {"type": "object", "properties": {"query": {}}}),
)
MESSAGE = Write(
    json.dumps(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-4-5",
            "content": [
                {"type": "thinking", "thinking": "So be it.", "signature": "signed"},
                {"type": "text", "text": "Found."},
                {
                    "type": "tool_use",
                    "id": "toolu_2",
                    "name": "search",
                    "input": {"query": "b"},
                },
            ],
            "stop_reason": "tool_use",
            "usage": {
                "input_tokens": 10,
                "cache_read_input_tokens": 900,
                "cache_creation_input_tokens": 90,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 60,
                    "ephemeral_1h_input_tokens": 30,
                },
                "output_tokens": 30,
            },
        }
    ).encode()
)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-planted-0123456789")


def claude(server: ChatServer, **options: object) -> LiteLLMModel:
    base = server.url.removesuffix("/v1")
    given = {"api_base": base, "retries": 2, "timeout_s": 10} | options
    return LiteLLMModel(
        "anthropic/claude-sonnet-4-5", read_options(given), sleep=lambda _: None
    )


def test_the_stable_prefix_and_the_last_message_are_marked() -> None:
    with ChatServer(MESSAGE) as server:
        claude(server, cache_ttl="1h").complete(CONVERSATION, TOOLS)

    body = server.requests[0].body
    long = {"type": "ephemeral", "ttl": "1h"}
    assert body["system"][-1]["cache_control"] == long
    first, _, last = body["messages"]
    assert first["content"][-1]["cache_control"] == long
    assert "'cache_control': {'type': 'ephemeral'}" in str(last)
    assert str(body).count("cache_control") == 3


def test_marks_can_be_left_out() -> None:
    with ChatServer(MESSAGE) as server:
        claude(server, cache_ttl="off").complete(CONVERSATION, TOOLS)

    assert "cache_control" not in str(server.requests[0].body)


def test_other_providers_are_sent_plain_text() -> None:
    with ChatServer(Answer()) as server:
        options = read_options({"api_base": server.url})
        LiteLLMModel("hosted_vllm/m", options).complete(CONVERSATION, TOOLS)

    contents = [m.get("content") for m in server.requests[0].body["messages"]]
    assert contents == ["You work.", "Find it.", None, "found"]


def test_cached_tokens_are_part_of_the_prompt_and_counted_apart() -> None:
    with ChatServer(MESSAGE) as server:
        reply = claude(server).complete(CONVERSATION, TOOLS)

    assert reply.usage.prompt_tokens == 1000
    assert reply.usage.cached_prompt_tokens == 900
    assert reply.usage.cache_write_tokens == 90
    assert reply.usage.hour_cache_write_tokens == 30
    assert reply.usage.completion_tokens == 30


def test_signed_reasoning_goes_back_with_its_signature() -> None:
    with ChatServer(MESSAGE) as server:
        model = claude(server, reasoning_effort="low")
        reply = model.complete(CONVERSATION, TOOLS)
        result = Message("tool", "found", tool_call_id="toolu_2")
        model.complete((*CONVERSATION, reply.as_message(), result), TOOLS)

    assert reply.reasoning == "So be it."
    assert "'signature': 'signed'" in str(server.requests[1].body)


@pytest.mark.parametrize("code", [429, 500, 529])
def test_its_passing_faults_are_asked_again(code: int) -> None:
    with ChatServer(Status(code), MESSAGE) as server:
        reply = claude(server).complete(CONVERSATION, TOOLS)

    assert reply.attempts == 2


@pytest.mark.parametrize("code", [400, 401, 404])
def test_its_other_faults_are_not(code: int) -> None:
    with ChatServer(Status(code)) as server, pytest.raises(ModelError):
        claude(server).complete(CONVERSATION, TOOLS)

    assert len(server.requests) == 1
