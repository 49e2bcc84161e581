"""Trajectories in the form of mini-swe-agent, as its inspector and others read them."""

import json
from typing import Any

from swe_features.cell_results import CellResult
from swe_features.exports.turns import Conversation, Turn

__all__ = ["FORMAT", "write_mini_trajectory"]

FORMAT = "mini-swe-agent-1.1"


def write_mini_trajectory(
    result: CellResult, attempted: Conversation
) -> dict[str, Any]:
    """One attempt as chat messages with their extras. Any: JSON values."""
    messages: list[dict[str, Any]] = []
    for turn in attempted.turns:
        messages += _write_turn(turn)
    status = str(result.stop or result.outcome)
    submission = attempted.patch or "\n".join(result.predicted_files or ())
    extra = {"exit_status": status, "submission": submission}
    messages.append({"role": "exit", "content": submission, "extra": extra})
    billed = [t.billed_usd for t in attempted.turns if t.billed_usd is not None]
    return {
        "info": {
            "model_stats": {
                "instance_cost": sum(billed),
                "api_calls": attempted.usage.requests,
            },
            "config": {
                "agent": {"step_limit": result.budget, "mode": result.mode},
                "agent_type": "swe-features",
                "model": {"model_name": result.model},
                "model_type": "swe-features",
                "environment": {},
                "environment_type": result.driver,
            },
            "mini_version": f"swe-features {result.version}",
            "exit_status": status,
            "submission": submission,
        },
        "messages": messages,
        "trajectory_format": FORMAT,
        "instance_id": result.instance_id,
    }


def _write_turn(turn: Turn) -> list[dict[str, Any]]:
    if turn.source != "agent":
        extra = {"timestamp": turn.at_s}
        return [{"role": turn.source, "content": turn.text, "extra": extra}]
    message: dict[str, Any] = {"role": "assistant", "content": turn.text}
    if turn.calls:
        message["tool_calls"] = [
            {
                "id": call.call_id,
                "type": "function",
                "function": {
                    "name": call.name,
                    "arguments": json.dumps(dict(call.arguments)),
                },
            }
            for call in turn.calls
        ]
    actions = [
        {
            "command": f"{call.name} {json.dumps(dict(call.arguments))}",
            "tool_call_id": call.call_id,
        }
        for call in turn.calls
    ]
    cost = turn.billed_usd or 0.0
    message["extra"] = {"actions": actions, "cost": cost, "timestamp": turn.at_s}
    observations = [
        {
            "role": "tool",
            "tool_call_id": call.call_id,
            "content": call.observation,
            "extra": {"timestamp": turn.at_s},
        }
        for call in turn.calls
        if call.observation is not None
    ]
    return [message, *observations]
