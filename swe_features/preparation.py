"""Make an experiment out of its settings: its suite, repositories and cells.

Nothing here needs a model, a key or a sandbox; `equipment` has those.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.learned_context_store import context_key
from agent.models.loading import OFFLINE
from agent.redaction import declare_key
from swe_features.arms import Arm, arm_named, choose_arms
from swe_features.cells import Cell, Conditions, digest, plan_cells
from swe_features.errors import ConfigError
from swe_features.experiment import SEEDS, ExperimentConfig, LimitsConfig
from swe_features.provenance import code_hash, prices_hash, prompts_hash
from swe_features.selection import Shard
from tasks.demo import build_demo
from tasks.instances import Instance
from tasks.obtaining import check_cache, obtain
from tasks.pull_requests import PullRequest
from tasks.relating import Order, came_before, oldest_first
from tasks.repository import Repository
from tasks.rows import RowProblem, load_rows
from tasks.suite import Suite, load_suite

__all__ = [
    "ANY_REPOSITORY",
    "Experiment",
    "InvalidRowsError",
    "SleepWork",
    "outcome_options",
    "prepare",
]

ANY_REPOSITORY = "*"
"""Stands for every repository of the suite that is not named."""

OPERATIONAL_OPTIONS = frozenset(
    {
        "api_base",
        "api_key_env",
        "cache_ttl",
        "client",
        "concurrent",
        "max_wait_s",
        "requests_per_minute",
        "retries",
        "stream",
        "timeout_s",
        "tokens_per_minute",
    }
)
"""Options of a model that change how it is reached, and not what it says."""


class InvalidRowsError(ConfigError):
    """Rows of the suite cannot be used, and nobody said to skip them."""

    def __init__(self, suite: Path, problems: tuple[RowProblem, ...]) -> None:
        self.lines = tuple(f"{suite}, {problem}" for problem in problems)
        super().__init__(
            f"{len(problems)} rows of {suite} cannot be used: "
            "mend them, or go on without them by --skip-invalid"
        )


@dataclass(frozen=True, slots=True)
class SleepWork:
    """One sleep phase: what is studied, and the name of what is learned."""

    key: str
    instance_id: str
    """An instance whose base commit is explored."""
    related: tuple[PullRequest, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment that is ready to run."""

    given: ExperimentConfig
    """The settings as they were given, the demo not filled in."""
    config: ExperimentConfig
    suite: Suite
    instances: Mapping[str, Instance]
    """By `instance_id`."""
    unrelated: Mapping[str, tuple[PullRequest, ...]]
    """As many pull requests of no relation to each, for a control."""
    sources: Mapping[str, Path]
    """The git repository of each `owner/name` of the suite."""
    conditions: Conditions
    cells: tuple[Cell, ...]
    cache: Path
    """Folder of sealed checkouts, clones and the demo; safe to delete."""

    def sleeps(self, cell: Cell) -> tuple[SleepWork, ...]:
        """The sleep phases that a cell builds on; none for an arm that has none.

        Cells of instances that start from the same commit with the same pull requests
        to study share them, whatever they ask: the target is no part of a key.
        """
        instance = self.instances[cell.instance_id]
        arm = arm_named(cell.arm)
        studied = instance.related
        if arm.studies == "unrelated":
            studied = self.unrelated[cell.instance_id]
        return tuple(
            SleepWork(
                key=self._context_key(instance, studied, seed),
                instance_id=cell.instance_id,
                related=studied,
                seed=seed,
            )
            # The first context of each seed is the same whatever their number.
            for seed in (cell.seed + place * SEEDS for place in range(arm.contexts))
        )

    def _context_key(
        self, instance: Instance, studied: tuple[PullRequest, ...], seed: int
    ) -> str:
        return context_key(
            repo=instance.target.repo,
            commit=instance.base_commit,
            related=studied,
            model=self.conditions.sleep_model,
            prompt_hash=self.conditions.prompts,
            seed=seed,
            settings={
                "options": dict(self.conditions.sleep_model_options),
                "limits": dict(self.conditions.sleep_limits),
                "code": self.conditions.code,
            },
        )


def prepare(
    config: ExperimentConfig, *, cache: Path, shard: Shard | None = None
) -> Experiment:
    """Check the settings against the suite and its repositories, and plan the cells.

    Args:
        config: What is asked for.
        cache: See `tasks.obtaining.cache_folder`.
        shard: Plan this part alone; None plans all of it.

    Raises:
        ConfigError: The settings do not fit together, or rows cannot be used.
        TaskError: The suite or a repository cannot be read.
    """
    arms = choose_arms(config.arms)
    _refuse_what_agents_cannot(arms, config)
    _refuse_unusable_recordings(config)
    for options in (config.model_options, config.sleep_model_options):
        if "api_key_env" in options:
            declare_key(str(options["api_key_env"]))
    given, config = config, _with_demo(config, cache)
    sources = _find_sources(config, cache)
    repositories = {name: Repository.open(path) for name, path in sources.items()}
    suite = _load(config, repositories)
    conditions = _conditions(config)
    taken = shard.take(suite.instances) if shard is not None else None
    unrelated: Mapping[str, tuple[PullRequest, ...]] = {}
    if any(arm.studies == "unrelated" for arm in arms):
        unrelated = _unrelated(suite, repositories, config.related)
    cells = plan_cells(
        [
            each
            for each in suite.instances
            if taken is None or each.instance_id in taken
        ],
        arms,
        budgets=config.budgets,
        seeds=range(config.seeds),
        conditions=conditions,
        unrelated=unrelated,
    )
    instances = {instance.instance_id: instance for instance in suite.instances}
    return Experiment(
        given=given,
        config=config,
        suite=suite,
        instances=instances,
        unrelated=unrelated,
        sources=sources,
        conditions=conditions,
        cells=cells,
        cache=cache,
    )


