"""The litellm model against a real server on loopback."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from agent.errors import ModelSetupError
from agent.messages import Message, ToolCall, ToolSpec
from agent.model import Reply
from agent.models.litellm_model import LiteLLMModel
from agent.models.options import read_options
from tests.agent.chat_server import USAGE, Answer, ChatServer, Line, Write, tool_call

KEY = "sk-planted-in-the-environment-0123456789"
Way = Mapping[str, object]
WHOLE: dict[str, Way] = {"direct": {}, "litellm": {"client": "litellm"}}
"""How a whole reply is asked for: over HTTP at once, or through the library."""
CONVERSATION = (Message("system", "You work."), Message("user", "Find the file."))
TOOLS = (
    ToolSpec(
        "search",
        "Search the tree.",
        {"type": "object", "properties": {"query": {"type": "string"}}},
    ),
)

Ask = Callable[..., Reply]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@contextmanager
def serve(*lines: Line, **options: object) -> Iterator[tuple[ChatServer, LiteLLMModel]]:
    with ChatServer(*lines) as server:
        given = {"api_base": server.url, "timeout_s": 60.0, "retries": 0} | options
        yield server, LiteLLMModel("openai/m", read_options(given))


def ask(*lines: Line, **options: object) -> Reply:
    with serve(*lines, **options) as (_, model):
        return model.complete(CONVERSATION, TOOLS)


@pytest.fixture(params=WHOLE | {"streamed": {"stream": True}})
def way(request: pytest.FixtureRequest) -> Way:
    return (WHOLE | {"streamed": {"stream": True}})[request.param]


@pytest.fixture(params=WHOLE)
def whole(request: pytest.FixtureRequest) -> Way:
    return WHOLE[request.param]


def test_a_reply_with_text_and_a_tool_call_is_read(way: Way) -> None:
    line = Answer(
        "I look.",
        [tool_call("search", {"query": "model"})],
        finish_reason="tool_calls",
    )

    reply = ask(line, **way)

    assert reply.content == "I look."
    assert reply.tool_calls == (ToolCall("call_1", "search", {"query": "model"}),)
    assert reply.finish_reason == "tool_calls"
    assert reply.attempts == 1
    assert reply.duration_s > 0


def test_tokens_are_kept_apart_by_kind(way: Way) -> None:
    usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 90,
        "total_tokens": 1090,
        "prompt_tokens_details": {"cached_tokens": 800},
        "completion_tokens_details": {"reasoning_tokens": 70},
        "cost": 0.0123,
    }

    reply = ask(Answer(usage=usage), **way)

    assert reply.usage.prompt_tokens == 1000
    assert reply.usage.cached_prompt_tokens == 800
    assert reply.usage.completion_tokens == 90
    assert reply.usage.reasoning_tokens == 70
    assert reply.usage.requests == 1
    assert reply.usage.unmeasured_requests == 0
    assert reply.billed_usd == 0.0123


def test_missing_usage_is_unmeasured_and_not_estimated(way: Way) -> None:
    reply = ask(Answer(usage=None), **way)

    assert reply.content == "Hello."
    assert reply.usage.unmeasured_requests == 1
    assert reply.usage.prompt_tokens == 0
    assert reply.usage.completion_tokens == 0
    assert reply.billed_usd is None


def test_reasoning_that_is_counted_beside_the_completion_is_part_of_it(
    way: Way,
) -> None:
    """As xAI counts: a tenth of the tokens was stored, and held against the limits."""
    usage = {
        "prompt_tokens": 32,
        "completion_tokens": 9,
        "total_tokens": 135,
        "completion_tokens_details": {"reasoning_tokens": 94},
    }

    reply = ask(Answer(usage=usage), **way)

    assert (reply.usage.completion_tokens, reply.usage.reasoning_tokens) == (103, 94)


@pytest.mark.parametrize("number", ["NaN", "1e999"])
def test_a_count_or_a_bill_that_is_no_number_is_none(number: str) -> None:
    """A bill of NaN passed every limit of cost, for the rest of its cell."""
    usage = {"prompt_tokens": "?", "completion_tokens": 1, "cost": "?"}
    told = {"choices": [{"message": {"content": "Hello."}}], "usage": usage}

    reply = ask(Write(json.dumps(told).replace('"?"', number).encode()))

    assert reply.content == "Hello."
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (0, 1)
    assert reply.billed_usd is None


@pytest.mark.parametrize(
    ("is_byok", "billed_usd"), [(True, pytest.approx(0.51)), (False, 0.01)]
)
def test_the_bill_of_a_key_of_ones_own_is_part_of_the_bill(
    is_byok: bool,  # noqa: FBT001 - a parameter of the test
    billed_usd: float,
    way: Way,
) -> None:
    details = {"upstream_inference_cost": 0.5}
    cost = {"cost": 0.01, "is_byok": is_byok, "cost_details": details}

    assert ask(Answer(usage=USAGE | cost), **way).billed_usd == billed_usd


@pytest.mark.parametrize(
    ("counts", "prompt_tokens"),
    [
        ({}, 0),
        ({"eval_count": 7}, 0),
        ({"eval_count": 7, "prompt_eval_count": 40}, 40),
    ],
)
def test_words_that_the_library_counts_are_no_tokens(
    counts: dict[str, object], prompt_tokens: int
) -> None:
    """Of Ollama, which leaves out what it did not have to read again."""
    end: dict[str, object] = {"model": "m", "done": True, "done_reason": "stop"}
    told = end | {"message": {"role": "assistant", "content": "Hello."}} | counts
    with ChatServer(Write(json.dumps(told).encode())) as server:
        base = server.url.removesuffix("/v1")
        options = read_options({"api_base": base, "tool_calling": "text"})
        usage = LiteLLMModel("ollama_chat/m", options).complete(CONVERSATION, ()).usage

    assert usage.prompt_tokens == prompt_tokens
    assert usage.unmeasured_requests == (0 if prompt_tokens else 1)


@pytest.mark.parametrize("counts", [{}, {"eval_count": 7, "prompt_eval_count": 40}])
def test_counts_that_the_library_hides_are_no_tokens(
    counts: dict[str, object],
) -> None:
    """It does not show what Ollama's other interface answers, and fills in its own."""
    told = {"model": "m", "done": True, "response": "Hello."} | counts
    with ChatServer(Write(json.dumps(told).encode())) as server:
        base = server.url.removesuffix("/v1")
        options = read_options({"api_base": base, "tool_calling": "text"})
        reply = LiteLLMModel("ollama/m", options).complete(CONVERSATION, ())

    assert (reply.content, reply.usage.prompt_tokens) == ("Hello.", 0)
    assert reply.usage.unmeasured_requests == 1


