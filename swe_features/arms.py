"""Arms: the ways in which an instance is attempted, and the controls beside them.

An arm decides what is known before the query arrives. The agent's arms differ in
nothing else: same loop, same tools, same budget.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from agent.bm25 import Bm25Baseline
from agent.events import EventSink
from agent.learned_context import LearnedContext
from agent.model import Model
from agent.rollout import Rollout, Stop
from agent.test_phase import Mode, attempt
from agent.usage import Usage
from sandbox.contract import ChangeKind, Sandbox
from swe_features.errors import ConfigError
from tasks.instances import Instance

__all__ = ["ARMS", "Arm", "Assignment", "choose_arms"]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Everything one attempt starts from."""

    instance: Instance
    sandbox: Sandbox
    """A fresh checkout of the instance's base commit."""
    model: Model
    mode: Mode
    budget: int
    """Steps; 0 for an arm that takes none."""
    seed: int
    learned_context: LearnedContext | None
    """What was learned, for an arm that sleeps."""
    on_event: EventSink


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to attempt an instance."""

    name: str
    summary: str
    """What it knows, in one line, for tables and reports."""
    attempt: Callable[[Assignment], Rollout]
    takes_steps: bool = True
    """Whether it asks a model, within a budget; otherwise it is attempted once."""
    sleeps: bool = False
    """Whether it needs a learned context."""


def choose_arms(names: Iterable[str]) -> tuple[Arm, ...]:
    """Look arms up by name.

    Raises:
        ConfigError: There is no arm of that name.
    """
    chosen = []
    for name in names:
        if name not in ARMS:
            nearest = get_close_matches(name, ARMS, n=1, cutoff=0)[0]
            known = ", ".join(ARMS)
            msg = f"no arm {name!r}: did you mean {nearest!r}? There are {known}"
            raise ConfigError(msg)
        chosen.append(ARMS[name])
    return tuple(chosen)


def _attempt_with_learned_context(given: Assignment) -> Rollout:
    return attempt(
        model=given.model,
        sandbox=given.sandbox,
        title=given.instance.target.title,
        body=given.instance.target.body,
        budget=given.budget,
        mode=given.mode,
        learned_context=given.learned_context,
        seed=given.seed,
        on_event=given.on_event,
    )


def _attempt_with_related(given: Assignment) -> Rollout:
    return attempt(
        model=given.model,
        sandbox=given.sandbox,
        title=given.instance.target.title,
        body=given.instance.target.body,
        budget=given.budget,
        mode=given.mode,
        related=given.instance.related,
        seed=given.seed,
        on_event=given.on_event,
    )


def _attempt_without_context(given: Assignment) -> Rollout:
    return attempt(
        model=given.model,
        sandbox=given.sandbox,
        title=given.instance.target.title,
        body=given.instance.target.body,
        budget=given.budget,
        mode=given.mode,
        seed=given.seed,
        on_event=given.on_event,
    )


def _rank_by_words(given: Assignment) -> Rollout:
    started_s = time.monotonic()
    target = given.instance.target
    files = _WORDS.rank_files(given.sandbox, title=target.title, body=target.body)
    return _answer(files, started_s)


def _modify_gold_files(given: Assignment) -> Rollout:
    """Modify the gold files in the sandbox, and take what the host sees of it.

    So a score below 1.0 says that the checkout or the scorer is wrong.
    """
    started_s = time.monotonic()
    sandbox = given.sandbox
    for path in sorted(given.instance.gold_files):
        sandbox.write(path, sandbox.read(path) + b"\n")
    seen = [c.path for c in sandbox.changes() if c.kind is ChangeKind.MODIFIED]
    return _answer(seen, started_s)


def _answer(files: Iterable[str], started_s: float) -> Rollout:
    return Rollout(
        predicted_files=tuple(files),
        stop=Stop.SUBMITTED,
        steps=0,
        usage=Usage(),
        duration_s=time.monotonic() - started_s,
    )


_WORDS = Bm25Baseline()
"""Shared by all workers: it keeps the indexes of the last few trees."""

ARMS: Mapping[str, Arm] = {
    arm.name: arm
    for arm in (
        Arm(
            "sleep-time",
            "what the sleep phase wrote about the related pull requests",
            _attempt_with_learned_context,
            sleeps=True,
        ),
        Arm(
            "test-time",
            "the related pull requests themselves, first seen at test time",
            _attempt_with_related,
        ),
        Arm("no-context", "nothing but the query", _attempt_without_context),
        Arm(
            "bm25",
            "no agent: the five files that share most words with the query",
            _rank_by_words,
            takes_steps=False,
        ),
        Arm(
            "oracle",
            "the answer: checks the sandbox and the scorer, and scores 1.0",
            _modify_gold_files,
            takes_steps=False,
        ),
    )
}