def _refuse_what_agents_cannot(arms: Sequence[Arm], config: ExperimentConfig) -> None:
    """Refuse what other people's agents could only ignore."""
    for arm in arms:
        if arm.isolation and config.model == OFFLINE:
            msg = (
                f"{arm.name} needs a language model, not {OFFLINE!r}: name its --model"
            )
            raise ConfigError(msg)
        for limit, value in config.limits.model_dump(exclude_none=True).items():
            if arm.held_limits is not None and limit not in arm.held_limits:
                held = ", ".join(arm.held_limits)
                msg = (
                    f"{arm.name} cannot hold the limit {limit}={value:g}: limit {held} "
                    "instead, or run this arm as an experiment of its own"
                )
                raise ConfigError(msg)


def _refuse_unusable_recordings(config: ExperimentConfig) -> None:
    """Say so before anything is spent; every request would break."""
    record, replay = config.record, config.replay
    if record is not None and replay is not None:
        msg = "record and replay cannot go together: a replay asks no model"
        raise ConfigError(msg)
    if replay is not None and not replay.is_dir():
        msg = f"there is no recording at {replay}: name a folder that --record wrote"
        raise ConfigError(msg)
    if record is not None:
        # It may be made later, with its parents: what is there by now has to do.
        there = next(place for place in (record, *record.parents) if place.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            what = "cannot be written" if there.is_dir() else "is no folder"
            msg = (
                f"cannot record into {record}: {there} {what}: choose another --record"
            )
            raise ConfigError(msg)


def _with_demo(config: ExperimentConfig, cache: Path) -> ExperimentConfig:
    if config.suite is not None:
        if config.repositories:
            return config
        if not config.suite.exists():
            msg = f"no suite at {config.suite}: name a file of rows"
            raise ConfigError(msg)
        msg = f"where is the repository of {config.suite}? Name it with --repo PATH"
        raise ConfigError(msg)
    if config.repositories:
        msg = "--repo needs rows: give a suite, or make one with swe-features mine"
        raise ConfigError(msg)
    check_cache(cache)
    demo = build_demo(cache)
    return config.with_options(
        suite=demo.suite, repositories={ANY_REPOSITORY: str(demo.repository)}
    )


def _find_sources(config: ExperimentConfig, cache: Path) -> Mapping[str, Path]:
    given, sources, missing = config.repositories, {}, []
    for name in sorted({row.repo for row in load_rows(Path(config.suite or "")).rows}):
        source = given.get(name, given.get(ANY_REPOSITORY))
        if source is None:
            missing.append(name)
        else:
            sources[name] = obtain(source, cache / "repositories")
    # Rows of a repository that is not at hand may be skipped, but not all of them.
    if missing and not (sources and config.skip_invalid):
        msg = (
            f"no repository was given for {missing[0]!r} (given: "
            f"{', '.join(sorted(given))}): add --repo {missing[0]}=PATH"
        )
        raise ConfigError(msg)
    return sources


def _load(config: ExperimentConfig, repositories: Mapping[str, Repository]) -> Suite:
    path = Path(config.suite or "")
    suite = load_suite(path, repositories, order=config.related, skip_invalid=True)
    if suite.skipped and not config.skip_invalid:
        raise InvalidRowsError(path, suite.skipped)
    return suite


def _unrelated(
    suite: Suite, repositories: Mapping[str, Repository], order: str
) -> Mapping[str, tuple[PullRequest, ...]]:
    """As many pull requests of other clusters as each instance has related ones.

    Drawn by the instance's own name, so that a longer suite changes few of them. They
    are younger than the target's base only where the related ones may be, too.
    """
    drawn = {}
    for instance in suite.instances:
        target = instance.target
        repository = repositories[target.repo]
        near = {target.pr_number, *(pull.pr_number for pull in instance.related)}
        candidates = [
            pull
            for pull in suite.pull_requests
            if pull.repo == target.repo
            and pull.pr_number not in near
            and (pull.cluster is None or pull.cluster != target.cluster)
            and (order != Order.PAST_ONLY or came_before(pull, target, repository))
        ]
        candidates.sort(key=lambda pull: digest([target.instance_id, pull.pr_number]))
        chosen = candidates[: len(instance.related)]
        drawn[instance.instance_id] = oldest_first(chosen, repository)
    return drawn


def _conditions(config: ExperimentConfig) -> Conditions:
    options = outcome_options(config.model_options)
    if config.sleep_model is not None:
        sleep_options = outcome_options(config.sleep_model_options)
    else:
        sleep_options = options
    return Conditions(
        model=config.model,
        sleep_model=config.sleep_model or config.model,
        model_options=options,
        sleep_model_options=sleep_options,
        limits=_limits(config.limits),
        sleep_limits={
            **_limits(config.sleep_limits),
            "steps": config.sleep_steps,
            "learned_context_tokens": config.learned_context_tokens,
            "localizer": config.localizer,
        },
        mode=config.mode,
        related=config.related,
        prompts=prompts_hash(),
        code=code_hash(),
    )


def _limits(limits: LimitsConfig) -> Mapping[str, Any]:
    """What cuts a phase short. Any: JSON values."""
    stops: dict[str, Any] = limits.model_dump()
    return stops if limits.cost_usd is None else {**stops, "prices": prices_hash()}


def outcome_options(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Options of a model without those that only say how it is reached. Any: JSON."""
    return {k: v for k, v in options.items() if k not in OPERATIONAL_OPTIONS}
