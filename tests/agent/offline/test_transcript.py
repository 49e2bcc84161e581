from agent.messages import Message, ToolCall
from agent.offline.transcript import read_transcript

CALL = ToolCall("a", "search", {"pattern": "x"})
CONVERSATION = [
    Message("system", "Rules, as [Step: 4/20].\n"),
    Message("user", "Read one.\n[Step: 0/5]"),
    Message("assistant", "", tool_calls=(CALL, ToolCall("b", "submit", {}))),
    Message("tool", "found\n[Step: 1/5]", tool_call_id="a"),
    Message("tool", "no\n[2 steps are left: answer.]\n[Step: 1/5]", tool_call_id="b"),
    Message("user", "Read two.\n[Step: 0/7]"),
    Message("assistant", "thinking"),
]


def test_each_observation_is_found_without_the_remarks_of_the_loop() -> None:
    exchanges = read_transcript(CONVERSATION).exchanges
    assert [(e.call.call_id, e.observation) for e in exchanges] == [
        ("a", "found"),
        ("b", "no"),
    ]


def test_the_last_count_is_the_one_that_holds() -> None:
    transcript = read_transcript(CONVERSATION)
    assert (transcript.steps_used, transcript.budget) == (0, 7)
    before = read_transcript(CONVERSATION[:5])
    assert (before.steps_used, before.budget) == (1, 5)


def test_steps_are_counted_for_each_part() -> None:
    transcript = read_transcript(CONVERSATION)
    assert [part.steps for part in transcript.parts] == [1, 1]


def test_a_call_that_was_not_answered_is_left_out() -> None:
    assert read_transcript(CONVERSATION[:4]).exchanges[0].observation == "found"
    assert len(read_transcript(CONVERSATION[:4]).exchanges) == 1
