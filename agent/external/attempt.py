"""One attempt at one change by somebody else's agent.

The agent works on a copy of the sandbox's checkout, whose history is sealed like every
other. What it says is not the result: the host looks at the copy, takes what differs
back into the sandbox, and the sandbox's own list of changes is the answer.
"""

import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from agent.errors import AgentError
from agent.events import JSON, Event, EventSink, discard, usage_record
from agent.external.command import AgentCommand, Filling
from agent.external.placed_context import PlacedContext
from agent.external.process import Finished, run_agent
from agent.external.records import OwnRecord, read_record
from agent.external.tree_copy import TreeCopy
from agent.external.walls import UNWALLED, WALLED, Room
from agent.learned_context import LearnedContext
from agent.patch import read_patch
from agent.prompting import render_prompt
from agent.pull_request_text import BODY_LIMIT
from agent.redaction import redact
from agent.rollout import Rollout, Stop
from sandbox.contract import ChangeKind, Sandbox

__all__ = ["attempt_externally"]

TEMPLATE = "external_task"
_OUTPUT_CHARACTERS = 20_000
_AT_THEIR_BUDGET = ("LimitsExceeded", "error_max_budget_usd", "error_max_turns")
"""What mini-swe-agent and Claude Code call it; a RateLimitError is something else."""


def attempt_externally(  # noqa: PLR0913 - what an attempt depends on, all by keyword
    *,
    agent: AgentCommand,
    model: str,
    sandbox: Sandbox,
    title: str,
    body: str,
    budget: int,
    learned_context: LearnedContext | None = None,
    seconds: float | None = None,
    walled: bool = True,
    environ: Mapping[str, str] | None = None,
    on_event: EventSink = discard,
) -> Rollout:
    """Let an agent make one change.

    Args:
        agent: Which.
        model: Name of its model, as litellm has it.
        sandbox: A checkout in which nothing has been changed.
        title: Of the change that is asked for.
        body: Its description; may be empty.
        budget: Steps, for an agent that can be told.
        learned_context: What a sleep phase left.
        seconds: Limit of its time, waiting for its model included; None leaves it the
            time that the agent's description gives.
        walled: Whether walls keep it from everything but its model.
        environ: The host's variables; None stands for the process's own.
        on_event: Takes the trajectory.

    Raises:
        AgentError: The agent is not installed, or failed and changed nothing, or a
            folder stands where it looks for what was learned.
        SandboxError: The checkout cannot be copied, or the sandbox is lost.
    """
    started_s = time.monotonic()
    agent = _in_time(agent, seconds)
    given = os.environ if environ is None else environ
    task = _write_task(agent, title, body, learned_context)
    with tempfile.TemporaryDirectory(prefix="swe-features-agent-") as folder:
        room = Room.below(Path(folder).resolve())
        copy = _furnish(room, sandbox)
        placed = _place_context(room.tree, agent, learned_context)
        filling = _fill_in(agent, task, model, budget, room, given)
        _record_start(on_event, agent, filling, walled=walled, commit=sandbox)
        finished = run_agent(agent, filling, room, given, walled=walled)
        record = read_record(agent.reads, filling.trajectory, finished.output)
        if placed is not None:
            placed.remove()
        changed = copy.bring_back(agent.leavings)
    files = _modified_files(sandbox)
    on_event(Event("patch", {"text": read_patch(sandbox)}))
    stop = _find_stop(finished, record)
    _record_end(on_event, finished, record, stop, files)
    if not changed:
        _refuse_failure(agent, finished, record, stop)
    return Rollout(
        predicted_files=files,
        stop=stop,
        steps=record.steps,
        usage=record.usage,
        duration_s=time.monotonic() - started_s,
    )


def _in_time(agent: AgentCommand, seconds: float | None) -> AgentCommand:
    """The agent with the shorter of its own time and a limit."""
    if seconds is None:
        return agent
    return agent.model_copy(update={"timeout_s": min(seconds, agent.timeout_s)})