def test_many_tool_calls_in_one_reply_keep_their_order(way: Way) -> None:
    calls = [tool_call("search", {"query": str(i)}, f"call_{i}") for i in range(12)]

    reply = ask(Answer(None, calls, finish_reason="tool_calls"), **way)

    assert [call.arguments["query"] for call in reply.tool_calls] == [
        str(i) for i in range(12)
    ]


@pytest.mark.parametrize("arguments", ["{query: model", "[1, 2]", '"text"', "nul"])
def test_arguments_that_are_no_json_object_are_kept_as_text(
    arguments: str, way: Way
) -> None:
    reply = ask(Answer(None, [tool_call("search", arguments)]), **way)

    (call,) = reply.tool_calls
    assert call.raw_arguments == arguments
    assert call.arguments == {}


def test_a_call_of_an_unknown_tool_is_handed_on_to_the_loop(way: Way) -> None:
    reply = ask(Answer(None, [tool_call("teleport", {})]), **way)

    assert reply.tool_calls[0].name == "teleport"


def test_an_empty_reply_is_a_reply(way: Way) -> None:
    reply = ask(Answer(""), **way)

    assert reply.content == ""
    assert reply.tool_calls == ()


def test_a_refusal_is_a_reply_that_says_so(way: Way) -> None:
    line = Answer(None, message={"refusal": "I will not."})

    reply = ask(line, **way)

    assert (reply.content, reply.finish_reason) == ("I will not.", "refusal")


def test_a_reply_cut_at_its_length_says_so(way: Way) -> None:
    reply = ask(Answer("and then", finish_reason="length"), **way)

    assert (reply.content, reply.finish_reason) == ("and then", "length")


def test_a_reply_of_200_000_tokens_is_read_whole(whole: Way) -> None:
    text = "word " * 200_000

    reply = ask(Answer(text, finish_reason="length"), **whole)

    assert reply.content == text


