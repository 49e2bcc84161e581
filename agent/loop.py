"""The step loop: ask the model, run its tool calls, record the step, stop in time.

One step is one reply of the model with all its tool calls. A reply without any costs a
step too. Every observation ends with the count of steps (arXiv 2504.13171, appendix H).
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from agent.context_window import ContextWindow
from agent.errors import ContextOverflowError
from agent.events import JSON, Event, EventSink, usage_record
from agent.limits import NO_LIMITS, Limits, Spending
from agent.messages import Message, ToolCall
from agent.model import Model, Reply
from agent.plain_text import cut_middle
from agent.rollout import Stop
from agent.tools.tool import Observation
from agent.tools.toolbox import Toolbox
from agent.usage import Usage

__all__ = ["SAID_LIMIT", "Guidance", "Loop"]

SAID_LIMIT = 20_000
"""Characters of a reply's text, and of its reasoning, that stay in the conversation.

A model that rambled must not pay for it again in every later step; the record has all.
"""
_NOT_RUN = {
    Stop.SUBMITTED: "an earlier call of this reply ended the work",
    Stop.TIME: "the time is over",
}


@dataclass(frozen=True, slots=True)
class Guidance:
    """What the loop tells the model between its steps."""

    last_steps: Callable[[int], str]
    """What to say when so many steps are left; empty for nothing."""
    reminder: str = ""
    """Answer to a reply without tool calls.

    Empty where such a reply ends the run of steps.
    """


class Loop:
    """One conversation with a model that has tools; it may take several runs."""

    def __init__(
        self,
        model: Model,
        toolbox: Toolbox,
        *,
        limits: Limits = NO_LIMITS,
        on_event: EventSink,
    ) -> None:
        self._model = model
        self._toolbox = toolbox
        self._on_event = on_event
        self._window = ContextWindow(
            limits.context_tokens, model.context_tokens, toolbox.specs
        )
        self._spending = Spending(limits, model.name)
        self._started_s = time.monotonic()
        self.messages: list[Message] = []
        self.usage = Usage()
        self.steps = 0
        """Steps of all runs together."""
        self.idle_steps = 0
        self.proposals: list[tuple[int, tuple[str, ...]]] = []

    def open(self, phase: str, **facts: JSON) -> None:
        """Record that a phase begins, and under which conditions."""
        specs = self._toolbox.specs
        self._record(
            "phase",
            phase=phase,
            model=self._model.name,
            tools=[spec.name for spec in specs],
            tool_definitions=[asdict(spec) for spec in specs],
            **facts,
        )

    def close(self, stop: Stop, **facts: JSON) -> None:
        """Record that the phase is over, and why."""
        self._record("stop", reason=stop, usage=usage_record(self.usage), **facts)

    def tell(self, message: Message) -> None:
        """Add a system or user message to the conversation."""
        self.messages.append(message)
        self._record("message", role=message.role, content=message.content)

    def run(self, budget: int, guidance: Guidance) -> Stop:
        """Let the model work until it is done or has used `budget` steps.

        Raises:
            ModelError: The model could not be asked.
            SandboxLostError: The sandbox went away.
        """
        for step in range(1, budget + 1):
            reached = self._spending.find_stop(self._elapsed_s)
            if reached is not None:
                return reached
            reply = self._ask()
            if reply is None:
                return Stop.CONTEXT
            if not reply.tool_calls:
                self.idle_steps += 1
                if not guidance.reminder:
                    return Stop.REPLIED
                self._remind(guidance, step, budget)
                continue
            ended = self._run_tool_calls(reply, guidance, step, budget)
            if ended is not None:
                return ended
        return Stop.BUDGET

    @property
    def seconds_left(self) -> float:
        """Work that the limit of seconds leaves; infinite where there is none."""
        return self._spending.seconds_left(self._elapsed_s)

    @property
    def _elapsed_s(self) -> float:
        return time.monotonic() - self._started_s

    def _ask(self) -> Reply | None:
        """One reply; None where the conversation no longer fits the window."""
        reply = self._complete()
        if reply is None:
            return None
        self._window.measure(self.messages, reply.usage.prompt_tokens)
        self.usage += reply.usage
        self.messages.append(_shorten(reply.as_message()))
        self._record(
            "reply",
            content=reply.content,
            reasoning=reply.reasoning,
            tool_calls=[_call_record(call) for call in reply.tool_calls],
            finish_reason=reply.finish_reason,
            usage=usage_record(reply.usage),
            billed_usd=reply.billed_usd,
            duration_s=reply.duration_s,
            waited_s=reply.waited_s,
            attempts=reply.attempts,
        )
        # Last: what cannot be counted was paid for all the same, and is on record.
        self._spending.count(reply)
        return reply

    def _complete(self) -> Reply | None:
        """Ask, and make room in the conversation before, or where it was refused."""
        dropped = self._window.make_room(self.messages)
        if dropped:
            self._record("dropped", observations=dropped, was_refused=False)
        if self._window.is_exceeded(self.messages):
            return None
        self.steps += 1
        while True:
            self._record("request", messages=len(self.messages))
            try:
                return self._model.complete(self.messages, self._toolbox.specs)
            except ContextOverflowError as error:
                dropped = self._window.make_room_at_once(self.messages)
                self._record(
                    "dropped",
                    observations=dropped,
                    was_refused=True,
                    refusal=str(error),
                )
                if not dropped:
                    # A step is a reply, and this one never came.
                    self.steps -= 1
                    return None

    def _run_tool_calls(
        self, reply: Reply, guidance: Guidance, step: int, budget: int
    ) -> Stop | None:
        """Run the calls of a reply, and answer all; how they ended the work, if so."""
        stop: Stop | None = None
        advice = guidance.last_steps(budget - step)
        for call in reply.tool_calls:
            ended = self._find_end(call, stop)
            observation = (
                self._observe(call) if ended is None else self._skip(call, ended)
            )
            is_last = call is reply.tool_calls[-1]
            text = _with_count(
                observation.text, advice if is_last else "", step, budget
            )
            self.messages.append(Message("tool", text, tool_call_id=call.call_id))
            stop = Stop.SUBMITTED if observation.is_final else ended or stop
        if advice and stop is None:
            self._record("notice", text=advice)
        return stop

    def _find_end(self, call: ToolCall, stop: Stop | None) -> Stop | None:
        """What keeps a call from being run, if anything does."""
        if stop is Stop.SUBMITTED:
            return stop
        is_late = self._toolbox.takes_time(call) and self.seconds_left <= 0
        return Stop.TIME if is_late else None

    def _skip(self, call: ToolCall, ended: Stop) -> Observation:
        text = f"{call.name} was not run: {_NOT_RUN[ended]}."
        observation = Observation(text, failed=True)
        self._record_observation(call, observation, duration_s=0.0)
        return observation

    def _observe(self, call: ToolCall) -> Observation:
        self._record("tool_call", **_call_record(call))
        started_s = time.monotonic()
        observation = self._toolbox.call(call, step=self.steps)
        duration_s = time.monotonic() - started_s
        self._record_observation(call, observation, duration_s=duration_s)
        if observation.proposal is not None:
            self.proposals.append((self.steps, observation.proposal))
            self._record("proposal", files=list(observation.proposal))
        return observation

    def _record_observation(
        self, call: ToolCall, observation: Observation, *, duration_s: float
    ) -> None:
        self._record(
            "observation",
            call_id=call.call_id,
            text=observation.text,
            failed=observation.failed,
            duration_s=duration_s,
        )

    def _remind(self, guidance: Guidance, step: int, budget: int) -> None:
        text = guidance.reminder
        self._record("notice", text=text)
        advice = guidance.last_steps(budget - step)
        self.messages.append(Message("user", _with_count(text, advice, step, budget)))

    def _record(self, kind: str, **data: JSON) -> None:
        self._on_event(Event(kind, {"step": self.steps, **data}))


def _shorten(said: Message) -> Message:
    if len(said.content) > SAID_LIMIT:
        said = replace(said, content=cut_middle(said.content, SAID_LIMIT))
    reasoning = said.unsigned_reasoning
    if len(reasoning) > SAID_LIMIT:
        said = said.with_reasoning(cut_middle(reasoning, SAID_LIMIT))
    return said


def _with_count(text: str, advice: str, step: int, budget: int) -> str:
    """An observation as the model reads it, the count of steps at its end."""
    parts = [text, f"[{advice}]" if advice else "", f"[Step: {step}/{budget}]"]
    return "\n".join(part for part in parts if part)


def _call_record(call: ToolCall) -> dict[str, JSON]:
    return {
        "call_id": call.call_id,
        "name": call.name,
        "arguments": dict(call.arguments),
        "raw_arguments": call.raw_arguments,
    }
