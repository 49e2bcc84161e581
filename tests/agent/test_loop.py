from collections.abc import Mapping
from typing import Any

from agent.events import Event, discard
from agent.loop import Guidance, Loop
from agent.messages import Message, ToolCall
from agent.model import Reply
from agent.models.scripted_model import ScriptedModel
from agent.rollout import Stop
from agent.tools.schema import describe, string
from agent.tools.tool import Observation, Tool
from agent.tools.toolbox import Toolbox
from agent.usage import Usage


def _call(name: str, call_id: str = "c", **arguments: Any) -> ToolCall:  # noqa: ANN401
    return ToolCall(call_id, name, arguments)


def _reply(*calls: ToolCall, text: str = "") -> Reply:
    return Reply(text, calls, Usage(prompt_tokens=10, completion_tokens=3, requests=1))


def _echo() -> Tool:
    return Tool(
        describe("echo", "Say it.", {"text": string("What.")}, required=("text",)),
        lambda arguments: Observation(arguments["text"]),
    )


def _end() -> Tool:
    return Tool(describe("end", "End."), lambda _: Observation("Done.", is_final=True))


def _loop(*script: Reply, events: list[Event] | None = None) -> tuple[Loop, Any]:
    model = ScriptedModel(script)
    sink = discard if events is None else events.append
    loop = Loop(model, Toolbox((_echo(), _end())), on_event=sink)
    loop.tell(Message("system", "Work."))
    return loop, model


def _nudge(left: int) -> str:
    return f"{left} left" if 0 < left <= 2 else ""


GUIDANCE = Guidance(_nudge, reminder="Call a tool.")


def test_every_observation_ends_with_the_count_of_steps() -> None:
    loop, _ = _loop(
        _reply(_call("echo", "a", text="1"), _call("echo", "b", text="2")),
        _reply(_call("end", "c")),
    )
    assert loop.run(4, GUIDANCE) is Stop.SUBMITTED
    observations = [m.content for m in loop.messages if m.role == "tool"]
    assert [text.rsplit("\n", 1)[-1] for text in observations] == [
        "[Step: 1/4]",
        "[Step: 1/4]",
        "[Step: 2/4]",
    ]


def test_each_call_of_a_reply_is_answered_under_its_own_id() -> None:
    loop, _ = _loop(
        _reply(_call("echo", "a", text="first"), _call("echo", "b", text="second"))
    )
    loop.run(1, GUIDANCE)
    answered = {m.tool_call_id: m.content for m in loop.messages if m.role == "tool"}
    assert answered["a"].startswith("first")
    assert answered["b"].startswith("second")


def test_the_model_is_cut_off_at_the_budget() -> None:
    replies = [_reply(_call("echo", str(i), text=str(i))) for i in range(5)]
    loop, model = _loop(*replies)
    assert loop.run(3, GUIDANCE) is Stop.BUDGET
    assert len(model.requests) == 3
    assert loop.steps == 3


def test_calls_of_the_last_step_are_still_run() -> None:
    loop, _ = _loop(_reply(_call("echo", text="heard")))
    loop.run(1, GUIDANCE)
    assert loop.messages[-1].content == "heard\n[Step: 1/1]"


def test_the_last_steps_come_with_advice_on_the_last_observation() -> None:
    replies = [
        _reply(_call("echo", f"{i}a", text="x"), _call("echo", f"{i}b", text="y"))
        for i in range(3)
    ]
    loop, _ = _loop(*replies)
    loop.run(3, GUIDANCE)
    texts = [m.content for m in loop.messages if m.role == "tool"]
    assert "2 left" not in texts[0]
    assert "[2 left]\n[Step: 1/3]" in texts[1]
    assert "[1 left]\n[Step: 2/3]" in texts[3]
    assert "left" not in texts[5].rsplit("]", 2)[-2]


def test_a_reply_without_a_call_costs_a_step_and_is_answered() -> None:
    loop, model = _loop(_reply(text="I think."), _reply(_call("end")))
    assert loop.run(4, GUIDANCE) is Stop.SUBMITTED
    assert loop.steps == 2
    assert loop.idle_steps == 1
    assert model.requests[1][-1] == Message("user", "Call a tool.\n[Step: 1/4]")


def test_a_reply_without_a_call_ends_a_run_that_has_no_reminder() -> None:
    loop, _ = _loop(_reply(text="My summary."))
    assert loop.run(4, Guidance(_nudge)) is Stop.REPLIED
    assert loop.messages[-1].content == "My summary."


