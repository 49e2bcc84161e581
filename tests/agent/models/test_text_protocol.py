"""Tools for models without tool calling."""

import json

import pytest

from agent.messages import Message, ToolCall, ToolSpec
from agent.model import Reply
from agent.models.litellm_model import LiteLLMModel
from agent.models.options import read_options
from agent.models.text_protocol import read_text_calls, write_as_text
from tests.agent.chat_server import Answer, ChatServer

SEARCH = ToolSpec(
    "search",
    "Search the tree.",
    {"type": "object", "properties": {"query": {"type": "string"}}},
)


def read(text: str) -> Reply:
    return read_text_calls(Reply(text), frozenset())


def block(value: object) -> str:
    return f"<tool_call>\n{json.dumps(value)}\n</tool_call>"


def test_calls_and_words_are_told_apart() -> None:
    first = block({"name": "search", "arguments": {"query": "a"}})
    second = block({"name": "submit"})

    reply = read(f"I look.\n{first}\n{second}\n")

    assert reply.content == "I look."
    assert reply.tool_calls == (
        ToolCall("text_0", "search", {"query": "a"}),
        ToolCall("text_1", "submit", {}),
    )
    assert reply.finish_reason == "tool_calls"


def test_a_reply_without_a_call_stays_as_it_is() -> None:
    reply = read("Nothing to do.")

    assert (reply.content, reply.tool_calls) == ("Nothing to do.", ())
    assert reply.finish_reason == "stop"


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name": "search", "arguments": {"query": "a"}}',
        '<tool_call>\n```json\n{"name": "search", "arguments": {"query": "a"}}\n```\n'
        "</tool_call>",
    ],
    ids=["not closed", "fenced"],
)
def test_small_slips_of_the_format_are_forgiven(text: str) -> None:
    (call,) = read(text).tool_calls

    assert (call.name, call.arguments) == ("search", {"query": "a"})


def test_line_breaks_inside_of_strings_are_forgiven() -> None:
    text = '<tool_call>{"name": "edit", "arguments": {"new": "a\nb"}}</tool_call>'

    assert read(text).tool_calls[0].arguments == {"new": "a\nb"}


@pytest.mark.parametrize(
    "inside",
    [
        '{"name": "search", "arguments": {"query": }}',
        '{"name": "search", "arguments": "text"}',
        '{"name": "search", "arguments": [1]}',
        '{"name": "search", "arguments": {"line": NaN}}',
    ],
)
def test_a_broken_call_keeps_its_name_and_its_text(inside: str) -> None:
    (call,) = read(f"<tool_call>{inside}</tool_call>").tool_calls

    assert call.name == "search"
    assert call.raw_arguments == inside


def test_a_call_that_is_only_thought_of_is_no_call() -> None:
    thought = block({"name": "submit", "arguments": {}})

    reply = read(f"<think>Shall I {thought}?</think>Not yet.")

    assert reply.tool_calls == ()
    assert reply.content == "Not yet."
    assert "Shall I" in reply.reasoning


def test_a_thought_that_the_template_began_holds_no_call() -> None:
    """Templates of R1 and Qwen write `<think>` themselves; an answer was submitted."""
    thought = block({"name": "submit", "arguments": {"files": ["wrong.py"]}})
    call = block({"name": "search", "arguments": {"query": "a"}})

    reply = read(f"Shall I {thought}? No.\n</think>\n\nI look.\n{call}")

    assert [one.name for one in reply.tool_calls] == ["search"]
    assert reply.content == "I look."
    assert "Shall I" in reply.reasoning


@pytest.mark.parametrize("mark", ["<think>", "</think>", "a </think> b <think> c"])
def test_a_mark_of_thoughts_inside_of_a_call_is_an_argument(mark: str) -> None:
    """A search for it took the call away, and all that was said before."""
    calls = [
        block({"name": "search", "arguments": {"query": query}})
        for query in ("x", mark)
    ]

    reply = read(f"I look.\n{calls[0]}\n{calls[1]}")

    assert [call.arguments["query"] for call in reply.tool_calls] == ["x", mark]
    assert (reply.content, reply.reasoning) == ("I look.", "")


