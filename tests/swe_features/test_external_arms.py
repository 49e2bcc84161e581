"""Other people's agents as arms of an experiment."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from swe_features.arms import arm_named
from swe_features.cell_results import CellResult, read_results
from swe_features.errors import ConfigError
from tests.swe_features.small_experiment import run_with_student, small_experiment

ARM = "agent-unwalled:stand-in"


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A program of one's own that is an agent; whoever asks writes what it does."""
    program = tmp_path / "stand-in"
    agents = {"agents": {"stand-in": {"command": [str(program), "{task}"]}}}
    (tmp_path / "agents.yaml").write_text(yaml.safe_dump(agents))
    monkeypatch.setenv("SWE_FEATURES_AGENTS", str(tmp_path / "agents.yaml"))
    program.touch(mode=0o755)
    arm_named.cache_clear()
    yield program
    arm_named.cache_clear()


def run_stand_in(folder: Path, **settings: object) -> list[CellResult]:
    """The rows of an experiment with that arm alone."""
    experiment = small_experiment(folder, arms=(ARM,), budgets=(1,), **settings)
    run_with_student(experiment, folder / "out")
    return list(read_results(folder / "out" / "results.jsonl"))


def test_an_agent_is_an_arm_with_and_without_a_sleep_phase() -> None:
    plain, asleep = arm_named("agent:mini-swe-agent"), arm_named("agent:codex+sleep")

    assert (plain.takes_steps, plain.sleeps) == (True, False)
    assert (asleep.takes_steps, asleep.sleeps) == (True, True)


def test_an_arm_without_walls_says_so_by_its_name_and_summary() -> None:
    assert "network" in arm_named("agent-unwalled:aider").summary
    assert "network" not in arm_named("agent:aider").summary
    assert "without walls" in arm_named("agent-unwalled:aider").isolation
    assert "allow-list" in arm_named("agent:aider").isolation
    assert arm_named("sleep-time").isolation == ""


def test_an_arm_names_the_programs_that_it_needs() -> None:
    assert arm_named("agent:codex").programs == ("codex", "bwrap")
    assert arm_named("agent-unwalled:codex+sleep").programs == ("codex",)
    assert arm_named("sleep-time").programs == ()


def test_an_unknown_agent_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match="no agent 'copycat'"):
        arm_named("agent:copycat")


@pytest.mark.parametrize(
    "limits", [{"cost_usd": 0.5}, {"completion_tokens": 9}, {"context_tokens": 9}]
)
def test_a_limit_that_an_agent_cannot_hold_is_refused(
    limits: dict[str, float], tmp_path: Path
) -> None:
    """It was a part of each cell's id, and nobody looked at it."""
    (name,) = limits
    with pytest.raises(ConfigError, match=f"agent:codex cannot hold the limit {name}="):
        small_experiment(tmp_path, arms=("oracle", "agent:codex"), limits=limits)


def test_an_agent_is_ended_at_the_limit_of_its_time(
    stand_in: Path, tmp_path: Path
) -> None:
    stand_in.write_text("#!/bin/sh\necho >> till/core.py\nexec sleep 600\n")

    rows = run_stand_in(tmp_path, limits={"seconds": 1})

    assert [(row.outcome, row.stop) for row in rows] == [("scored", "time")] * 3


def test_rows_of_an_agent_say_that_it_edited(stand_in: Path, tmp_path: Path) -> None:
    stand_in.write_text("#!/bin/sh\necho >> till/core.py\n")

    rows = run_stand_in(tmp_path, mode="predict")

    assert [row.mode for row in rows] == ["edit"] * 3
    assert {row.predicted_files for row in rows} == {("till/core.py",)}


def test_the_mode_that_is_asked_for_makes_no_other_cell_of_an_agent(
    tmp_path: Path,
) -> None:
    asked = [
        small_experiment(tmp_path, arms=("agent:codex",), mode=mode).cells
        for mode in ("predict", "edit")
    ]
    assert asked[0] == asked[1]
