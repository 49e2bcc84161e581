from dataclasses import replace

import pytest

from swe_features.arms import Arm, choose_arms
from swe_features.cells import Cell, Conditions, plan_cells
from swe_features.errors import ConfigError
from tasks.instances import Instance
from tasks.pull_requests import ChangedFile, FileStatus, PullRequest

CONDITIONS = Conditions(
    model="m",
    sleep_model="s",
    model_options={"temperature": 0},
    sleep_model_options={},
    limits={},
    sleep_limits={"steps": 8},
    mode="predict",
    related="past-only",
    prompts="p",
    code="c",
)
FILE = ChangedFile("a.py", FileStatus.MODIFIED, patch="@@ -1 +1 @@")
RELATED = PullRequest("o/n", 1, "Earlier", "", "0" * 40, (FILE,))
TARGET = PullRequest("o/n", 2, "Title", "Body", "1" * 40, (FILE,))
INSTANCE = Instance(TARGET, (RELATED,), frozenset({"a.py"}))
SLEEP, TEST, ORACLE = choose_arms(["sleep-time", "test-time", "oracle"])


def plan(
    arm: Arm,
    instance: Instance = INSTANCE,
    conditions: Conditions = CONDITIONS,
    budgets: tuple[int, ...] = (2,),
    seeds: int = 1,
) -> tuple[Cell, ...]:
    return plan_cells(
        [instance], [arm], budgets=budgets, seeds=range(seeds), conditions=conditions
    )


def only_id(
    arm: Arm, instance: Instance = INSTANCE, conditions: Conditions = CONDITIONS
) -> str:
    (cell,) = plan(arm, instance, conditions)
    return cell.cell_id


def test_every_budget_and_seed_is_a_cell() -> None:
    cells = plan(TEST, budgets=(2, 4), seeds=3)
    assert [(cell.budget, cell.seed) for cell in cells] == [
        (2, 0),
        (2, 1),
        (2, 2),
        (4, 0),
        (4, 1),
        (4, 2),
    ]
    assert len({cell.cell_id for cell in cells}) == 6


def test_arm_without_steps_is_planned_once() -> None:
    (cell,) = plan(ORACLE, budgets=(2, 4, 8), seeds=5)
    assert (cell.budget, cell.seed, cell.model, cell.sleep_model) == (
        None,
        0,
        None,
        None,
    )


def test_arm_that_asks_once_is_planned_for_each_seed_and_has_a_model() -> None:
    (probe,) = choose_arms(["memory-probe"])
    cells = plan(probe, budgets=(2, 4, 8), seeds=2)
    assert [(cell.budget, cell.seed, cell.model) for cell in cells] == [
        (None, 0, "m"),
        (None, 1, "m"),
    ]


def test_same_work_has_the_same_id() -> None:
    assert only_id(SLEEP) == only_id(SLEEP)


@pytest.mark.parametrize(
    "changed",
    [
        replace(INSTANCE, target=replace(TARGET, title="Other")),
        replace(INSTANCE, target=replace(TARGET, body="Other")),
        replace(INSTANCE, target=replace(TARGET, base_commit="2" * 40)),
        replace(INSTANCE, gold_files=frozenset({"a.py", "b.py"})),
        replace(INSTANCE, related=()),
        replace(
            INSTANCE,
            related=(replace(RELATED, changed_files=(replace(FILE, patch="@@ x"),)),),
        ),
    ],
)
def test_whatever_an_instance_shows_or_asks_is_in_the_id(changed: Instance) -> None:
    assert only_id(TEST, changed) != only_id(TEST)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"model_options": {"temperature": 1}},
        {"limits": {"seconds": 60}},
        {"mode": "edit"},
        {"related": "any-order"},
        {"prompts": "other"},
        {"code": "other"},
    ],
)
def test_whatever_changes_outcomes_is_in_the_id(change: dict[str, object]) -> None:
    changed = replace(CONDITIONS, **change)  # type: ignore[arg-type]  # by name
    assert only_id(TEST, conditions=changed) != only_id(TEST)


def test_unrelated_pull_requests_matter_to_the_arm_that_studies_them() -> None:
    """Another draw, and what was learned of the last one still counted as done."""
    arms = choose_arms(["random-context", "sleep-time"])
    one, other = (
        plan_cells(
            [INSTANCE],
            arms,
            budgets=(2,),
            seeds=(0,),
            conditions=CONDITIONS,
            unrelated={INSTANCE.instance_id: (replace(RELATED, pr_number=number),)},
        )
        for number in (7, 8)
    )
    assert one[0].cell_id != other[0].cell_id
    assert one[1].cell_id == other[1].cell_id == only_id(SLEEP)


def test_sleep_model_matters_to_arms_that_sleep_only() -> None:
    changed = replace(CONDITIONS, sleep_model="other")
    assert only_id(TEST, conditions=changed) == only_id(TEST)
    assert only_id(SLEEP, conditions=changed) != only_id(SLEEP)


def test_model_does_not_matter_to_the_oracle() -> None:
    changed = replace(CONDITIONS, model="other", prompts="other")
    assert only_id(ORACLE, conditions=changed) == only_id(ORACLE)


def test_unknown_arm_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        ConfigError, match="no arm 'sleeptime': did you mean 'sleep-time'"
    ):
        choose_arms(["sleeptime"])
