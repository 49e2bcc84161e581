"""Arms: the ways in which an instance is attempted, and the controls beside them.

An arm decides what is known before the query arrives. The agent's arms differ in
nothing else: same loop, same tools, same budget.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Literal

from agent.bm25 import Bm25Baseline
from agent.events import EventSink
from agent.external.attempt import attempt_externally
from agent.external.command import load_agents
from agent.external.walls import UNWALLED, WALLED
from agent.learned_context import LearnedContext
from agent.likely_files import Finder
from agent.limits import Limits
from agent.memory_probe import probe_memory
from agent.model import Model
from agent.rollout import Rollout, Stop
from agent.test_phase import Mode, attempt
from agent.usage import Usage
from sandbox.contract import ChangeKind, Sandbox
from swe_features.errors import ConfigError
from swe_features.history_baselines import (
    rank_by_co_change,
    rank_by_popularity,
    read_history,
)
from swe_features.masking import mask_files
from tasks.instances import Instance
from tasks.pull_requests import PullRequest
from tasks.suite import gold_files

__all__ = ["ARMS", "Arm", "Assignment", "arm_named", "choose_arms"]

_SEVERAL = re.compile(r"sleep-time-k([1-9][0-9]?)")
"""Arms that are handed several learned contexts, at most 99: `sleep-time-k5`."""
_EXTERNAL = re.compile(r"agent(-unwalled)?:([a-z0-9-]+?)(\+sleep)?")
"""Other people's agents: `agent:mini-swe-agent`, `agent:codex+sleep`."""


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
    limits: Limits
    on_event: EventSink
    finder: Finder | None = None
    """The index that the sleep phase left, for an arm that sleeps."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to attempt an instance."""

    name: str
    summary: str
    """What it knows, in one line, for tables and reports."""
    attempt: Callable[[Assignment], Rollout]
    takes_steps: bool = True
    """Whether it has a budget; otherwise it is attempted once for all of them."""
    asks_once: bool = False
    """Whether it asks a model without any budget, and so once for each seed."""
    contexts: int = 0
    """Learned contexts that it is handed, each from a sleep phase of its own."""
    studies: Literal["related", "unrelated"] = "related"
    """Which pull requests its sleep phases read."""

    isolation: str = ""
    """What keeps it from the machine, where it does not work inside of the sandbox."""
    programs: tuple[str, ...] = ()
    """What must be on PATH where it works."""
    settings: str = ""
    """Whatever beside code and name decides what it does; a part of its cells' ids."""
    own_mode: Mode | None = None
    """The mode it works in, whichever is asked for; None is that one."""
    held_limits: tuple[str, ...] | None = None
    """Names of the limits that it can hold; None is all of them."""
    has_own_access: bool = False
    """Whether it reaches its model by itself, with a key of its own."""

    @property
    def asks_model(self) -> bool:
        """Whether a model has a part in it, apart from sleeping."""
        return self.takes_steps or self.asks_once

    @property
    def sleeps(self) -> bool:
        """Whether it needs a learned context."""
        return self.contexts > 0


def choose_arms(names: Iterable[str]) -> tuple[Arm, ...]:
    """Look arms up by name.

    Raises:
        ConfigError: There is no arm of that name.
    """
    return tuple(arm_named(name) for name in names)


@cache
def arm_named(name: str) -> Arm:
    """The arm of a name, `sleep-time-k5` and its kin included.

    Raises:
        ConfigError: There is none.
    """
    if name in ARMS:
        return ARMS[name]
    several = _SEVERAL.fullmatch(name)
    if several:
        count = int(several[1])
        summary = f"what {count} sleep phases wrote, one after the other"
        return Arm(name, summary, _attempt_with_learned_context, contexts=count)
    external = _EXTERNAL.fullmatch(name)
    if external:
        return _external_arm(name, external[2], walled=not external[1])
    nearest = get_close_matches(name, ARMS, n=1, cutoff=0)[0]
    known = ", ".join(ARMS)
    msg = f"no arm {name!r}: did you mean {nearest!r}? There are {known}, "
    msg += "sleep-time-kN (N is 1 to 99), agent:NAME, agent:NAME+sleep"
    raise ConfigError(msg)


