from typing import Any

from agent.messages import ToolCall
from agent.tools.schema import describe, string
from agent.tools.tool import Observation, Tool
from agent.tools.toolbox import Toolbox


def _toolbox(*answers: str, limit: int = 10_000) -> Toolbox:
    said = list(answers)
    tool = Tool(
        describe("look", "Look.", {"where": string("Where.")}),
        lambda _: Observation(said.pop(0)),
    )
    return Toolbox((tool,), observation_limit=limit)


def _look(toolbox: Toolbox, step: int, **arguments: Any) -> str:  # noqa: ANN401
    return toolbox.call(ToolCall("c", "look", arguments), step=step).text


def test_a_repeated_call_with_the_same_result_is_pointed_out_and_counted() -> None:
    toolbox = _toolbox("same", "same", "same")
    assert _look(toolbox, 1, where="here") == "same"
    assert "exactly the call of step 1" in _look(toolbox, 4, where="here")
    assert "exactly the call of step 4" in _look(toolbox, 5, where="here")
    assert toolbox.repeated_calls == 2


def test_a_repeated_call_with_another_result_is_not_pointed_out() -> None:
    toolbox = _toolbox("before", "after")
    _look(toolbox, 1, where="here")
    assert _look(toolbox, 2, where="here") == "after"
    assert toolbox.repeated_calls == 0


def test_other_arguments_make_another_call() -> None:
    toolbox = _toolbox("same", "same")
    _look(toolbox, 1, where="here")
    assert _look(toolbox, 2, where="there") == "same"


def test_a_long_observation_is_cut_in_its_middle() -> None:
    text = _look(_toolbox("start " + "x" * 5000 + " end", limit=1000), 1)
    assert text.startswith("start")
    assert text.endswith("end")
    assert "characters omitted" in text
    assert len(text) < 1200


def test_escapes_are_stripped_from_every_observation() -> None:
    assert _look(_toolbox("\x1b[31mred\x1b[0m"), 1) == "red"


def test_failures_are_counted() -> None:
    toolbox = _toolbox()
    toolbox.call(ToolCall("a", "fly", {}), step=1)
    toolbox.call(ToolCall("b", "look", {"where": 1}), step=1)
    toolbox.call(ToolCall("c", "look", {}, raw_arguments="[1]"), step=1)
    assert (toolbox.calls, toolbox.failed_calls) == (3, 3)