@pytest.mark.parametrize("text", ["It ends at `</think>`.", 'It is "<think>" here.'])
def test_a_mark_of_thoughts_in_quotes_is_only_spoken_of(text: str) -> None:
    assert read(text).content == text


def test_a_thought_may_end_with_a_quotation() -> None:
    reply = read('It is named "x"</think>Done.')

    assert (reply.content, reply.reasoning) == ("Done.", 'It is named "x"</think>')


def test_a_call_that_the_server_took_out_stays() -> None:
    taken_out = ToolCall("a", "search", {"query": "a"})
    said = Reply(block({"name": "submit"}), tool_calls=(taken_out,))

    reply = read_text_calls(said, frozenset())

    assert reply.tool_calls == (taken_out, ToolCall("text_0", "submit", {}))


def test_ids_go_on_where_the_conversation_stands() -> None:
    text = block({"name": "search", "arguments": {}})

    reply = read_text_calls(Reply(text), frozenset({"text_0", "text_1"}))

    assert reply.tool_calls[0].call_id == "text_2"


def test_the_conversation_is_written_without_tool_messages() -> None:
    calls = (ToolCall("1", "search", {"query": "a"}), ToolCall("2", "submit", {}))
    written = write_as_text(
        (
            Message("system", "You work."),
            Message("user", "Find it."),
            Message("assistant", "I look.", calls),
            Message("tool", "found", tool_call_id="1"),
            Message("tool", "done", tool_call_id="2"),
        ),
        (SEARCH,),
    )

    assert [message.role for message in written] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert written[0].content.startswith("You work.")
    assert "search" in written[0].content
    assert '"query"' in written[0].content
    assert '<tool_response name="search">\nfound\n</tool_response>' in (
        written[3].content
    )
    assert '<tool_response name="submit">' in written[3].content


def test_roles_alternate_where_messages_of_the_user_follow_observations() -> None:
    """As in the sleep phase; strict servers refused every one of its requests."""
    written = write_as_text(
        (
            Message("system", "You work."),
            Message("user", "Pull request 1."),
            Message("assistant", "", (ToolCall("1", "submit", {}),)),
            Message("tool", "done", tool_call_id="1"),
            Message("user", "Pull request 2."),
        ),
        (),
    )

    assert [message.role for message in written] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert written[-1].content.endswith("</tool_response>\nPull request 2.")


def test_what_is_written_is_read_back_the_same() -> None:
    calls = (ToolCall("text_0", "edit", {"new": "a\n</tool_call>b", "n": [1, "ä"]}),)
    (written,) = write_as_text((Message("assistant", "So.", calls),), ())

    reply = read(written.content)

    assert (reply.content, reply.tool_calls) == ("So.", calls)


def test_a_model_told_to_use_text_is_sent_no_tools() -> None:
    text = 'On it. <tool_call>{"name": "search", "arguments": {}}</tool_call>'
    with ChatServer(Answer(text)) as server:
        options = read_options({"api_base": server.url, "tool_calling": "text"})
        model = LiteLLMModel("hosted_vllm/m", options)
        reply = model.complete((Message("user", "Find it."),), (SEARCH,))

    body = server.requests[0].body
    assert "tools" not in body
    assert body["messages"][0]["role"] == "system"
    assert "# Tools" in body["messages"][0]["content"]
    assert reply.tool_calls[0].name == "search"


def test_a_model_known_to_have_no_tool_calling_is_asked_in_text() -> None:
    with ChatServer(Answer("Hello.")) as server:
        options = read_options({"api_base": server.url, "api_key_env": "PATH"})
        model = LiteLLMModel("perplexity/sonar", options)
        model.complete((Message("user", "Find it."),), (SEARCH,))

    assert "tools" not in server.requests[0].body
