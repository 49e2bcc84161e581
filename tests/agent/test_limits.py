"""Safety stops, each with an outcome of its own, in the loop itself."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest

from agent import loop
from agent.errors import ContextOverflowError, ModelError, ModelSetupError
from agent.events import Event
from agent.limits import Limits
from agent.messages import Message, ToolCall
from agent.model import Reply
from agent.models.scripted_model import ScriptedModel
from agent.rollout import Stop
from agent.sleep_phase import sleep
from agent.test_phase import attempt
from agent.usage import Usage
from sandbox.contract import Sandbox
from tasks.pull_requests import PullRequest

Line = Reply | ModelError | Callable[[Sequence[Message]], Reply]


def reply(number: int, **fields: object) -> Reply:
    arguments = {"files": ["shop/orders.py"]} if number == 0 else {"path": "."}
    name = "propose_files" if number == 0 else "list_files"
    usage = Usage(prompt_tokens=100, completion_tokens=50, requests=1)
    values: dict[str, object] = {"usage": usage} | fields
    return Reply(
        f"step {number}",
        (ToolCall(str(number), name, arguments),),
        **values,  # type: ignore[arg-type]
    )


def look(number: int) -> Reply:
    command = {"command": f"seq {number} 1000"}
    return Reply("", (ToolCall(str(number), "run_command", command),))


def attempt_with(
    sandbox: Sandbox,
    limits: Limits,
    script: Sequence[Line],
    events: list[Event] | None = None,
    *,
    name: str = "scripted",
) -> tuple[Stop, int, tuple[str, ...]]:
    rollout = attempt(
        model=ScriptedModel(script, name=name),
        sandbox=sandbox,
        title="Orders",
        body="",
        budget=9,
        limits=limits,
        on_event=(events if events is not None else []).append,
    )
    return Stop(rollout.stop), rollout.steps, rollout.predicted_files


ANSWER = ("shop/orders.py",)


def test_generated_tokens_are_limited(sandbox: Sandbox) -> None:
    script = [reply(number) for number in range(9)]

    ended = attempt_with(sandbox, Limits(completion_tokens=120), script)

    assert ended == (Stop.TOKENS, 3, ANSWER)


def test_what_the_provider_bills_is_limited(sandbox: Sandbox) -> None:
    script = [reply(number, billed_usd=0.25) for number in range(9)]

    ended = attempt_with(
        sandbox, Limits(cost_usd=0.5), script, name="openrouter/some/model"
    )

    assert ended == (Stop.COST, 2, ANSWER)


def test_cost_comes_from_the_table_where_it_is_not_billed(sandbox: Sandbox) -> None:
    usage = Usage(completion_tokens=100_000, requests=1)
    script = [reply(number, usage=usage) for number in range(9)]

    ended = attempt_with(sandbox, Limits(cost_usd=2.0), script, name="openai/gpt-5")

    assert ended == (Stop.COST, 2, ANSWER)


def test_a_limit_of_cost_needs_a_known_price_before_anything_is_asked(
    sandbox: Sandbox,
) -> None:
    """One request used to be sent and paid, and stood in no record."""
    model = ScriptedModel([reply(0)], name="some/model")

    with pytest.raises(ModelSetupError, match="what some/model costs is not known"):
        attempt(
            model=model,
            sandbox=sandbox,
            title="Orders",
            body="",
            budget=9,
            limits=Limits(cost_usd=1.0),
        )

    assert model.requests == []


@pytest.mark.parametrize(
    ("name", "usage", "kind", "says"),
    [
        (
            "openai/gpt-5",
            Usage(requests=1, unmeasured_requests=1),
            ModelError,
            "without usage; limit seconds",
        ),
        (
            "openrouter/some/model",
            Usage(completion_tokens=50, requests=1),
            ModelSetupError,
            "costs is not known",
        ),
    ],
)
def test_a_reply_of_unknown_cost_is_recorded_and_an_error(
    name: str, usage: Usage, kind: type[ModelError], says: str, sandbox: Sandbox
) -> None:
    """One reply without usage stopped the whole run, and blamed the price."""
    events: list[Event] = []

    with pytest.raises(ModelError, match=says) as caught:
        attempt_with(
            sandbox,
            Limits(cost_usd=1.0),
            [reply(0, usage=usage)],
            events,
            name=name,
        )

    assert type(caught.value) is kind
    assert [event.kind for event in events][-1] == "reply"


def test_a_reply_without_usage_breaks_a_limit_of_tokens(sandbox: Sandbox) -> None:
    """A limit of 50 tokens let twelve replies of a thousand pass."""
    usage = Usage(requests=1, unmeasured_requests=1)
    events: list[Event] = []

    with pytest.raises(ModelError, match="120 completion tokens cannot be held"):
        attempt_with(
            sandbox, Limits(completion_tokens=120), [reply(0, usage=usage)], events
        )

    assert [event.kind for event in events][-1] == "reply"


def test_seconds_of_work_are_limited(sandbox: Sandbox) -> None:
    script = [reply(number) for number in range(9)]

    stop, steps, _ = attempt_with(sandbox, Limits(seconds=1e-9), script)

    assert (stop, steps) == (Stop.TIME, 0)


def test_calls_of_one_reply_end_with_the_seconds(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One reply with eight commands of a second each took eight seconds of one."""
    events: list[Event] = []

    def count_observations() -> float:
        return float(sum(event.kind == "observation" for event in events))

    # A clock of the test's own: a busy machine may take the time before the first one.
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=count_observations))
    commands = [
        ToolCall(f"s{number}", "run_command", {"command": "sleep 30 && echo late"})
        for number in range(8)
    ]
    proposal = ToolCall("p", "propose_files", {"files": ["shop/orders.py"]})
    script = [Reply("", (*commands, proposal))]

    ended = attempt_with(sandbox, Limits(seconds=0.5), script, events)

    assert ended == (Stop.TIME, 1, ANSWER)
    seen = [str(e.data["text"]) for e in events if e.kind == "observation"]
    assert seen[0].startswith("[killed after 0.5 seconds]")
    assert set(seen[1:8]) == {"run_command was not run: the time is over."}
    assert sum(event.kind == "tool_call" for event in events) == 2


