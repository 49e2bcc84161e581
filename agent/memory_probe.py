"""A control without a repository: what does the model know by heart?

It gets the repository's name and the title and body of the change, and one request in
which to name files. What it finds so, it found in its training data or by guessing at
names, and no agent's score says anything about looking until it is above this one.
"""

import time
from collections.abc import Mapping
from typing import Any

from agent.events import EventSink, discard
from agent.limits import NO_LIMITS, Limits
from agent.loop import Guidance, Loop
from agent.messages import Message
from agent.model import Model
from agent.prompting import hash_prompts, render_prompt
from agent.pull_request_text import BODY_LIMIT
from agent.rollout import Rollout
from agent.tools.schema import describe, strings
from agent.tools.tool import Observation, Tool
from agent.tools.toolbox import Toolbox

__all__ = ["PROMPT_TEMPLATES", "probe_memory"]

PROMPT_TEMPLATES = ("memory_probe_system", "memory_probe_task")
_NAME_FILES = describe(
    "name_files",
    "Name the existing files that the change modifies.",
    {"files": strings("Paths from the repository root, likeliest first.")},
    required=("files",),
)


def probe_memory(  # noqa: PLR0913 - what a probe depends on, all by keyword
    *,
    model: Model,
    repo: str,
    title: str,
    body: str,
    limits: Limits = NO_LIMITS,
    on_event: EventSink = discard,
) -> Rollout:
    """Ask once, and take whatever is named, existing or not.

    Args:
        model: Who is asked.
        repo: `owner/name`.
        title: Of the change that is asked for.
        body: Its description; may be empty.
        limits: Safety stops.
        on_event: Takes the trajectory.

    Raises:
        ModelError: The model could not be asked.
    """
    started_s = time.monotonic()
    named: list[str] = []

    def name_files(arguments: Mapping[str, Any]) -> Observation:
        named[:] = dict.fromkeys(path.removeprefix("./") for path in arguments["files"])
        return Observation("Noted.", is_final=True, proposal=tuple(named))

    toolbox = Toolbox((Tool(_NAME_FILES, name_files),))
    loop = Loop(model, toolbox, limits=limits, on_event=on_event)
    loop.open("probe", budget=1, prompt_hash=hash_prompts(PROMPT_TEMPLATES))
    loop.tell(Message("system", render_prompt("memory_probe_system")))
    task = render_prompt(
        "memory_probe_task", repo=repo, title=title, body=body, body_limit=BODY_LIMIT
    )
    loop.tell(Message("user", task))
    stop = loop.run(1, Guidance(lambda left: ""))
    loop.close(stop, predicted_files=list(named))
    return Rollout(
        predicted_files=tuple(named),
        stop=stop,
        steps=loop.steps,
        usage=loop.usage,
        duration_s=time.monotonic() - started_s,
        tool_calls=toolbox.calls,
        failed_calls=toolbox.failed_calls,
    )
