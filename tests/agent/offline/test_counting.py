from agent.messages import Message, ToolCall, ToolSpec
from agent.offline.counting import count_usage


def test_four_bytes_are_one_token_rounded_up() -> None:
    usage = count_usage([Message("user", "12345")], [], "äää", [])
    assert usage.prompt_tokens == 2
    assert usage.completion_tokens == 2
    assert usage.requests == 1


def test_calls_count_by_name_and_arguments() -> None:
    call = ToolCall("an id that is not counted", "find", {"a": 1})
    usage = count_usage([], [], "", [call])
    assert usage.completion_tokens == -(-len('find{"a":1}') // 4)


def test_what_was_said_and_the_tools_are_read_again_in_every_request() -> None:
    call = ToolCall("c", "find", {"a": 1})
    said = Message("assistant", "", tool_calls=(call,))
    tool = ToolSpec("find", "Find it.", {})
    usage = count_usage([said], [tool], "", [])
    assert usage.prompt_tokens == 3 + -(-len("findFind it.{}") // 4)