def test_waiting_for_the_provider_is_no_work(sandbox: Sandbox) -> None:
    script = [reply(number, waited_s=10_000.0) for number in range(9)]

    stop, steps, _ = attempt_with(sandbox, Limits(seconds=60), script)

    assert (stop, steps) == (Stop.BUDGET, 9)


def test_a_conversation_that_cannot_shrink_ends_with_its_answer(
    sandbox: Sandbox,
) -> None:
    script: list[Line] = [reply(0), ContextOverflowError("too long")]

    assert attempt_with(sandbox, Limits(), script) == (Stop.CONTEXT, 1, ANSWER)


def test_a_request_without_a_reply_is_no_step_and_nothing_that_was_said(
    sandbox: Sandbox,
) -> None:
    """What the provider refused with stood in exports as words of the user."""
    events: list[Event] = []
    script: list[Line] = [ContextOverflowError("too long")]

    stop, steps, _ = attempt_with(sandbox, Limits(), script, events)

    assert (stop, steps) == (Stop.CONTEXT, 0)
    assert [event.kind for event in events][-3:] == ["request", "dropped", "stop"]
    (dropped,) = [event.data for event in events if event.kind == "dropped"]
    assert dropped["refusal"] == "too long"


def test_an_overflow_that_the_provider_answers_is_survived(sandbox: Sandbox) -> None:
    events: list[Event] = []
    replies = [look(number) for number in range(9)]
    script: list[Line] = [*replies[:5], ContextOverflowError("too long"), *replies[5:]]

    stop, steps, _ = attempt_with(sandbox, Limits(), script, events)

    assert (stop, steps) == (Stop.BUDGET, 9)
    (dropped,) = [event.data for event in events if event.kind == "dropped"]
    assert dropped["was_refused"] is True
    assert dropped["observations"] == 2


def test_room_is_made_before_the_window_overflows(sandbox: Sandbox) -> None:
    events: list[Event] = []
    script = [look(number) for number in range(9)]

    stop, _, _ = attempt_with(sandbox, Limits(context_tokens=6000), script, events)

    assert stop is Stop.BUDGET
    assert any(event.kind == "dropped" for event in events)


def test_definitions_of_tools_are_no_part_of_what_observations_weigh(
    sandbox: Sandbox,
) -> None:
    """A rollout ended as `context` with half of its window free."""
    lines = "a line of some forty characters to fill it\\n"
    asked: list[int] = []

    def fill(messages: Sequence[Message]) -> Reply:
        definitions = 6_000
        asked.append((definitions + sum(len(m.content) for m in messages)) // 4)
        usage = Usage(prompt_tokens=asked[-1], completion_tokens=20, requests=1)
        command = {"command": f"yes '{len(asked)}{lines}' | head -n 200"}
        call = ToolCall(str(len(asked)), "run_command", command)
        return Reply("", (call,), usage=usage)

    limits = Limits(context_tokens=9_000)
    stop, steps, _ = attempt_with(sandbox, limits, [fill] * 9)

    assert (stop, steps) == (Stop.BUDGET, 9)
    assert max(asked) <= 9_000


def test_reasoning_that_is_sent_back_makes_room_as_observations_do(
    sandbox: Sandbox,
) -> None:
    """Sixteen thousand tokens a step filled a window that had nothing to drop."""
    seen: list[Sequence[Message]] = []

    def think(messages: Sequence[Message]) -> Reply:
        seen.append(tuple(messages))
        sent = sum(len(m.content) + len(m.unsigned_reasoning) for m in messages)
        return Reply(
            "",
            (ToolCall(str(len(seen)), "search", {"pattern": f"x{len(seen)}"}),),
            usage=Usage(prompt_tokens=sent // 4, completion_tokens=9, requests=1),
            provider_fields={"reasoning_content": f"{len(seen)} I think. " * 6_000},
        )

    limits = Limits(context_tokens=24_000)
    stop, steps, _ = attempt_with(sandbox, limits, [think] * 9)

    assert (stop, steps) == (Stop.BUDGET, 9)
    thoughts = [m.unsigned_reasoning for m in seen[-1] if m.role == "assistant"]
    assert thoughts[0] == "[Dropped to save room.]"
    assert all(text.startswith(("7 I", "8 I")) for text in thoughts[-2:])
    assert max(map(len, thoughts)) < 21_000


def test_a_limit_ends_the_whole_sleep_phase(sandbox: Sandbox) -> None:
    pulls = [
        PullRequest(
            repo="shop/till",
            pr_number=number,
            title=f"Change {number}",
            body="",
            base_commit="0" * 40,
            changed_files=(),
        )
        for number in (1, 2, 3)
    ]
    usage = Usage(completion_tokens=50, requests=1)
    model = ScriptedModel([Reply("It is about tills.", usage=usage)] * 9)

    learned = sleep(
        model=model,
        sandbox=sandbox,
        repo="shop/till",
        related=pulls,
        limits=Limits(completion_tokens=100),
    )

    assert len(model.requests) == 2
    assert "It is about tills." in learned.text
