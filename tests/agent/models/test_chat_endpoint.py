"""Which servers are asked directly, and what reaches them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from agent.errors import ModelError
from agent.messages import Message
from agent.model import Reply
from agent.models.chat_endpoint import find_endpoint
from agent.models.litellm_model import LiteLLMModel
from agent.models.options import read_options
from tests.agent.chat_server import Answer, Break, ChatServer, Line, Received, Write

ADDRESS = "http://127.0.0.1:9/v1"
CONVERSATION = (Message("user", "Find the file."),)


def ask(name: str, *lines: Line, **options: object) -> tuple[Reply, ChatServer]:
    with ChatServer(*lines) as server:
        given = {"api_base": server.url, "retries": 0} | options
        model = LiteLLMModel(name, read_options(given))
        return model.complete(CONVERSATION, ()), server


@pytest.mark.parametrize("name", ["hosted_vllm/Qwen/Qwen3-8B", "openai/their-name"])
def test_an_unknown_model_on_a_server_of_ones_own_is_asked_directly(name: str) -> None:
    assert find_endpoint(name, read_options({"api_base": ADDRESS})) is not None


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("openai/their-name", {}),
        ("openai/their-name", {"api_base": ADDRESS, "client": "litellm"}),
        ("openai/their-name", {"api_base": ADDRESS, "stream": True}),
        ("openai/their-name", {"api_base": ADDRESS, "extra": {"top_k": 3}}),
        ("openai/gpt-4o", {"api_base": ADDRESS}),
        ("anthropic/claude-sonnet-4-5", {"api_base": ADDRESS}),
        ("ollama_chat/qwen3:8b", {"api_base": ADDRESS}),
    ],
)
def test_everything_else_goes_through_litellm(
    name: str, options: dict[str, object]
) -> None:
    assert find_endpoint(name, read_options(options)) is None


def test_the_name_loses_its_provider_and_nothing_else() -> None:
    _, server = ask("hosted_vllm/Qwen/Qwen3-8B", Answer())

    (request,) = server.requests
    assert request.body["model"] == "Qwen/Qwen3-8B"
    assert "Authorization" not in request.headers


def test_the_provider_has_its_own_variable_for_a_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOSTED_VLLM_API_KEY", "a-planted-key\n")

    _, server = ask("hosted_vllm/m", Answer())

    assert server.requests[0].headers["Authorization"] == "Bearer a-planted-key"


def test_text_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo."}]
    said = {"content": parts, "reasoning": "I think."}

    reply, _ = ask("hosted_vllm/m", Answer(message=said))

    assert (reply.content, reply.reasoning) == ("Hello.", "I think.")


@pytest.mark.parametrize("usage", ['"many"', "[1]", '{"prompt_tokens": "ten"}'])
def test_usage_that_cannot_be_read_is_unmeasured(usage: str) -> None:
    said = '{"choices": [{"message": {"content": "Hello."}}], "usage": %s}'

    reply, _ = ask("hosted_vllm/m", Write((said % usage).encode()))

    assert reply.content == "Hello."
    assert reply.usage.unmeasured_requests == 1


def echo(received: Received) -> Line:
    return Answer(received.body["messages"][0]["content"])


def test_many_threads_share_the_connections_and_mix_nothing_up() -> None:
    with ChatServer(echo) as server:
        model = LiteLLMModel("hosted_vllm/m", read_options({"api_base": server.url}))

        def say(number: int) -> str:
            return model.complete([Message("user", f"{number}")], ()).content

        with ThreadPoolExecutor(16) as pool:
            said = list(pool.map(say, range(200)))

    assert said == [str(number) for number in range(200)]


def test_a_broken_connection_does_not_spoil_the_next_request() -> None:
    with ChatServer(Break("reset-middle"), Answer("Back.")) as server:
        options = read_options({"api_base": server.url, "retries": 0})
        model = LiteLLMModel("hosted_vllm/m", options)
        with pytest.raises(ModelError, match="broke"):
            model.complete(CONVERSATION, ())

        assert model.complete(CONVERSATION, ()).content == "Back."