def test_reasoning_is_read_and_sent_back(whole: Way) -> None:
    line = Answer("Done.", message={"reasoning_content": "I think."})
    with serve(line, Answer(), **whole) as (server, model):
        reply = model.complete(CONVERSATION, TOOLS)
        model.complete((*CONVERSATION, reply.as_message()), TOOLS)

    assert reply.reasoning == "I think."
    sent = server.requests[1].body["messages"][-1]
    assert sent["reasoning_content"] == "I think."


def test_call_ids_are_unique_in_the_conversation() -> None:
    line = Answer(None, [tool_call("search", {}), tool_call("search", {}), NAMELESS])
    with serve(line) as (_, model):
        first = model.complete(CONVERSATION, TOOLS)
        second = model.complete((*CONVERSATION, first.as_message()), TOOLS)

    ids = [call.call_id for call in first.tool_calls + second.tool_calls]
    assert len(set(ids)) == 6


NAMELESS = tool_call("search", {}, "")


@pytest.mark.parametrize("given", [["call_1", ""], ["a", "a_2", "a"]])
def test_an_id_that_is_made_up_is_nobody_elses(given: list[str], whole: Way) -> None:
    """Two calls of one reply had one id, and one observation was lost."""
    calls = [tool_call("search", {}, call_id) for call_id in given]

    reply = ask(Answer(None, calls), **whole)

    assert len({call.call_id for call in reply.tool_calls}) == len(given)


@pytest.mark.parametrize(
    "value", ["NaN", "1e999", "-Infinity", "[" * 300 + "]" * 300], ids=lambda v: v[:9]
)
def test_arguments_that_nobody_can_write_down_are_kept_as_text(
    value: str, way: Way
) -> None:
    """They broke their cells when the step was recorded, in the harness's name."""
    arguments = f'{{"query": {value}}}'

    (call,) = ask(Answer(None, [tool_call("search", arguments)]), **way).tool_calls

    assert (call.arguments, call.raw_arguments) == ({}, arguments)


@pytest.mark.parametrize("name", ["search<|channel|>commentary", "", "s" * 80])
def test_a_name_that_no_tool_could_have_is_not_sent_back(name: str, whole: Way) -> None:
    line = Answer(None, [tool_call(name, {})])
    with serve(line, Answer(), **whole) as (server, model):
        reply = model.complete(CONVERSATION, TOOLS)
        assert reply.tool_calls[0].name == name
        observed = Message("tool", "no such tool", tool_call_id="call_1")
        model.complete((*CONVERSATION, reply.as_message(), observed), TOOLS)

    (call,) = server.requests[1].body["messages"][-2]["tool_calls"]
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", call["function"]["name"])


def test_the_signature_of_a_call_goes_back_with_it() -> None:
    """Gemini, asked as chat completions have it, refuses calls without theirs."""
    signed = {"extra_content": {"google": {"thought_signature": "c2ln"}}}
    calls = [tool_call("search", {}, "a") | signed, tool_call("search", {}, "b")]
    with serve(Answer(None, calls), Answer()) as (server, model):
        reply = model.complete(CONVERSATION, TOOLS)
        model.complete((*CONVERSATION, reply.as_message()), TOOLS)

    first, second = server.requests[1].body["messages"][-1]["tool_calls"]
    assert first["extra_content"] == signed["extra_content"]
    assert "extra_content" not in second


