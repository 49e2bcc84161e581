"""What litellm's data say of a model."""

import json

import pytest

from agent.errors import ModelSetupError
from agent.messages import Message, ToolSpec
from agent.models.capabilities import find_context_window, wants_cache_markers
from agent.models.litellm_model import LiteLLMModel
from agent.models.options import read_options
from tests.agent.chat_server import ChatServer, Line, Received, Status, Write

TOOLS = (ToolSpec("search", "Search.", {"type": "object", "properties": {"q": {}}}),)


def ollama(template: str) -> ChatServer:
    """A server that speaks Ollama's own interface."""
    call = {"function": {"name": "search", "arguments": {"q": "a"}}}
    reply = {
        "model": "m",
        "created_at": "2026-01-01T00:00:00Z",
        "message": {"role": "assistant", "content": "", "tool_calls": [call]},
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 26,
        "eval_count": 9,
    }

    def answer(received: Received) -> Line:
        if received.path.endswith("/api/show"):
            return Write(json.dumps({"template": template}).encode())
        return Write(json.dumps(reply).encode())

    return ChatServer(answer)


def ask(server: ChatServer) -> list[bool]:
    base = server.url.removesuffix("/v1")
    model = LiteLLMModel("ollama_chat/m", read_options({"api_base": base}))
    reply = model.complete((Message("user", "Find it."),), TOOLS)
    assert reply.usage.prompt_tokens == 26
    chats = [r for r in server.requests if r.path.endswith("/api/chat")]
    return ["tools" in request.body for request in chats]


def test_ollama_is_asked_whether_a_model_knows_tools() -> None:
    with ollama("{{ if .Tools }} tools {{ end }}") as server:
        assert ask(server) == [True]


def test_a_model_of_ollamas_that_knows_none_is_asked_in_text() -> None:
    with ollama("{{ .Prompt }}") as server:
        assert ask(server) == [False]


def test_a_server_of_ollamas_that_does_not_say_ends_the_run() -> None:
    """One answer of 503 put a whole run into text, and no figure told it."""
    with ChatServer(Status(503)) as server, pytest.raises(ModelSetupError) as caught:
        ask(server)

    assert "tool_calling" in str(caught.value)


def test_windows_are_known_for_known_models_only() -> None:
    assert find_context_window("openai/gpt-4o") == 128_000
    assert find_context_window("hosted_vllm/somebodys-own") is None


def test_only_anthropics_models_want_markers() -> None:
    assert wants_cache_markers("bedrock/anthropic.claude-sonnet-4-5")
    assert not wants_cache_markers("openai/gpt-5")
