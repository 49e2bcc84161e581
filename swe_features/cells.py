"""Cells: the smallest piece of an experiment that is scored, and its name on disk.

A cell is one instance, attempted by one arm with one budget, seed and pair of models.
Its id is a hash of everything that may change its outcome, so equal work has an equal
id in every run, and a cell whose instance, prompt or code changed is a new one.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from swe_features.arms import Arm
from tasks.instances import Instance
from tasks.pull_requests import PullRequest

__all__ = [
    "Cell",
    "Conditions",
    "digest",
    "instance_digest",
    "plan_cells",
]

ID_CHARACTERS = 20
"""Of a SHA-256 in hexadecimal: 80 bits, no two of a million cells alike by chance."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What all cells of an experiment share, as far as it changes outcomes."""

    model: str
    sleep_model: str
    model_options: Mapping[str, Any]
    """Those that change what a model says. Any: JSON values."""
    sleep_model_options: Mapping[str, Any]
    limits: Mapping[str, Any]
    """Of the test phase; with the hash of the prices, where one is in dollars."""
    sleep_limits: Mapping[str, Any]
    """The same of the sleep phase, and its steps."""
    mode: str
    """`predict` or `edit`."""
    related: str
    """`past-only` or `any-order`."""
    prompts: str
    """Hash of the prompt templates."""
    code: str
    """Hash of the code that attempts and scores; see `provenance`."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One attempt that is to be scored."""

    cell_id: str
    instance_id: str
    arm: str
    budget: int | None
    """Steps of the test phase; None for an arm that takes no steps."""
    seed: int
    model: str | None
    """None for an arm that asks none."""
    sleep_model: str | None
    """None for an arm that does not sleep."""


def digest(value: Any) -> str:  # noqa: ANN401  # any JSON value
    """A short content hash of a JSON value, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:ID_CHARACTERS]


def instance_digest(instance: Instance) -> str:
    """Hash of everything about an instance that an arm or the scorer can see."""
    return digest(
        {
            "target": _asked(instance.target),
            "gold": sorted(instance.gold_files),
            "related": [_shown(pull) for pull in instance.related],
        }
    )


def _shown(pull: PullRequest) -> Mapping[str, Any]:
    """What an agent can be shown of a related pull request. Any: JSON values."""
    files = [
        [file.filename, str(file.status), file.previous_filename, file.patch]
        for file in pull.changed_files
    ]
    return {**_asked(pull), "head": pull.head_commit, "files": files}


def _asked(pull: PullRequest) -> Mapping[str, Any]:
    return {
        "repo": pull.repo,
        "number": pull.pr_number,
        "base": pull.base_commit,
        "title": pull.title,
        "body": pull.body,
    }


def plan_cells(  # noqa: PLR0913  # all that makes cells what they are
    instances: Iterable[Instance],
    arms: Iterable[Arm],
    *,
    budgets: Iterable[int],
    seeds: Iterable[int],
    conditions: Conditions,
    unrelated: Mapping[str, Sequence[PullRequest]] | None = None,
) -> tuple[Cell, ...]:
    """List the cells of an experiment, instance by instance.

    Args:
        instances: What is attempted.
        arms: One that takes no steps is planned once for each instance, whatever the
            budgets and seeds; if it asks a model nevertheless, once for each seed.
        budgets: Steps of the test phase.
        seeds: One cell for each.
        conditions: What all cells have in common.
        unrelated: Pull requests of no relation, by `instance_id`; needed by an arm that
            studies those.

    Returns:
        Cells in a fixed order: as given, arms within an instance, budgets within an
        arm, seeds within a budget.
    """
    arms, budgets, seeds = list(arms), list(budgets), list(seeds)
    return tuple(
        _cell(instance, content, arm, point, conditions)
        for instance in instances
        for shown in [instance_digest(instance)]
        for arm in arms
        for content in [_content(instance, shown, arm, unrelated)]
        for point in _points(arm, budgets, seeds)
    )


def _content(
    instance: Instance,
    shown: str,
    arm: Arm,
    unrelated: Mapping[str, Sequence[PullRequest]] | None,
) -> str:
    """The instance's digest, or one with what an arm studies instead."""
    if arm.studies == "related" or unrelated is None:
        return shown
    studied = unrelated[instance.instance_id]
    return digest([shown, [_shown(pull) for pull in studied]])


def _points(
    arm: Arm, budgets: Iterable[int], seeds: Iterable[int]
) -> list[tuple[int | None, int]]:
    if arm.takes_steps:
        return [(budget, seed) for budget in budgets for seed in seeds]
    return [(None, seed) for seed in seeds] if arm.asks_once else [(None, 0)]


def _cell(
    instance: Instance,
    content: str,
    arm: Arm,
    point: tuple[int | None, int],
    conditions: Conditions,
) -> Cell:
    budget, seed = point
    model = conditions.model if arm.asks_model else None
    sleep_model = conditions.sleep_model if arm.sleeps else None
    identity = {
        "instance": content,
        "arm": arm.name,
        **({"arm_settings": arm.settings} if arm.settings else {}),
        "budget": budget,
        "seed": seed,
        "model": model,
        "sleep_model": sleep_model,
        "model_options": conditions.model_options if model else None,
        "sleep_model_options": conditions.sleep_model_options if sleep_model else None,
        "limits": conditions.limits if model else None,
        "sleep_limits": conditions.sleep_limits if sleep_model else None,
        "mode": arm.own_mode or conditions.mode,
        "related": conditions.related,
        "prompts": conditions.prompts if arm.asks_model else None,
        "code": conditions.code,
    }
    return Cell(
        cell_id=digest(identity),
        instance_id=instance.instance_id,
        arm=arm.name,
        budget=budget,
        seed=seed,
        model=model,
        sleep_model=sleep_model,
    )
