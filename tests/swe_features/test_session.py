import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import ModelError, ModelSetupError
from agent.messages import Message
from sandbox.errors import SandboxLostError
from swe_features.cell_results import CellResult, read_results
from swe_features.equipment import Equipment
from swe_features.errors import ConfigError, StoreError
from swe_features.preparation import Experiment
from swe_features.provenance import prices_hash
from swe_features.session import RunSummary, run_experiment
from swe_features.store import PLAN
from swe_features.table import as_text
from swe_features.trajectories import read_trajectory
from tests.swe_features.small_experiment import (
    Silence,
    Student,
    equip_with,
    small_experiment,
    write_suite,
)


def run(
    experiment: Experiment,
    out: Path,
    student: Student,
    environment: dict[str, str] | None = None,
) -> RunSummary:
    return run_experiment(
        experiment,
        out,
        Silence(),
        set_up=lambda config, run_id: equip_with(student),
        environment=environment or {},
    )


def rows_of(out: Path) -> list[CellResult]:
    return list(read_results(out / "results.jsonl"))


def text_of(request: tuple[Message, ...]) -> str:
    """What a model reads before it has said anything itself."""
    return "\n".join(m.content for m in request if m.role in {"system", "user"})


def test_every_cell_ends_in_one_scored_row(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path)
    summary = run(experiment, tmp_path / "out", Student())
    rows = rows_of(tmp_path / "out")
    assert summary.planned == summary.scored == len(rows) == 3 * (3 * 2 + 2)
    assert {row.cell_id for row in rows} == {c.cell_id for c in experiment.cells}
    assert Counter(row.outcome for row in rows) == {"scored": len(rows)}


def test_oracle_scores_one_and_its_proof_is_kept(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["oracle"])
    run(experiment, tmp_path / "out", Student())
    rows = rows_of(tmp_path / "out")
    assert [(row.precision, row.recall, row.f1) for row in rows] == [(1, 1, 1)] * 3
    bases = [experiment.instances[row.instance_id].base_commit for row in rows]
    assert [row.proof and row.proof["base_commit"] for row in rows] == bases


def test_row_holds_what_was_predicted_and_what_it_cost(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["sleep-time"], budgets=[3])
    run(experiment, tmp_path / "out", Student())
    rows = {row.instance_id: row for row in rows_of(tmp_path / "out")}
    row = rows["shop__till-2"]
    assert row.predicted_files == ("till/core.py",)
    assert row.gold_files == ("till/core.py", "till/io.py")
    assert (row.precision, row.recall) == (1.0, 0.5)
    assert row.test_tokens is not None
    assert row.test_tokens.completion_tokens == 14
    assert row.sleep_tokens is not None
    assert row.sleep_tokens.completion_tokens == 7 * row.sleep_tokens.requests > 0
    assert (row.steps, row.stop, row.driver) == (2, "submitted", "subprocess")
    assert row.related_prs == (1,)
    assert row.context
    assert (tmp_path / "out" / "contexts" / f"{row.context}.json").exists()


def test_budget_is_the_agents(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["no-context"], budgets=[1])
    run(experiment, tmp_path / "out", Student())
    assert {(row.steps, row.stop) for row in rows_of(tmp_path / "out")} == {
        (1, "budget")
    }


def test_second_run_does_nothing_and_shows_the_same(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path)
    first = run(experiment, tmp_path / "out", Student())
    before = (tmp_path / "out" / "results.jsonl").read_bytes()
    idle = Student()
    second = run(experiment, tmp_path / "out", idle)
    assert idle.requests == []
    assert second.attempted == 0
    assert as_text(second.rows) == as_text(first.rows)
    assert second.isolation == first.isolation
    assert (tmp_path / "out" / "results.jsonl").read_bytes() == before


def test_finished_experiment_needs_neither_model_nor_sandbox(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["no-context"])
    run(experiment, tmp_path / "out", Student())

    def refuse(config: object, run_id: str) -> None:
        pytest.fail("set up for nothing")

    again = run_experiment(
        experiment,
        tmp_path / "out",
        Silence(),
        set_up=refuse,  # type: ignore[arg-type]  # never returns
    )
    assert again.scored == 6


def test_prices_are_a_condition_where_a_limit_is_in_dollars(tmp_path: Path) -> None:
    plain = small_experiment(tmp_path, limits={"seconds": 60}).conditions
    assert "prices" not in {*plain.limits, *plain.sleep_limits}
    priced = small_experiment(tmp_path, limits={"cost_usd": 1}).conditions
    assert priced.limits["prices"] == prices_hash()
    assert "prices" not in priced.sleep_limits


