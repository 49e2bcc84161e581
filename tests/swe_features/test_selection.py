from dataclasses import replace
from pathlib import Path

import pytest

from swe_features.cell_results import Breakage, CellResult
from swe_features.cells import Cell
from swe_features.errors import ConfigError
from swe_features.selection import Retry, Shard, check_retry, select_cells
from tests.swe_features.small_experiment import small_experiment
from tests.swe_features.test_table import cell, result

DONE, BROKEN, CUT, NEW = (cell(number, "test-time", 2) for number in range(4))
RESULTS: dict[str, CellResult] = {
    DONE.cell_id: replace(result(DONE, 1.0), stop="budget"),
    BROKEN.cell_id: replace(
        result(BROKEN, 0.0), outcome="broken", broken=Breakage("model", "test", "", "")
    ),
    CUT.cell_id: replace(result(CUT, 0.5), stop="time"),
}


@pytest.mark.parametrize(
    ("retry", "due"),
    [
        ("missing", [NEW]),
        ("broken", [BROKEN, NEW]),
        ("limit", [BROKEN, CUT, NEW]),
        ("all", [DONE, BROKEN, CUT, NEW]),
    ],
)
def test_retry_says_what_is_attempted_again(retry: Retry, due: list[Cell]) -> None:
    assert select_cells([DONE, BROKEN, CUT, NEW], RESULTS, retry) == due
    assert check_retry(retry) == retry


def test_unknown_retry_is_refused() -> None:
    with pytest.raises(ConfigError, match="missing, broken, limit, all"):
        check_retry("some")


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0", ""])
def test_impossible_shard_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="no shard"):
        Shard.parse(text)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_shards_are_a_partition_of_the_instances(count: int, tmp_path: Path) -> None:
    instances = small_experiment(tmp_path).suite.instances
    parts = [Shard(number + 1, count).take(instances) for number in range(count)]
    together = [instance_id for part in parts for instance_id in part]
    assert sorted(together) == sorted(each.instance_id for each in instances)


def test_instances_of_one_commit_stay_together(tmp_path: Path) -> None:
    first, second, third = small_experiment(tmp_path).suite.instances
    moved = replace(
        second, target=replace(second.target, base_commit=first.base_commit)
    )
    parts = [Shard(n, 2).take([first, moved, third]) for n in (1, 2)]
    assert {first.instance_id, moved.instance_id} in [set(part) for part in parts]
