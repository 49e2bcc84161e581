"""Streamed replies of several providers, put together from their pieces."""

import gc
import json
import socket
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from agent.errors import ContextOverflowError, ModelError
from agent.messages import Message
from agent.model import Reply
from agent.models.litellm_model import LiteLLMModel
from agent.models.options import read_options
from tests.agent.chat_server import Answer, ChatServer, Hold, Line, Write, warm_up

CONVERSATION = (Message("user", "Find the file."),)
USAGE = {"prompt_tokens": 50, "completion_tokens": 10}
CLAUDE = "anthropic/claude-sonnet-4-5"
GEMINI = "gemini/gemini-2.5-flash"
OLLAMA = "ollama_chat/somebodys-own"
KIND = "text/event-stream"


@pytest.fixture(autouse=True)
def _warm() -> None:
    warm_up()


def ask(name: str, *lines: Line, retries: int = 0) -> tuple[Reply, ChatServer]:
    with ChatServer(*lines) as server:
        is_own = name.startswith("hosted_vllm/")
        address = server.url if is_own else server.url.removesuffix("/v1")
        given = {"api_base": address, "api_key_env": "PATH", "retries": retries}
        options = read_options(given | {"stream": True, "tool_calling": "native"})
        model = LiteLLMModel(name, options, sleep=lambda _: None)
        return model.complete(CONVERSATION, ()), server


def data(*values: Mapping[str, Any]) -> bytes:
    return b"".join(b"data: %b\n\n" % json.dumps(value).encode() for value in values)