def test_run_that_cannot_begin_leaves_the_last_plan_alone(tmp_path: Path) -> None:
    """A model name with a typo took the finished arms out of report and compare."""
    run(small_experiment(tmp_path, arms=["no-context"]), tmp_path / "out", Student())
    before = (tmp_path / "out" / PLAN).read_bytes()

    def refuse(config: object, run_id: str) -> Equipment:
        msg = "no such model"
        raise ModelSetupError(msg)

    other = small_experiment(tmp_path, arms=["no-context", "oracle"])
    with pytest.raises(ModelSetupError):
        run_experiment(other, tmp_path / "out", Silence(), set_up=refuse)
    assert (tmp_path / "out" / PLAN).read_bytes() == before


def test_run_that_cannot_begin_leaves_nothing_behind(tmp_path: Path) -> None:
    """A missing key left a lock, two folders and empty results; reports read them."""

    def refuse(config: object, run_id: str) -> Equipment:
        msg = "no key"
        raise ModelSetupError(msg)

    experiment = small_experiment(tmp_path)
    (tmp_path / "there").mkdir()
    before = sorted(tmp_path.rglob("*"))
    for out in (tmp_path / "runs" / "till", tmp_path / "there"):
        with pytest.raises(ModelSetupError):
            run_experiment(experiment, out, Silence(), set_up=refuse, environment={})
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("damaged", ["{", "[]", '{"schema": 1, "name": "till"}'])
def test_plan_that_cannot_be_read_is_written_anew(damaged: str, tmp_path: Path) -> None:
    """Its error said to run again, and running again raised the same error."""
    experiment = small_experiment(tmp_path, arms=["oracle"])
    run(experiment, tmp_path / "out", Student())
    before = (tmp_path / "out" / PLAN).read_bytes()
    (tmp_path / "out" / PLAN).write_text(damaged)
    assert run(experiment, tmp_path / "out", Student()).attempted == 0
    assert (tmp_path / "out" / PLAN).read_bytes() == before


def test_missing_program_of_an_agent_is_told_before_anything_is_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = small_experiment(tmp_path, arms=["agent-unwalled:codex+sleep"])
    monkeypatch.setattr("shutil.which", lambda program: None)
    student = Student()
    with pytest.raises(ConfigError, match="needs the program 'codex' on PATH"):
        run(experiment, tmp_path / "out", student)
    assert student.requests == []


@pytest.mark.parametrize("workers", [1, 6])
def test_sleep_is_done_once_for_all_cells_that_share_it(
    workers: int, tmp_path: Path
) -> None:
    student = Student()
    experiment = small_experiment(
        tmp_path, arms=["sleep-time"], budgets=[1, 2, 3, 4], workers=workers
    )
    run(experiment, tmp_path / "out", student)
    rows = rows_of(tmp_path / "out")
    assert len(rows) == 12
    assert len({row.context for row in rows}) == 3
    assert student.sleeps() == 3


def test_more_budgets_later_use_the_stored_sleeps(tmp_path: Path) -> None:
    run(small_experiment(tmp_path, budgets=[1]), tmp_path / "out", Student())
    student = Student()
    summary = run(small_experiment(tmp_path, budgets=[1, 5]), tmp_path / "out", student)
    assert student.sleeps() == 0
    assert summary.attempted == 3 * 3


