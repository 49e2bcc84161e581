"""Trajectories in Harbor's Agent Trajectory Interchange Format, version 1.7.

One step for each message and each model reply, numbered from 1; a reply's tool results
are in its own step. A sleep phase is a sub-agent's trajectory, embedded in the one that
used what it wrote, and a system step at the start refers to it, and to all others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from agent.learned_context import LearnedContext
from agent.usage import Usage
from swe_features.cell_results import CellResult
from swe_features.exports.turns import Conversation, Turn

__all__ = ["SCHEMA", "Asleep", "write_atif"]

SCHEMA = "ATIF-v1.7"


@dataclass(frozen=True, slots=True)
class Asleep:
    """A sleep phase whose outcome an attempt was handed."""

    conversation: Conversation
    learned: LearnedContext | None
    """That outcome; None where its file is missing."""


def write_atif(
    result: CellResult, attempted: Conversation, slept: Sequence[Asleep] = ()
) -> dict[str, Any]:
    """One attempt as a trajectory. Any: JSON values.

    Args:
        result: Row of the attempt.
        attempted: Its test phase.
        slept: The sleep phases whose outcomes it was handed, in their order.
    """
    steps = list(_write_steps(attempted.turns))
    named = {_name(result, number): each for number, each in enumerate(slept, start=1)}
    if named:
        steps.insert(0, _write_references(attempted, named))
        for number, step in enumerate(steps, start=1):
            step["step_id"] = number
    trajectory: dict[str, Any] = {
        "schema_version": SCHEMA,
        "session_id": result.cell_id,
        "trajectory_id": result.cell_id,
        "agent": _write_agent(result, attempted, str(result.model)),
        "steps": steps,
        "final_metrics": _write_totals(attempted.usage, len(steps)),
        "extra": _write_score(result),
    }
    if named:
        trajectory["subagent_trajectories"] = [
            _write_asleep(result, name, each.conversation)
            for name, each in named.items()
        ]
    return trajectory


def _name(result: CellResult, number: int) -> str:
    return f"{result.cell_id}-sleep" + (f"-{number}" if number > 1 else "")


def _write_asleep(result: CellResult, name: str, slept: Conversation) -> dict[str, Any]:
    steps = list(_write_steps(slept.turns))
    return {
        "schema_version": SCHEMA,
        "trajectory_id": name,
        "agent": _write_agent(result, slept, str(result.sleep_model)),
        "steps": steps,
        "final_metrics": _write_totals(slept.usage, len(steps)),
    }


def _write_references(
    attempted: Conversation, named: Mapping[str, Asleep]
) -> dict[str, Any]:
    at_s = attempted.turns[0].at_s if attempted.turns else 0.0
    answers = [
        {
            "content": each.learned.text if each.learned is not None else "",
            "subagent_trajectory_ref": [{"trajectory_id": name}],
        }
        for name, each in named.items()
    ]
    return {
        "step_id": 1,
        "timestamp": _timestamp(at_s),
        "source": "system",
        "message": "The sleep phase studied related pull requests before the task.",
        "observation": {"results": answers},
    }


def _write_agent(
    result: CellResult, conversation: Conversation, model: str
) -> dict[str, Any]:
    phase = conversation.phase
    tools = phase.get("tool_definitions") or []
    return {
        "name": "swe-features",
        "version": result.version,
        "model_name": model,
        "tool_definitions": [{"type": "function", "function": tool} for tool in tools],
        "extra": {
            "arm": result.arm,
            "budget": result.budget,
            "seed": result.seed,
            "mode": result.mode,
            "phase": phase.get("phase"),
        },
    }


def _write_steps(turns: list[Turn]) -> Iterator[dict[str, Any]]:
    for number, turn in enumerate(turns, start=1):
        step: dict[str, Any] = {
            "step_id": number,
            "timestamp": _timestamp(turn.at_s),
            "source": turn.source,
            "message": turn.text,
        }
        if turn.source == "agent":
            step |= _write_reply(turn)
        yield step


def _write_reply(turn: Turn) -> dict[str, Any]:
    step: dict[str, Any] = {}
    if turn.reasoning:
        step["reasoning_content"] = turn.reasoning
    if turn.calls:
        step["tool_calls"] = [
            {
                "tool_call_id": call.call_id,
                "function_name": call.name,
                "arguments": dict(call.arguments),
            }
            for call in turn.calls
        ]
        results = [
            {"source_call_id": call.call_id, "content": call.observation}
            for call in turn.calls
            if call.observation is not None
        ]
        if results:
            step["observation"] = {"results": results}
    if turn.usage is not None:
        step["llm_call_count"] = turn.usage.requests
        step["metrics"] = _write_metrics(turn.usage, turn.billed_usd)
    return step


def _write_metrics(usage: Usage, billed_usd: float | None) -> dict[str, Any]:
    if usage.unmeasured_requests:
        return {"extra": {"unmeasured": True}}
    metrics = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_tokens": usage.cached_prompt_tokens,
        "extra": {
            "reasoning_tokens": usage.reasoning_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
    }
    return metrics if billed_usd is None else {**metrics, "cost_usd": billed_usd}


def _write_totals(usage: Usage, steps: int) -> dict[str, Any]:
    if usage.unmeasured_requests:  # a sum of the others would pass for all of them
        unmeasured = {"unmeasured_requests": usage.unmeasured_requests}
        return {"total_steps": steps, "extra": unmeasured}
    return {
        "total_prompt_tokens": usage.prompt_tokens,
        "total_completion_tokens": usage.completion_tokens,
        "total_cached_tokens": usage.cached_prompt_tokens,
        "total_steps": steps,
        "extra": {
            "reasoning_tokens": usage.reasoning_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "unmeasured_requests": 0,
        },
    }


def _write_score(result: CellResult) -> Mapping[str, Any]:
    return {
        "instance_id": result.instance_id,
        "outcome": result.outcome,
        "stop": result.stop,
        "predicted_files": list(result.predicted_files or ()),
        "precision": result.precision,
        "recall": result.recall,
        "f1": result.f1,
    }


def _timestamp(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")
