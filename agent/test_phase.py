"""The test phase: one attempt at one change, within a budget of steps.

What the agent knows beforehand makes the arm: c' (`learned_context`), the raw related
pull requests (`related`), or neither; everything else is the same.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from agent.events import Event, EventSink, discard
from agent.learned_context import LearnedContext
from agent.likely_files import (
    SHOWN_CANDIDATES,
    Finder,
    likely_files_tool,
    write_candidates,
)
from agent.limits import NO_LIMITS, Limits
from agent.loop import Guidance, Loop
from agent.messages import Message
from agent.model import Model
from agent.patch import read_patch
from agent.prompting import hash_prompts, render_prompt
from agent.pull_request_text import BODY_LIMIT, write_pull_request
from agent.pull_request_text import TEMPLATE as PULL_REQUEST_TEMPLATE
from agent.rollout import Rollout, Stop
from agent.tools.answering import Answer, answering_tools, submit_tool
from agent.tools.editing import edit_file_tool
from agent.tools.reading import reading_tools
from agent.tools.shell import run_command_tool
from agent.tools.tool import Tool
from agent.tools.toolbox import Toolbox
from agent.tools.tree import Tree
from sandbox.contract import ChangeKind, Sandbox
from tasks.pull_requests import PullRequest

__all__ = ["PROMPT_TEMPLATES", "Mode", "attempt", "prompt_hash"]

Mode: TypeAlias = Literal["predict", "edit"]
"""Declare the files, or modify them; scored alike."""
PROMPT_TEMPLATES = (
    "last_steps",
    PULL_REQUEST_TEMPLATE,
    "reminder",
    "test_system",
    "test_task",
)
_NUDGED_STEPS = 2
"""The last steps in which the agent is told to answer."""


def prompt_hash() -> str:
    """SHA-256 of the templates that the test phase uses."""
    return hash_prompts(PROMPT_TEMPLATES)


def attempt(  # noqa: PLR0913 - what a phase depends on, all by keyword
    *,
    model: Model,
    sandbox: Sandbox,
    title: str,
    body: str,
    budget: int,
    mode: Mode = "predict",
    learned_context: LearnedContext | None = None,
    related: Sequence[PullRequest] = (),
    finder: Finder | None = None,
    seed: int = 0,
    limits: Limits = NO_LIMITS,
    on_event: EventSink = discard,
) -> Rollout:
    """Attempt one change in a fresh checkout of its base commit.

    Args:
        model: Who attempts it.
        sandbox: A checkout in which nothing has been changed.
        title: Of the change that is asked for.
        body: Its description; may be empty.
        budget: Steps, at least 1. What stands after the last one is the answer.
        mode: What the answer is made of.
        learned_context: What a sleep phase left, for the arm that has it.
        related: Raw pull requests, for the arm that sees them only now.
        finder: An index of likely files, for the arm that has one.
        seed: Recorded. A model that draws at random is given its own when loaded.
        limits: Safety stops beside the budget.
        on_event: Takes the trajectory.

    Raises:
        ValueError: The budget is less than one step.
        ModelError: The model could not be asked.
        SandboxLostError: The sandbox went away.
    """
    _check_budget(budget)
    started_s = time.monotonic()
    tree = Tree.of(sandbox)
    answer = Answer(tree)
    # The loop, which is made last, keeps the time.
    shell = run_command_tool(sandbox, lambda: loop.seconds_left)
    looking = (*reading_tools(sandbox, tree), shell)
    toolbox = Toolbox(_tools(looking, sandbox, answer, mode, finder))
    loop = Loop(model, toolbox, limits=limits, on_event=on_event)
    loop.open(
        "test",
        mode=mode,
        budget=budget,
        commit=sandbox.proof.base_commit,
        related=[pull.pr_number for pull in related],
        has_learned_context=learned_context is not None,
        has_likely_files=finder is not None,
        seed=seed,
        prompt_hash=prompt_hash(),
    )
    loop.tell(Message("system", _write_rules(mode, budget, learned_context)))
    knowledge = _knowledge(title, body, related, finder)
    loop.tell(Message("user", _write_task(title, body, mode, budget, knowledge)))
    stop = loop.run(budget, _guidance(mode))
    files = answer.files if mode == "predict" else _read_edits(sandbox, on_event)
    loop.close(stop, predicted_files=list(files))
    return _sum_up(loop, toolbox, files, stop, time.monotonic() - started_s)


def _check_budget(budget: int) -> None:
    if budget < 1:
        msg = f"a budget of {budget} steps leaves nothing to do: give at least 1"
        raise ValueError(msg)


def _write_rules(
    mode: Mode, budget: int, learned_context: LearnedContext | None
) -> str:
    """The system prompt, the same for every task of an arm at one commit.

    So c' is part of the prefix that providers keep, and is paid for in full once.
    """
    return render_prompt(
        "test_system",
        mode=mode,
        budget=budget,
        learned_context=learned_context.text if learned_context else "",
    )


def _write_task(
    title: str, body: str, mode: Mode, budget: int, knowledge: Mapping[str, object]
) -> str:
    return render_prompt(
        "test_task",
        **knowledge,
        mode=mode,
        title=title,
        body=body,
        body_limit=BODY_LIMIT,
        budget=budget,
    )


def _knowledge(
    title: str,
    body: str,
    related: Sequence[PullRequest],
    finder: Finder | None,
) -> dict[str, object]:
    """What an arm shows with the task."""
    candidates = finder.find(title, body, limit=SHOWN_CANDIDATES) if finder else ()
    return {
        "related": [write_pull_request(pull) for pull in related],
        "likely_files": write_candidates(candidates),
    }


def _sum_up(
    loop: Loop,
    toolbox: Toolbox,
    files: tuple[str, ...],
    stop: Stop,
    duration_s: float,
) -> Rollout:
    return Rollout(
        predicted_files=files,
        stop=stop,
        steps=loop.steps,
        usage=loop.usage,
        duration_s=duration_s,
        proposals=tuple(loop.proposals),
        tool_calls=toolbox.calls,
        failed_calls=toolbox.failed_calls,
        repeated_calls=toolbox.repeated_calls,
        idle_steps=loop.idle_steps,
    )


def _tools(
    looking: tuple[Tool, ...],
    sandbox: Sandbox,
    answer: Answer,
    mode: Mode,
    finder: Finder | None,
) -> tuple[Tool, ...]:
    if finder is not None:
        looking = (likely_files_tool(finder), *looking)
    if mode == "edit":
        return (*looking, edit_file_tool(sandbox), submit_tool())
    return (*looking, *answering_tools(answer))


def _guidance(mode: Mode) -> Guidance:
    def last_steps(left: int) -> str:
        if not 0 < left <= _NUDGED_STEPS:
            return ""
        return render_prompt("last_steps", left=left, mode=mode)

    return Guidance(last_steps, reminder=render_prompt("reminder", mode=mode))


def _read_edits(sandbox: Sandbox, on_event: EventSink) -> tuple[str, ...]:
    """The host's own list of existing files that differ; new ones never count."""
    on_event(Event("patch", {"text": read_patch(sandbox)}))
    return tuple(
        change.path
        for change in sandbox.changes()
        if change.kind is ChangeKind.MODIFIED
    )