def test_room_for_what_is_learned_is_told_and_makes_other_contexts(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    run(small_experiment(tmp_path, arms=["sleep-time"], budgets=[1]), out, Student())
    student = Student()
    experiment = small_experiment(
        tmp_path, arms=["sleep-time"], budgets=[1], learned_context_tokens=300
    )
    run(experiment, out, student)
    assert student.sleeps() == 3
    asleep = [r for r in student.requests if "rethink_memory" in r[0].content]
    assert all("room for 1200 characters" in text_of(request) for request in asleep)


def test_each_seed_sleeps_for_itself(tmp_path: Path) -> None:
    student = Student()
    experiment = small_experiment(tmp_path, arms=["sleep-time"], budgets=[2], seeds=2)
    run(experiment, tmp_path / "out", student)
    assert student.sleeps() == 6


def test_broken_cells_are_rows_of_their_own_and_done_anew(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["no-context"], budgets=[2], workers=1)
    student = Student()
    student.errors = [ModelError("the model went away")]
    first = run(experiment, tmp_path / "out", student)
    assert (first.scored, first.broken) == (2, 1)
    row = rows_of(tmp_path / "out")[0]
    assert row.broken is not None
    assert (row.outcome, row.f1, row.broken.boundary) == ("broken", None, "model")
    assert (row.broken.phase, row.broken.message) == ("test", "the model went away")
    assert "ModelError" in row.broken.traceback
    second = run(experiment, tmp_path / "out", Student())
    assert (second.scored, second.broken, second.attempted) == (3, 0, 1)
    assert rows_of(tmp_path / "out")[-1].attempt == 2


def test_broken_sleep_breaks_its_own_cells_only(tmp_path: Path) -> None:
    experiment = small_experiment(
        tmp_path, arms=["sleep-time", "no-context"], budgets=[2], workers=1
    )
    student = Student()
    student.errors = [ModelError("no")]
    run(experiment, tmp_path / "out", student)
    broken = [row for row in rows_of(tmp_path / "out") if row.broken is not None]
    assert [(row.instance_id, row.arm) for row in broken] == [
        ("shop__till-1", "sleep-time")
    ]
    assert broken[0].broken is not None
    assert (broken[0].broken.boundary, broken[0].broken.phase) == ("model", "sleep")


def test_lost_sandbox_is_tried_once_more(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["no-context"], budgets=[2], workers=1)
    student = Student()
    student.errors = [SandboxLostError("the container is gone")]
    summary = run(experiment, tmp_path / "out", student)
    assert (summary.scored, summary.broken) == (3, 0)
    assert rows_of(tmp_path / "out")[0].attempt == 2


def test_sandbox_lost_twice_breaks_the_cell_and_keeps_both_attempts(
    tmp_path: Path,
) -> None:
    experiment = small_experiment(tmp_path, arms=["no-context"], budgets=[2], workers=1)
    student = Student()
    student.errors = [SandboxLostError("gone"), SandboxLostError("gone again")]
    run(experiment, tmp_path / "out", student)
    row = rows_of(tmp_path / "out")[0]
    assert row.broken is not None
    assert (row.broken.boundary, row.broken.message) == ("sandbox", "gone again")
    kept = list((tmp_path / "out" / "trajectories").glob(f"{row.cell_id}*"))
    assert len(kept) == 2


def test_unusable_model_ends_the_run_and_leaves_no_row(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["no-context"], workers=1)
    student = Student()
    student.errors = [ModelSetupError("the key is wrong")]
    with pytest.raises(ModelSetupError, match="the key is wrong"):
        run(experiment, tmp_path / "out", student)
    assert len(rows_of(tmp_path / "out")) < len(experiment.cells)
    assert all(row.outcome == "scored" for row in rows_of(tmp_path / "out"))


def test_bug_of_this_program_is_a_broken_cell(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["no-context"], budgets=[2], workers=1)
    student = Student()
    student.errors = [ZeroDivisionError("oops")]
    run(experiment, tmp_path / "out", student)
    broken = rows_of(tmp_path / "out")[0].broken
    assert broken is not None
    assert (broken.boundary, broken.message) == ("harness", "oops")


def test_checkout_that_cannot_be_sealed_breaks_its_cell(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["oracle"])
    nowhere = dict.fromkeys(experiment.sources, tmp_path / "nowhere")
    run(replace(experiment, sources=nowhere), tmp_path / "out", Student())
    broken = [row.broken and row.broken.boundary for row in rows_of(tmp_path / "out")]
    assert broken == ["sandbox"] * 3


def test_trajectory_names_its_cell_and_tells_the_steps(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["no-context"], budgets=[3])
    run(experiment, tmp_path / "out", Student())
    row = rows_of(tmp_path / "out")[0]
    assert row.trajectory == f"trajectories/{row.cell_id}.jsonl"
    events = list(read_trajectory(tmp_path / "out" / row.trajectory))
    assert events[0]["kind"] == "cell"
    assert events[0]["data"]["cell_id"] == row.cell_id
    assert {"phase", "reply", "proposal", "stop"} <= {e["kind"] for e in events}


def test_directory_of_another_suite_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    write_suite(tmp_path / "one")
    run(small_experiment(tmp_path / "one"), tmp_path / "out", Student())
    suite, _ = write_suite(tmp_path / "two")
    suite.write_text(suite.read_text().replace("Change 2", "Change something"))
    with pytest.raises(StoreError, match="another suite"):
        run(small_experiment(tmp_path / "two"), tmp_path / "out", Student())


def test_manifest_says_what_ran_with_what(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["oracle"])
    run(experiment, tmp_path / "out", Student())
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["suite"]["digest"] == experiment.suite.digest
    assert manifest["drivers"]["subprocess"]["isolation"]
    (ran,) = manifest["runs"]
    assert ran["config"]["arms"] == ["oracle"]
    assert ran["environment"]["code"] == experiment.conditions.code


def test_last_record_of_the_manifest_is_that_of_the_plan(tmp_path: Path) -> None:
    """Back at settings that are done already, a report still showed the others."""
    for seconds in (900, 800, 900):
        experiment = small_experiment(
            tmp_path, arms=["no-context"], budgets=[1], limits={"seconds": seconds}
        )
        run(experiment, tmp_path / "out", Student())
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    limits = [ran["config"]["limits"]["seconds"] for ran in manifest["runs"]]
    assert limits == [900, 800, 900]
    run(experiment, tmp_path / "out", Student())
    assert json.loads((tmp_path / "out" / "manifest.json").read_text()) == manifest


def test_planted_key_is_in_no_file(tmp_path: Path) -> None:
    key = "planted-0123456789"
    student = Student(file=f"till/{key}.py")
    student.errors = [ModelError(f"401 for {key}")]
    run(
        small_experiment(tmp_path, workers=1),
        tmp_path / "out",
        student,
        {"SOME_API_KEY": key},
    )
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert all(key not in path.read_text() for path in files)
    assert any("[redacted SOME_API_KEY]" in path.read_text() for path in files)


def test_two_runs_give_the_same_numbers(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, workers=4)
    one = run(experiment, tmp_path / "one", Student())
    two = run(experiment, tmp_path / "two", Student())
    assert one.rows == two.rows


def test_several_contexts_share_the_first_and_cost_all_of_theirs(
    tmp_path: Path,
) -> None:
    student = Student()
    arms = ["sleep-time", "sleep-time-k2", "sleep-time-k3"]
    experiment = small_experiment(tmp_path, arms=arms, budgets=[2])
    run(experiment, tmp_path / "out", student)
    assert student.sleeps() == 3 * 3
    rows = {
        row.arm: row
        for row in rows_of(tmp_path / "out")
        if row.instance_id == "shop__till-2"
    }
    one, two, three = (rows[arm] for arm in arms)
    assert one.contexts == (one.context,)
    assert three.contexts[:2] == two.contexts
    assert two.contexts[0] == one.contexts[0]
    assert one.sleep_tokens is not None
    assert three.sleep_tokens is not None
    assert three.sleep_tokens.requests == 3 * one.sleep_tokens.requests
    asked = [text_of(request) for request in student.requests]
    assert any(text.count("Look at till/core.py.") == 3 for text in asked)


def test_only_arms_with_the_index_are_shown_it(tmp_path: Path) -> None:
    """The text and the index are separate gains, so they are separate arms."""
    arms = ["sleep-time", "sleep-text", "random-context"]
    experiment = small_experiment(tmp_path, arms=arms, budgets=[2])
    out = tmp_path / "out"
    run(experiment, out, Student())
    shown = {}
    for row in rows_of(out):
        assert row.trajectory is not None
        events = read_trajectory(out / row.trajectory)
        facts = next(e["data"] for e in events if e["kind"] == "phase")
        shown[row.arm] = (facts["has_learned_context"], facts["has_likely_files"])
    assert shown == {
        "sleep-time": (True, True),
        "sleep-text": (True, False),
        "random-context": (True, False),
    }


def test_context_only_hides_the_query(tmp_path: Path) -> None:
    student = Student()
    experiment = small_experiment(tmp_path, arms=["context-only"], budgets=[2])
    run(experiment, tmp_path / "out", student)
    asked = [
        text_of(request)
        for request in student.requests
        if "rethink_memory" not in request[0].content
    ]
    assert asked
    assert all("Change the core of the till." not in text for text in asked)
    assert all("Look at till/core.py." in text for text in asked)


def test_history_baselines_answer_without_a_model(tmp_path: Path) -> None:
    student = Student()
    experiment = small_experiment(tmp_path, arms=["popularity", "co-change"])
    run(experiment, tmp_path / "out", student)
    assert student.requests == []
    rows = {(r.arm, r.instance_id): r for r in rows_of(tmp_path / "out")}
    assert rows["co-change", "shop__till-3"].predicted_files[0] == "till/core.py"
    assert rows["popularity", "shop__till-3"].predicted_files[0] == "till/core.py"


def test_results_that_came_before_a_fatal_error_are_kept(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["oracle", "no-context"], workers=1)
    student = Student()
    student.errors = [ModelSetupError("the key is wrong")]
    with pytest.raises(ModelSetupError):
        run(experiment, tmp_path / "out", student)
    assert [row.arm for row in rows_of(tmp_path / "out")] == ["oracle"]


def test_limit_cuts_a_rollout_short_and_its_cell_can_be_retried(
    tmp_path: Path,
) -> None:
    experiment = small_experiment(
        tmp_path, arms=["no-context"], budgets=[5], limits={"completion_tokens": 5}
    )
    first = run(experiment, tmp_path / "out", Student())
    assert (first.scored, first.broken) == (3, 0)
    assert {row.stop for row in rows_of(tmp_path / "out")} == {"tokens"}
    again = run_experiment(
        experiment,
        tmp_path / "out",
        Silence(),
        retry="limit",
        set_up=lambda config, run_id: equip_with(Student()),
        environment={},
    )
    assert again.attempted == 3
    assert [row.attempt for row in rows_of(tmp_path / "out")] == [1, 1, 1, 2, 2, 2]
