"""The sleep phase: study related pull requests before any query, and write down c'.

As arXiv 2504.13171, section 6 and appendix K: one conversation, one pull request after
the other, exploration as needed, a summary of each from three sides, at most ten
rewritings of the memory block.
"""

import os
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
from agent.redaction import Redactor
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
    study = _Study(sandbox, repo, related, step_cap, token_budget)
    loop = study.begin(model, limits, on_event)
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
    loop.close(study.finish(loop))
    memory = study.memory
    learned = LearnedContext(
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
    # As it will be stored: a resumed run reads what this one hands on.
    return learned.without_keys(Redactor(os.environ))


class _Study:
    """What is read in one conversation, part by part, and the memory it goes to."""

    def __init__(
        self,
        sandbox: Sandbox,
        repo: str,
        related: Sequence[PullRequest],
        step_cap: int,
        token_budget: int,
    ) -> None:
        self._sandbox = sandbox
        self._repo = repo
        self._related = related
        self._step_cap = step_cap
        self._guidance = Guidance(last_steps=_last_steps)
        self.memory = Memory(token_budget=token_budget)

    def begin(self, model: Model, limits: Limits, on_event: EventSink) -> Loop:
        """A conversation that has the tools and nothing in it yet."""
        toolbox = Toolbox(
            (
                *reading_tools(self._sandbox, Tree.of(self._sandbox)),
                run_command_tool(self._sandbox, lambda: loop.seconds_left),
                *memory_tools(self.memory),
            )
        )
        loop = Loop(model, toolbox, limits=limits, on_event=on_event)
        self.memory.spent = lambda: loop.usage
        return loop

    def finish(self, loop: Loop) -> Stop:
        """Read everything there is to read; how the last part ended."""
        self._introduce(loop)
        stop = Stop.BUDGET
        for position, pull in enumerate(self._related, start=1):
            self.memory.reading = pull.pr_number
            stop = self._read(loop, self._present(pull, position), self._step_cap)
            if stop.is_limit:
                break
        self.memory.reading = None
        if not self._related:
            text = self._prompt("sleep_repository", step_cap=self._step_cap)
            stop = self._read(loop, text, self._step_cap)
        if not self.memory.text and not stop.is_limit:
            text = self._prompt("sleep_empty", step_cap=_RESCUE_STEPS)
            stop = self._read(loop, text, _RESCUE_STEPS)
        return stop

    def _read(self, loop: Loop, text: str, steps: int) -> Stop:
        loop.tell(Message("user", text))
        return loop.run(steps, self._guidance)

    def _introduce(self, loop: Loop) -> None:
        text = self._prompt(
            "sleep_system",
            repo=self._repo,
            count=len(self._related),
            step_cap=self._step_cap,
            revision_limit=REVISION_LIMIT,
            characters_limit=self.memory.characters_limit,
        )
        loop.tell(Message("system", text))

    def _present(self, pull: PullRequest, position: int) -> str:
        return self._prompt(
            "sleep_pull_request",
            position=position,
            count=len(self._related),
            pull=write_pull_request(pull),
            memory=self.memory.text,
            revisions_left=REVISION_LIMIT - len(self.memory.revisions),
            revision_limit=REVISION_LIMIT,
            step_cap=self._step_cap,
        )

    @staticmethod
    def _prompt(template: str, **values: object) -> str:
        return render_prompt(template, block=BLOCK_LABEL, **values)


def _last_steps(left: int) -> str:
    return render_prompt("last_steps", left=left, mode="sleep") if left == 1 else ""


def _own_words(messages: Sequence[Message], limit: int) -> str:
    """What a model said that never wrote to memory: its summaries are all there is."""
    said = [message.content for message in messages if message.role == "assistant"]
    return cut_middle("\n\n".join(text for text in said if text.strip()), limit)
