"""The sleep phase: study related pull requests before any query, and write down c'.

As arXiv 2504.13171, section 6 and appendix K: one conversation, one pull request after
the other, exploration as needed, a summary of each from three sides, at most ten
rewritings of the memory block.
"""

import time
from collections.abc import Sequence

from agent.events import EventSink, discard
from agent.learned_context import LearnedContext
from agent.limits import NO_LIMITS, Limits
from agent.loop import Guidance, Loop
from agent.messages import Message
from agent.model import Model
from agent.plain_text import cut_middle
from agent.prompting import hash_prompts, render_prompt
from agent.pull_request_text import TEMPLATE as PULL_REQUEST_TEMPLATE
from agent.pull_request_text import write_pull_request
from agent.rollout import Stop
from agent.tools.memory import (
    BLOCK_LABEL,
    REVISION_LIMIT,
    TOKEN_BUDGET,
    Memory,
    memory_tools,
)
from agent.tools.reading import reading_tools
from agent.tools.shell import run_command_tool
from agent.tools.toolbox import Toolbox
from agent.tools.tree import Tree
from sandbox.contract import Sandbox
from tasks.pull_requests import PullRequest

__all__ = ["PROMPT_TEMPLATES", "STEP_CAP", "prompt_hash", "sleep"]

STEP_CAP = 8
"""Steps for each pull request."""
_RESCUE_STEPS = 2
"""Steps to write the memory at the end, where a model has not written any."""
PROMPT_TEMPLATES = (
    "last_steps",
    PULL_REQUEST_TEMPLATE,
    "sleep_empty",
    "sleep_pull_request",
    "sleep_repository",
    "sleep_system",
)


def prompt_hash() -> str:
    """SHA-256 of the templates that the sleep phase uses."""
    return hash_prompts(PROMPT_TEMPLATES)


def sleep(  # noqa: PLR0913 - what a phase depends on, all by keyword
    *,
    model: Model,
    sandbox: Sandbox,
    repo: str,
    related: Sequence[PullRequest],
    seed: int = 0,
    step_cap: int = STEP_CAP,
    token_budget: int = TOKEN_BUDGET,
    limits: Limits = NO_LIMITS,
    on_event: EventSink = discard,
) -> LearnedContext:
    """Study related pull requests in a checkout.

    Args:
        model: Who studies.
        sandbox: A fresh checkout. Of the target's base commit where only earlier pull
            requests are related, so that nothing later than the target is seen.
        repo: `owner/name`.
        related: In the order in which they are read; where there is none, the
            repository alone is studied.
        seed: Recorded. A model that draws at random is given its own when loaded.
        step_cap: Steps for each pull request.
        token_budget: Tokens that c' may have, counted as `BYTES_PER_TOKEN` says.
        limits: Safety stops of the whole phase.
        on_event: Takes the trajectory.

    Raises:
        ModelError: The model could not be asked.
        SandboxLostError: The sandbox went away.
    """
    started_s = time.monotonic()
    loop: Loop
    memory = Memory(spent=lambda: loop.usage, token_budget=token_budget)
    toolbox = Toolbox(
        (
            *reading_tools(sandbox, Tree.of(sandbox)),
            run_command_tool(sandbox),
            *memory_tools(memory),
        )
    )
    loop = Loop(model, toolbox, limits=limits, on_event=on_event)
    loop.open(
        "sleep",
        repo=repo,
        commit=sandbox.proof.base_commit,
        related=[pull.pr_number for pull in related],
        step_cap=step_cap,
        token_budget=token_budget,
        seed=seed,
        prompt_hash=prompt_hash(),
    )
    loop.close(_study(loop, memory, repo, related, step_cap))
    return LearnedContext(
        text=memory.text or _own_words(loop.messages, memory.characters_limit),
        repo=repo,
        commit=sandbox.proof.base_commit,
        related=tuple(pull.pr_number for pull in related),
        model=model.name,
        prompt_hash=prompt_hash(),
        usage=loop.usage,
        duration_s=time.monotonic() - started_s,
        revisions=tuple(memory.revisions),
    )


def _study(
    loop: Loop,
    memory: Memory,
    repo: str,
    related: Sequence[PullRequest],
    step_cap: int,
) -> Stop:
    """Read everything there is to read in one conversation; how the last part ended."""
    loop.tell(
        Message(
            "system",
            render_prompt(
                "sleep_system",
                repo=repo,
                count=len(related),
                step_cap=step_cap,
                block=BLOCK_LABEL,
                revision_limit=REVISION_LIMIT,
                characters_limit=memory.characters_limit,
            ),
        )
    )
    guidance = Guidance(last_steps=_last_steps)
    stop = Stop.BUDGET
    for position, pull in enumerate(related, start=1):
        memory.reading = pull.pr_number
        loop.tell(Message("user", _present(pull, position, related, memory, step_cap)))
        stop = loop.run(step_cap, guidance)
        if stop.is_limit:
            break
    memory.reading = None
    if not related:
        text = render_prompt("sleep_repository", block=BLOCK_LABEL, step_cap=step_cap)
        loop.tell(Message("user", text))
        stop = loop.run(step_cap, guidance)
    if not memory.text and not stop.is_limit:
        text = render_prompt("sleep_empty", block=BLOCK_LABEL, step_cap=_RESCUE_STEPS)
        loop.tell(Message("user", text))
        stop = loop.run(_RESCUE_STEPS, guidance)
    return stop


def _present(
    pull: PullRequest,
    position: int,
    related: Sequence[PullRequest],
    memory: Memory,
    step_cap: int,
) -> str:
    return render_prompt(
        "sleep_pull_request",
        position=position,
        count=len(related),
        pull=write_pull_request(pull),
        memory=memory.text,
        block=BLOCK_LABEL,
        revisions_left=REVISION_LIMIT - len(memory.revisions),
        revision_limit=REVISION_LIMIT,
        step_cap=step_cap,
    )


def _last_steps(left: int) -> str:
    return render_prompt("last_steps", left=left, mode="sleep") if left == 1 else ""


def _own_words(messages: Sequence[Message], limit: int) -> str:
    """What a model said that never wrote to memory: its summaries are all there is."""
    said = [message.content for message in messages if message.role == "assistant"]
    return cut_middle("\n\n".join(text for text in said if text.strip()), limit)