def test_the_conversation_reaches_the_server_as_chat_completions_have_it(
    whole: Way,
) -> None:
    call = ToolCall("call_9", "search", {"query": "ä"})
    broken = ToolCall("call_10", "search", {}, raw_arguments="{query")
    conversation = (
        *CONVERSATION,
        Message("assistant", "", (call, broken)),
        Message("tool", "found", tool_call_id="call_9"),
        Message("tool", "not JSON", tool_call_id="call_10"),
        Message("assistant", ""),
    )
    options: dict[str, object] = {
        "temperature": 0,
        "max_completion_tokens": 900,
        "seed": 7,
        **whole,
    }
    with serve(Answer(), **options) as (server, model):
        model.complete(conversation, TOOLS)

    (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    body = request.body
    assert body["model"] == "m"
    assert body["temperature"] == 0
    assert body["max_completion_tokens"] == 900
    assert body["seed"] == 7
    assert body["tools"][0]["function"]["name"] == "search"
    system, user, assistant, tool, _, empty = body["messages"]
    assert system == {"role": "system", "content": "You work."}
    assert user == {"role": "user", "content": "Find the file."}
    assert json.loads(assistant["tool_calls"][0]["function"]["arguments"]) == {
        "query": "ä"
    }
    # What was not JSON goes back as JSON: a provider's own parser must not break on it.
    assert json.loads(assistant["tool_calls"][1]["function"]["arguments"])
    assert tool == {"role": "tool", "content": "found", "tool_call_id": "call_9"}
    assert empty["content"]


def test_half_a_surrogate_pair_is_spelled_out_where_it_is_sent_back(
    whole: Way,
) -> None:
    """Models cut emojis in two; UTF-8 has no room for what is left."""
    half = "\ud83d"
    line = Answer(
        f"I say {half}.",
        [tool_call("search", {"query": half})],
        message={"reasoning_content": f"I think {half}."},
    )
    with serve(line, Answer(), **whole) as (server, model):
        reply = model.complete(CONVERSATION, TOOLS)
        observed = Message("tool", f"no {half}", tool_call_id="call_1")
        model.complete((*CONVERSATION, reply.as_message(), observed), TOOLS)

    said, seen = server.requests[1].body["messages"][-2:]
    assert said["content"] == r"I say \ud83d."
    assert said["reasoning_content"] == r"I think \ud83d."
    assert json.loads(said["tool_calls"][0]["function"]["arguments"]) == {"query": half}
    assert seen["content"] == r"no \ud83d"


def test_options_that_are_not_set_are_not_sent(whole: Way) -> None:
    with serve(Answer(), **whole) as (server, model):
        model.complete(CONVERSATION, ())

    assert set(server.requests[0].body) == {"model", "messages"}


def test_reasoning_effort_reaches_a_reasoning_model() -> None:
    with ChatServer(Answer()) as server:
        options = read_options({"api_base": server.url, "reasoning_effort": "high"})
        LiteLLMModel("openai/o3-mini", options).complete(CONVERSATION, TOOLS)

    assert server.requests[0].body["reasoning_effort"] == "high"


def test_an_option_that_the_model_does_not_know_is_an_error() -> None:
    with ChatServer(Answer()) as server:
        options = read_options({"api_base": server.url, "reasoning_effort": "high"})
        model = LiteLLMModel("openai/gpt-4o", options)
        with pytest.raises(ModelSetupError, match="reasoning_effort"):
            model.complete(CONVERSATION, TOOLS)

    assert server.requests == []


def test_the_key_is_read_from_the_named_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTHER_KEY", "sk-another-planted-key-9876543210")
    with serve(Answer(), api_key_env="OTHER_KEY") as (server, model):
        model.complete(CONVERSATION, TOOLS)

    sent = server.requests[0].headers["Authorization"]
    assert sent == "Bearer sk-another-planted-key-9876543210"


def test_a_named_variable_that_is_not_set_is_an_error() -> None:
    with (
        serve(Answer(), api_key_env="NO_SUCH_KEY_HERE") as (_, model),
        pytest.raises(ModelSetupError, match="NO_SUCH_KEY_HERE"),
    ):
        model.complete(CONVERSATION, TOOLS)


def test_extra_arguments_are_passed_on(whole: Way) -> None:
    extra: dict[str, Any] = {"extra_body": {"provider": {"order": ["a"]}}}
    with serve(Answer(), extra=extra, **whole) as (server, model):
        model.complete(CONVERSATION, TOOLS)

    assert server.requests[0].body["provider"] == {"order": ["a"]}


def test_the_context_window_is_what_litellm_has_of_it() -> None:
    assert LiteLLMModel("openai/gpt-4o").context_tokens == 128_000
    assert LiteLLMModel("hosted_vllm/somebodys-own").context_tokens is None


QUIET = """
import socket, sys
def refuse(*args):
    raise AssertionError(f"the network was asked for: {args}")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
from agent.models.litellm_library import load_litellm
litellm = load_litellm()
assert litellm.model_cost
"""


def test_litellm_is_imported_without_network_or_output() -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUIET], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
