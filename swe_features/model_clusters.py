"""Let a language model group pull requests, as the paper does.

One request for a repository: numbers and titles go out, groups of numbers come back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.messages import Message, ToolSpec
from agent.model import Model
from agent.prompting import render_prompt
from tasks.errors import SuiteError
from tasks.pull_requests import PullRequest

__all__ = ["cluster_with_model"]

_ATTEMPTS = 2
_MOST = 400
"""Pull requests in one request; more titles than a model groups with any care."""
_NAME_CHARACTERS = 60

_TOOL = ToolSpec(
    name="group",
    description="Group the pull requests.",
    parameters={
        "type": "object",
        "properties": {
            "groups": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "numbers": {"type": "array", "items": {"type": "integer"}},
                    },
                    "required": ["name", "numbers"],
                },
            }
        },
        "required": ["groups"],
    },
)


def cluster_with_model(
    model: Model, pull_requests: Sequence[PullRequest]
) -> tuple[PullRequest, ...]:
    """Give each pull request the name of its group.

    One that the model left out, or put into two groups, is a group of its own.

    Raises:
        ModelError: The model could not be asked.
        SuiteError: There are too many, or the model did not answer with groups.
    """
    if len(pull_requests) > _MOST:
        message = (
            f"{len(pull_requests)} pull requests are too many for a model to group, "
            f"which takes {_MOST}: leave --cluster-model out"
        )
        raise SuiteError(message)
    if not pull_requests:
        return ()
    repo = pull_requests[0].repo
    prompt = render_prompt(
        "cluster_pull_requests", repo=repo, pull_requests=pull_requests
    )
    for _ in range(_ATTEMPTS):
        reply = model.complete([Message("user", prompt)], [_TOOL])
        for call in reply.tool_calls:
            groups = _read(call.arguments) if call.name == _TOOL.name else None
            if groups:
                return tuple(
                    replace(one, cluster=groups.get(one.pr_number, f"#{one.pr_number}"))
                    for one in pull_requests
                )
    message = f"{model.name} did not group the pull requests: try another model"
    raise SuiteError(message)


def _read(arguments: Mapping[str, Any]) -> dict[int, str]:
    """Group of each number that is in exactly one. Any: whatever a model writes."""
    found: dict[int, str] = {}
    doubled: set[int] = set()
    groups = arguments.get("groups")
    for place, group in enumerate(groups if isinstance(groups, list) else []):
        if not isinstance(group, dict) or not isinstance(group.get("numbers"), list):
            continue
        words = " ".join(str(group.get("name", "")).split())[:_NAME_CHARACTERS]
        for number in group["numbers"]:
            if isinstance(number, int) and not isinstance(number, bool):
                doubled |= {number} & found.keys()
                found[number] = f"{place:02d}-{words or 'unnamed'}"
    return {number: name for number, name in found.items() if number not in doubled}
