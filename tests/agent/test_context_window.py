"""Conversations that outgrow the window are shortened by a stated rule."""

from agent.context_window import ContextWindow
from agent.messages import Message, ToolCall


def conversation(observations: int, characters: int = 3000) -> list[Message]:
    messages = [Message("system", "You work."), Message("user", "Find it. " * 10)]
    for number in range(observations):
        call = ToolCall(str(number), "search", {"query": str(number)})
        messages.append(Message("assistant", f"step {number}", (call,)))
        text = f"{number}" * characters
        messages.append(Message("tool", text, tool_call_id=str(number)))
    return messages


def test_a_conversation_with_room_stays_as_it_is() -> None:
    messages = conversation(5)
    before = list(messages)

    assert ContextWindow(100_000).make_room(messages) == 0
    assert messages == before


def test_without_a_known_window_nothing_is_dropped() -> None:
    assert ContextWindow().make_room(conversation(500)) == 0


def test_the_oldest_observations_go_first_and_the_last_two_stay() -> None:
    messages = conversation(9)

    dropped = ContextWindow(10_000).make_room(messages)

    texts = [m.content for m in messages if m.role == "tool"]
    gone = [text.startswith("[Dropped") for text in texts]
    assert dropped == gone.count(True) > 0
    assert gone == sorted(gone, reverse=True)
    assert gone[-2:] == [False, False]


def test_everything_but_observations_stays() -> None:
    messages = conversation(9)
    before = [m for m in messages if m.role != "tool"]

    ContextWindow(4_000).make_room(messages)

    assert [m for m in messages if m.role != "tool"] == before


def test_room_is_made_rarely_and_then_much_of_it() -> None:
    window = ContextWindow(10_000)
    messages, changes = conversation(0), 0
    for number in range(60):
        messages += conversation(1)[2:]
        changes += bool(window.make_room(messages))
        assert not window.is_exceeded(messages), number

    assert 10 < changes < 25


def test_the_size_of_a_token_is_learned_from_the_provider() -> None:
    window = ContextWindow(10_000)
    messages = conversation(9)
    window.measure(messages, 5_000)

    assert window.make_room(messages) == 0


def test_signed_reasoning_stays_as_its_provider_sent_it() -> None:
    signed = {"reasoning_content": "I think. " * 900, "thinking_blocks": [{"a": 1}]}
    messages = [Message("system", "You work."), Message("user", "Find it.")]
    messages += [Message("assistant", "", provider_fields=signed)] * 9
    before = list(messages)

    assert ContextWindow(10_000).make_room(messages) == 0
    assert messages == before


def test_a_refusal_drops_half_whatever_the_window() -> None:
    messages = conversation(10)
    window = ContextWindow()

    assert window.make_room_at_once(messages) == 5
    assert window.make_room_at_once(messages) == 2


def test_a_refusal_with_nothing_left_to_drop_says_so() -> None:
    messages = conversation(2)

    assert ContextWindow().make_room_at_once(messages) == 0


def test_pull_requests_that_were_read_go_after_the_observations() -> None:
    messages = [Message("system", "You study.")]
    for number in range(6):
        messages.append(Message("user", f"pull request {number} " * 300))
        messages.append(Message("assistant", f"It is about {number}."))

    assert ContextWindow(4_000).make_room(messages) > 0

    told = [m.content for m in messages if m.role == "user"]
    assert told[0].startswith("pull request 0")
    assert told[1].startswith("[Dropped")
    assert told[-1].startswith("pull request 5")


def test_a_conversation_beyond_the_window_is_seen() -> None:
    window = ContextWindow(1_000)
    messages = conversation(2)

    assert window.make_room(messages) == 0
    assert window.is_exceeded(messages)


def test_the_window_of_the_model_is_kept_where_no_limit_is_set() -> None:
    messages = conversation(9)

    assert ContextWindow(None, 10_000).make_room(messages) > 0


def test_the_smaller_one_of_limit_and_window_counts() -> None:
    messages = conversation(9)

    assert ContextWindow(100_000, 10_000).make_room(list(messages)) > 0
    assert ContextWindow(10_000, 100_000).make_room(list(messages)) > 0


def test_only_a_limit_ends_a_rollout_before_the_provider_was_asked() -> None:
    messages = conversation(2)

    assert not ContextWindow(None, 1_000).is_exceeded(messages)