def piece(delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": dict(delta), "finish_reason": finish_reason}
    head = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return head | {"choices": [choice]}


def stream(*deltas: Mapping[str, Any], finish_reason: str = "stop") -> Write:
    pieces = [piece(delta) for delta in ({"role": "assistant"}, *deltas)]
    last = piece({}, finish_reason) | {"usage": USAGE}
    return Write(data(*pieces, last) + b"data: [DONE]\n\n", KIND)


def call(
    arguments: str,
    *,
    name: str | None = "search",
    call_id: str | None = None,
    index: int | None = None,
) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    value = {"id": call_id, "index": index, "function": function}
    return {"tool_calls": [{k: v for k, v in value.items() if v is not None}]}


def event(kind: str, **fields: object) -> bytes:
    return b"event: %b\n" % kind.encode() + data({"type": kind, **fields})


def claude(*blocks: Mapping[str, str]) -> bytes:
    """A reply of Anthropic's, in blocks that come whole."""
    read = {"input_tokens": 10, "cache_read_input_tokens": 100, "output_tokens": 1}
    message = {"id": "m", "role": "assistant", "model": "m", "content": []}
    said = event("message_start", message=message | {"usage": read})
    for index, block in enumerate(blocks):
        empty = dict.fromkeys(block, "") | {"type": block["type"]}
        said += event("content_block_start", index=index, content_block=empty)
        for name, text in block.items():
            if name != "type":
                delta = {"type": f"{name}_delta", name: text}
                said += event("content_block_delta", index=index, delta=delta)
        said += event("content_block_stop", index=index)
    return said


CLAUDE_END = event(
    "message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 30}
) + event("message_stop")


def gemini(text: str) -> dict[str, Any]:
    content = {"parts": [{"text": text}], "role": "model"}
    counts = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
    candidate = {"content": content, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "usageMetadata": counts}


def test_a_provider_that_opens_its_stream_late_is_read() -> None:
    reply, _ = ask(GEMINI, Write(data(gemini("Hello.")), KIND))

    assert (reply.content, reply.finish_reason) == ("Hello.", "stop")
    assert reply.usage.prompt_tokens == 10


GONE = {"code": 502, "message": "Provider disconnected"}
NAMED = {"code": "server_error", "message": "Provider disconnected"}
CHOICE = piece({"content": ""}, "error")
OVERLOADED = {"type": "overloaded_error", "message": "Overloaded"}
OLLAMA_PIECE = {"model": "m", "message": {"role": "assistant", "content": "a"}}
CRASH = {"error": "an error was encountered while running the model: unexpected EOF"}


def lines(*values: Mapping[str, Any]) -> Write:
    return Write(b"".join(json.dumps(value).encode() + b"\n" for value in values))


@pytest.mark.parametrize(
    ("name", "line", "again"),
    [
        ("hosted_vllm/m", Write(data(piece({"content": "a"}), {"error": GONE})), None),
        ("hosted_vllm/m", Write(data({"error": OVERLOADED})), None),
        ("openrouter/x/y", Write(data(CHOICE | {"error": NAMED})), None),
        (
            "openrouter/x/y",
            Write(data(CHOICE | {"choices": [CHOICE["choices"][0] | {"error": GONE}]})),
            None,
        ),
        (
            CLAUDE,
            Write(claude() + event("error", error=OVERLOADED), KIND),
            Write(claude({"type": "text", "text": "Back."}) + CLAUDE_END, KIND),
        ),
        (
            OLLAMA,
            lines(OLLAMA_PIECE | {"done": False}, CRASH),
            lines(
                {"message": {"role": "assistant", "content": "Back."}, "done": True}
                | {"model": "m", "done_reason": "stop"}
            ),
        ),
    ],
)
def test_an_error_in_place_of_a_piece_is_asked_again(
    name: str, line: Line, again: Line | None
) -> None:
    """They broke their cells at once, and a crash of Ollama's runner the whole run."""
    reply, _ = ask(name, line, again or Answer("Back."), retries=1)

    assert reply.content == "Back."
    assert reply.attempts == 2


def test_an_overflow_in_place_of_a_piece_is_one() -> None:
    error = {"code": 400, "message": "maximum context length is 4096 tokens"}
    with pytest.raises(ContextOverflowError):
        ask("hosted_vllm/m", Write(data({"error": error})))


def test_a_stream_that_broke_gives_its_connection_back() -> None:
    """Closed by the collector in the middle of another request, it blocked them all."""
    broken = Hold(data(piece({"content": "a"}), {"error": GONE}))
    gc.disable()
    try:
        with ChatServer(broken, Answer("Back.")) as server:
            given = {"api_base": server.url, "retries": 1, "stream": True}
            model = LiteLLMModel(
                "hosted_vllm/m", read_options(given), sleep=lambda _: None
            )
            assert model.complete(CONVERSATION, ()).content == "Back."
            assert server.hung_up.wait(5)
    finally:
        gc.enable()


@pytest.mark.parametrize(
    "deltas",
    [
        [call('{"q', index=0), call('":1}', name=None, index=0), call("{}", index=1)],
        [call('{"q":1}', call_id="a"), call("{}", call_id="b")],
        [call('{"q":1}', call_id="a", index=0), call("{}", call_id="b", index=0)],
        [
            call('{"q', call_id="a", index=0),
            call('":1}', call_id="a1", index=0, name=None),
            call("{}", call_id="b", index=1),
        ],
        [
            call('{"q', call_id="a", index=0),
            call('":1}', call_id="a1", index=0),
            call("{", call_id="b", index=0),
            call("}", call_id="b1", index=0),
        ],
    ],
    ids=[
        "no ids",
        "no numbers",
        "one number for both",
        "an id for each piece",
        "id and name with each piece",
    ],
)
def test_two_streamed_calls_are_two(deltas: Sequence[Mapping[str, Any]]) -> None:
    line = stream(*deltas, finish_reason="tool_calls")

    reply, _ = ask("hosted_vllm/m", line)

    assert [one.name for one in reply.tool_calls] == ["search", "search"]
    assert [one.arguments for one in reply.tool_calls] == [{"q": 1}, {}]


def test_a_whole_answer_where_a_stream_was_asked_for_is_an_error() -> None:
    """It came out as an empty reply, and cost a step."""
    choice = {"index": 0, "message": {"content": "Hello."}, "finish_reason": "stop"}
    whole = {"object": "chat.completion", "choices": [choice], "usage": USAGE}

    with pytest.raises(ModelError, match="leave out the option stream"):
        ask("hosted_vllm/m", Write(json.dumps(whole).encode()))


def test_equal_pieces_are_no_loop() -> None:
    reply, _ = ask("hosted_vllm/m", stream(*[{"content": "----"}] * 150))

    assert reply.content == "----" * 150


def test_what_a_provider_wants_back_of_its_reasoning_is_gathered() -> None:
    part = {"type": "reasoning.text", "index": 0, "text": "I "}
    sealed = {"type": "reasoning.encrypted", "index": 1, "data": "ZZ"}
    line = stream(
        {"reasoning": "I ", "reasoning_details": [part]},
        {"reasoning": "think.", "reasoning_details": [part | {"text": "think."}]},
        {"reasoning_details": [sealed]},
        {"content": "Hello."},
    )

    reply, _ = ask("openrouter/x/y", line)

    assert reply.reasoning == "I think."
    assert reply.provider_fields["reasoning_details"] == [
        part | {"text": "I think."},
        sealed,
    ]


def test_thoughts_are_gathered_as_anthropic_wants_them_back() -> None:
    first = {"type": "thinking", "thinking": "I think.", "signature": "S1"}
    second = {"type": "thinking", "thinking": "I think on.", "signature": "S2"}
    text = {"type": "text", "text": "Hello."}

    reply, _ = ask(CLAUDE, Write(claude(first, second, text) + CLAUDE_END, KIND))

    assert reply.content == "Hello."
    assert reply.provider_fields["thinking_blocks"] == [first, second]


def test_an_estimate_of_the_library_is_neither_a_count_nor_a_bill() -> None:
    thought = stream({"reasoning_content": "I think long."}, {"content": "Hello."})
    said = Write(claude({"type": "text", "text": "Hello."}) + CLAUDE_END, KIND)

    counted, _ = ask("hosted_vllm/m", thought)
    billed, _ = ask(CLAUDE, said)

    assert counted.usage.reasoning_tokens == 0
    assert billed.usage.prompt_tokens == 110
    assert billed.usage.completion_tokens == 30
    assert billed.billed_usd is None


def test_counts_of_zero_at_the_end_take_nothing_back() -> None:
    """A gateway repeats all fields in the last piece; cached tokens were full price."""
    cached = {"prompt_tokens_details": {"cached_tokens": 20}}
    first = piece({"content": "Hello."}) | {"usage": USAGE | cached}
    zeros = {"prompt_tokens": 0, "prompt_tokens_details": {"cached_tokens": 0}}
    last = piece({}, "stop") | {"usage": zeros | {"completion_tokens": 30}}
    line = Write(data(first, last) + b"data: [DONE]\n\n", KIND)

    usage = ask("hosted_vllm/m", line)[0].usage

    assert (usage.prompt_tokens, usage.cached_prompt_tokens) == (50, 20)
    assert usage.completion_tokens == 30


def test_no_stream_reaches_out_for_a_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    look_up = socket.getaddrinfo

    def note(host: str, port: int, family: int = 0, kind: int = 0) -> object:
        asked.append(host)
        return look_up("127.0.0.1", port, family, kind)

    monkeypatch.setattr(socket, "getaddrinfo", note)

    ask("hosted_vllm/meta-llama/llama-3-8b", stream({"content": "Hello."}))

    assert set(asked) <= {"127.0.0.1"}
