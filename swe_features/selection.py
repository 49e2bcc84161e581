"""Which cells a run attempts: what is missing, what is retried, which shard."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self, TypeAlias, get_args

from agent.rollout import Stop
from swe_features.cell_results import CellResult
from swe_features.cells import Cell
from swe_features.errors import ConfigError
from tasks.instances import Instance

__all__ = ["Retry", "Shard", "check_retry", "select_cells"]

Retry: TypeAlias = Literal["missing", "broken", "limit", "all"]
"""What is attempted again.

`missing`: nothing, only cells without any result. `broken`: also what broke. `limit`:
also what a safety limit cut short. `all`: everything; earlier attempts are kept.
"""

LIMITS = frozenset(stop for stop in Stop if stop.is_limit)
"""Safety limits that cut a rollout short; what stood then was scored."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of an experiment that run apart and are merged later."""

    number: int
    """From 1."""
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `2/5`: the second of five.

        Raises:
            ConfigError: It is none.
        """
        match = re.fullmatch(r"(\d+)/(\d+)", text)
        shard = cls(int(match[1]), int(match[2])) if match else None
        if shard is None or not 1 <= shard.number <= shard.count:
            msg = f"no shard {text!r}: write 1/3, 2/3 or 3/3 for three parts"
            raise ConfigError(msg)
        return shard

    def take(self, instances: Sequence[Instance]) -> frozenset[str]:
        """The ids of this shard's instances.

        Instances that a sleep phase may serve together stay together, so no two shards
        learn the same.
        """
        groups: dict[tuple[str, str], list[str]] = {}
        for instance in instances:
            origin = (instance.target.repo, instance.base_commit)
            groups.setdefault(origin, []).append(instance.instance_id)
        own = [
            ids
            for place, ids in enumerate(groups.values())
            if place % self.count == self.number - 1
        ]
        return frozenset(instance_id for ids in own for instance_id in ids)


def check_retry(text: str) -> Retry:
    """Read what is to be attempted again.

    Raises:
        ConfigError: It is none of the words.
    """
    for word in get_args(Retry):
        if word == text:
            return text  # type: ignore[return-value]  # it is one of the words
    msg = f"cannot retry {text!r}: write {', '.join(get_args(Retry))}"
    raise ConfigError(msg)


def select_cells(
    cells: Iterable[Cell], results: Mapping[str, CellResult], retry: Retry = "broken"
) -> list[Cell]:
    """The cells to attempt, in the order of the plan.

    Args:
        cells: The plan.
        results: The result that counts for each cell, by its id.
        retry: What is attempted again.
    """
    return [cell for cell in cells if _is_due(results.get(cell.cell_id), retry)]


def _is_due(result: CellResult | None, retry: Retry) -> bool:
    if result is None or retry == "all":
        return True
    if retry == "missing":
        return False
    if result.outcome == "broken":
        return True
    return retry == "limit" and result.stop in LIMITS