def test_an_unknown_tool_is_an_observation() -> None:
    loop, _ = _loop(_reply(_call("fly")))
    loop.run(1, GUIDANCE)
    assert "no tool 'fly'" in loop.messages[-1].content
    assert "echo, end" in loop.messages[-1].content


def test_arguments_that_are_not_json_are_an_observation() -> None:
    loop, _ = _loop(_reply(ToolCall("c", "echo", {}, raw_arguments='{"text": ')))
    loop.run(1, GUIDANCE)
    assert "not a JSON object" in loop.messages[-1].content


def test_arguments_that_do_not_fit_are_an_observation() -> None:
    loop, _ = _loop(_reply(_call("echo", text=7, volume=3)))
    loop.run(1, GUIDANCE)
    assert "argument 'text' must be of type string" in loop.messages[-1].content
    assert "argument 'volume' is unknown" in loop.messages[-1].content


def test_nothing_is_run_after_the_call_that_ends_the_work() -> None:
    """A proposal beside `submit` replaced the answer that had been submitted."""
    ran: list[str] = []

    def note(arguments: Mapping[str, Any]) -> Observation:
        ran.append(arguments["text"])
        return Observation("Noted.", proposal=(arguments["text"],))

    text = {"text": string("What.")}
    toolbox = Toolbox((Tool(describe("note", "Note.", text), note), _end()))
    calls = (
        _call("note", "a", text="x"),
        _call("end", "b"),
        _call("note", "c", text="y"),
    )
    events: list[Event] = []
    loop = Loop(ScriptedModel([_reply(*calls)]), toolbox, on_event=events.append)

    assert loop.run(4, GUIDANCE) is Stop.SUBMITTED

    assert ran == ["x"]
    assert loop.proposals == [(1, ("x",))]
    assert loop.messages[-1].tool_call_id == "c"
    assert loop.messages[-1].content.startswith("note was not run: an earlier call")
    assert sum(event.kind == "observation" for event in events) == 3


def test_the_usage_of_all_replies_is_summed() -> None:
    loop, _ = _loop(_reply(_call("echo", text="a")), _reply(_call("end")))
    loop.run(5, GUIDANCE)
    assert loop.usage == Usage(prompt_tokens=20, completion_tokens=6, requests=2)


def test_the_events_tell_the_whole_step() -> None:
    events: list[Event] = []
    loop, _ = _loop(_reply(_call("echo", text="a")), events=events)
    loop.open("test", budget=1)
    loop.close(loop.run(1, GUIDANCE))
    assert [event.kind for event in events] == [
        "message",
        "phase",
        "request",
        "reply",
        "tool_call",
        "observation",
        "stop",
    ]
    assert events[3].data["usage"] == {
        "prompt_tokens": 10,
        "cached_prompt_tokens": 0,
        "completion_tokens": 3,
        "reasoning_tokens": 0,
        "requests": 1,
        "unmeasured_requests": 0,
        "cache_write_tokens": 0,
        "hour_cache_write_tokens": 0,
    }
    assert events[-1].data["reason"] == "budget"


def test_a_reply_without_end_does_not_stay_in_the_conversation() -> None:
    events: list[Event] = []
    rambling = "word " * 200_000
    loop, model = _loop(
        _reply(_call("echo", text="a"), text=rambling),
        _reply(_call("end")),
        events=events,
    )
    assert loop.run(5, GUIDANCE) is Stop.SUBMITTED
    assert len(model.requests[1][-2].content) < 21_000
    assert model.requests[1][-2].tool_calls == (_call("echo", text="a"),)
    (first, _) = [event for event in events if event.kind == "reply"]
    assert first.data["content"] == rambling


def test_old_observations_go_before_the_models_window_overflows() -> None:
    tell = Tool(describe("tell", "Tell."), lambda _: Observation("word " * 600))
    script = [Reply("", (_call("tell", str(number)),)) for number in range(5)]
    model = ScriptedModel(script, context_tokens=4_000)
    events: list[Event] = []
    loop = Loop(model, Toolbox((tell,)), on_event=events.append)

    assert loop.run(5, GUIDANCE) is Stop.BUDGET

    (dropped,) = (event for event in events if event.kind == "dropped")
    assert dropped.data["was_refused"] is False
    contents = [m.content for m in model.requests[-1] if m.role == "tool"]
    assert [text.startswith("[Dropped") for text in contents] == [
        True,
        True,
        False,
        False,
    ]