def _write_task(
    agent: AgentCommand, title: str, body: str, learned: LearnedContext | None
) -> str:
    in_prompt = learned is not None and "prompt" in agent.context
    return render_prompt(
        TEMPLATE,
        title=title,
        body=body,
        body_limit=BODY_LIMIT,
        learned_context=learned.text if learned and in_prompt else "",
    )


def _furnish(room: Room, sandbox: Sandbox) -> TreeCopy:
    """The checkout in its place."""
    for needed in (room.home, room.socket.parent):
        needed.mkdir()
    return TreeCopy(sandbox, room.tree)


def _place_context(
    tree: Path, agent: AgentCommand, learned: LearnedContext | None
) -> PlacedContext | None:
    """What was learned, in the files that the agent reads by itself."""
    if learned is None:
        return None
    names = [name for name in agent.context if name != "prompt"]
    return PlacedContext(tree, names, learned.text)


def _fill_in(  # noqa: PLR0913, PLR0917 - a placeholder each
    agent: AgentCommand,
    task: str,
    model: str,
    budget: int,
    room: Room,
    environ: Mapping[str, str],
) -> Filling:
    variables = {name: environ.get(name) or own for name, own in agent.defaults.items()}
    return Filling(
        task=task,
        model=model,
        budget=budget,
        home=room.home,
        trajectory=room.home / "trajectory.json",
        variables=variables,
    )


def _refuse_failure(
    agent: AgentCommand, finished: Finished, record: OwnRecord, stop: Stop
) -> None:
    """Tell an agent that found nothing from one that could not work.

    Some end well when their model refuses every request: what they did not do is then
    no answer.

    Raises:
        AgentError: It ended with an error, or had no reply of its model at all.
    """
    is_cut = stop in (Stop.BUDGET, Stop.TIME)
    was_unanswered = agent.reads is not None and not record.steps
    if was_unanswered or (finished.exit_code and not is_cut):
        reason = "had no reply of its model" if was_unanswered else "changed nothing"
        msg = (
            f"{agent.command[0]} ended with {finished.exit_code} and {reason}: "
            f"{' '.join(redact(finished.output).split())[-300:]}"
        )
        raise AgentError(msg)


def _modified_files(sandbox: Sandbox) -> tuple[str, ...]:
    changes = sandbox.changes()
    return tuple(c.path for c in changes if c.kind is ChangeKind.MODIFIED)


def _find_stop(finished: Finished, record: OwnRecord) -> Stop:
    if finished.timed_out:
        return Stop.TIME
    is_cut = record.exit_status in _AT_THEIR_BUDGET
    return Stop.BUDGET if is_cut else Stop.SUBMITTED


def _record_start(
    on_event: EventSink,
    agent: AgentCommand,
    filling: Filling,
    *,
    walled: bool,
    commit: Sandbox,
) -> None:
    facts: dict[str, JSON] = {
        "phase": "external",
        "model": filling.model,
        "command": [redact(word) for word in agent.command],
        "budget": filling.budget,
        "commit": commit.proof.base_commit,
        "isolation": WALLED if walled else UNWALLED,
    }
    on_event(Event("phase", facts))
    on_event(Event("message", {"role": "user", "content": filling.task}))


def _record_end(
    on_event: EventSink,
    finished: Finished,
    record: OwnRecord,
    stop: Stop,
    files: tuple[str, ...],
) -> None:
    facts: dict[str, JSON] = {
        "text": redact(finished.output)[-_OUTPUT_CHARACTERS:],
        "exit_code": finished.exit_code,
        "timed_out": finished.timed_out,
        "refused_hosts": list(finished.refused),
    }
    on_event(Event("external_output", facts))
    end: dict[str, JSON] = {
        "reason": stop,
        "own_status": record.exit_status,
        "steps": record.steps,
    }
    usage = usage_record(record.usage)
    on_event(Event("stop", {**end, "usage": usage, "predicted_files": list(files)}))
