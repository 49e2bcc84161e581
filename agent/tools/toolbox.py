"""Run the tool calls of a reply; whatever is wrong with one becomes an observation."""

import json
from collections.abc import Sequence
from dataclasses import replace

from agent.messages import ToolCall, ToolSpec
from agent.plain_text import cut_middle, strip_escapes
from agent.tools.arguments import find_problems
from agent.tools.tool import Observation, Tool

__all__ = ["OBSERVATION_LIMIT", "Toolbox"]

OBSERVATION_LIMIT = 10_000
"""Characters of one observation; about 2,500 tokens of code."""
_SHOWN_RAW_CHARACTERS = 200


class Toolbox:
    """The tools of one rollout, and what was called before."""

    def __init__(
        self, tools: Sequence[Tool], *, observation_limit: int = OBSERVATION_LIMIT
    ) -> None:
        self._tools = {tool.spec.name: tool for tool in tools}
        self._observation_limit = observation_limit
        self._seen: dict[str, int] = {}
        self.specs: tuple[ToolSpec, ...] = tuple(tool.spec for tool in tools)
        self.calls = 0
        self.failed_calls = 0
        self.repeated_calls = 0

    def takes_time(self, call: ToolCall) -> bool:
        """Whether a call may take long; one of an unknown tool does not."""
        tool = self._tools.get(call.name)
        return tool is not None and tool.takes_time

    def call(self, call: ToolCall, *, step: int) -> Observation:
        """Run one call and cut what came back to the limit.

        Never raises for what a model did wrong; a sandbox that is gone still raises.
        """
        self.calls += 1
        observation = self._run(call)
        if observation.failed:
            self.failed_calls += 1
        text = cut_middle(strip_escapes(observation.text), self._observation_limit)
        earlier_step = self._remember(call, text, step)
        if earlier_step is not None:
            self.repeated_calls += 1
            text += (
                f"\n[This is exactly the call of step {earlier_step}, and its result. "
                "Do something else, or give your answer.]"
            )
        return replace(observation, text=text)

    def _run(self, call: ToolCall) -> Observation:
        tool = self._tools.get(call.name)
        if tool is None:
            known = ", ".join(self._tools)
            return Observation(
                f"There is no tool {call.name!r}. There are: {known}.", failed=True
            )
        if call.raw_arguments is not None:
            shown = call.raw_arguments[:_SHOWN_RAW_CHARACTERS]
            return Observation(
                f"The arguments of {call.name} are not a JSON object: {shown!r}. "
                f"Wanted is {json.dumps(tool.spec.parameters)}.",
                failed=True,
            )
        problems = find_problems(tool.spec.parameters, call.arguments)
        if problems:
            return Observation(
                f"{call.name} was not run: {'; '.join(problems)}.", failed=True
            )
        return tool.run(call.arguments)

    def _remember(self, call: ToolCall, text: str, step: int) -> int | None:
        """Step of an earlier identical call with an identical result, if any."""
        called = [call.name, dict(call.arguments), call.raw_arguments, text]
        key = json.dumps(called, sort_keys=True, default=str)
        earlier_step = self._seen.get(key)
        self._seen[key] = step
        return earlier_step