def _external_arm(name: str, agent_name: str, *, walled: bool) -> Arm:
    agents = load_agents()
    if agent_name not in agents:
        msg = f"no agent {agent_name!r} for arm {name!r}: there are {', '.join(agents)}"
        raise ConfigError(msg)
    agent = agents[agent_name]

    def attempt_so(given: Assignment) -> Rollout:
        return attempt_externally(
            agent=agent,
            model=given.model.name,
            sandbox=given.sandbox,
            title=given.instance.target.title,
            body=given.instance.target.body,
            budget=given.budget,
            learned_context=given.learned_context,
            seconds=given.limits.seconds,
            walled=walled,
            on_event=given.on_event,
        )

    is_asleep = name.endswith("+sleep")
    summary = f"{agent_name}, on a copy of the checkout"
    summary += ", with what the sleep phase wrote" if is_asleep else ""
    summary += "" if walled else "; with this machine's files and network"
    return Arm(
        name,
        summary,
        attempt_so,
        contexts=1 if is_asleep else 0,
        isolation=WALLED if walled else UNWALLED,
        programs=(agent.command[0], "bwrap") if walled else (agent.command[0],),
        settings=agent.model_dump_json(),
        own_mode="edit",
        # What it generates and costs is known when it has ended, from its own record.
        held_limits=("seconds",),
        has_own_access=True,
    )


def _attempt_with_learned_context(given: Assignment) -> Rollout:
    target = given.instance.target
    return _ask(
        given,
        target.title,
        target.body,
        learned=given.learned_context,
        finder=given.finder,
    )


def _attempt_with_text(given: Assignment) -> Rollout:
    target = given.instance.target
    return _ask(given, target.title, target.body, learned=given.learned_context)


def _attempt_with_related(given: Assignment) -> Rollout:
    target = given.instance.target
    return _ask(given, target.title, target.body, related=given.instance.related)


def _attempt_without_context(given: Assignment) -> Rollout:
    return _ask(given, given.instance.target.title, given.instance.target.body)


def _attempt_masked(given: Assignment) -> Rollout:
    target, gold = given.instance.target, given.instance.gold_files
    return _ask(given, mask_files(target.title, gold), mask_files(target.body, gold))


def _attempt_without_query(given: Assignment) -> Rollout:
    return _ask(given, "", "", learned=given.learned_context)


def _ask(  # noqa: PLR0913 - what an arm may know, and nothing else
    given: Assignment,
    title: str,
    body: str,
    *,
    learned: LearnedContext | None = None,
    related: tuple[PullRequest, ...] = (),
    finder: Finder | None = None,
) -> Rollout:
    return attempt(
        model=given.model,
        sandbox=given.sandbox,
        title=title,
        body=body,
        budget=given.budget,
        mode=given.mode,
        learned_context=learned,
        related=related,
        finder=finder,
        seed=given.seed,
        limits=given.limits,
        on_event=given.on_event,
    )


def _probe_memory(given: Assignment) -> Rollout:
    target = given.instance.target
    return probe_memory(
        model=given.model,
        repo=target.repo,
        title=target.title,
        body=target.body,
        limits=given.limits,
        on_event=given.on_event,
    )


def _rank_by_words(given: Assignment) -> Rollout:
    started_s = time.monotonic()
    target = given.instance.target
    files = _WORDS.rank_files(given.sandbox, title=target.title, body=target.body)
    return _answer(files, started_s)


def _rank_by_popularity(given: Assignment) -> Rollout:
    started_s = time.monotonic()
    return _answer(rank_by_popularity(read_history(given.sandbox)), started_s)


def _rank_by_co_change(given: Assignment) -> Rollout:
    started_s = time.monotonic()
    seeds = {
        file
        for pull in given.instance.related
        for file in gold_files(pull.changed_files)
    }
    return _answer(rank_by_co_change(read_history(given.sandbox), seeds), started_s)


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
            "what the sleep phase wrote about the related pull requests, and its index",
            _attempt_with_learned_context,
            contexts=1,
        ),
        Arm(
            "sleep-text",
            "what the sleep phase wrote, as in the paper, without its index",
            _attempt_with_text,
            contexts=1,
        ),
        Arm(
            "test-time",
            "the related pull requests themselves, first seen at test time",
            _attempt_with_related,
        ),
        Arm("no-context", "nothing but the query", _attempt_without_context),
        Arm(
            "context-only",
            "what the sleep phase wrote, and no query at all",
            _attempt_without_query,
            contexts=1,
        ),
        Arm(
            "random-context",
            "what a sleep phase wrote about as many unrelated pull requests, no index",
            _attempt_with_text,
            contexts=1,
            studies="unrelated",
        ),
        Arm(
            "masked-query",
            "the query without the names of gold files that it mentions",
            _attempt_masked,
        ),
        Arm(
            "memory-probe",
            "no repository: what the model names from the query alone, asked once",
            _probe_memory,
            takes_steps=False,
            asks_once=True,
        ),
        Arm(
            "bm25",
            "no agent: the five files that share most words with the query",
            _rank_by_words,
            takes_steps=False,
        ),
        Arm(
            "popularity",
            "no agent: the five files that most commits changed",
            _rank_by_popularity,
            takes_steps=False,
        ),
        Arm(
            "co-change",
            "no agent: the five files that changed most with those of the related ones",
            _rank_by_co_change,
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
