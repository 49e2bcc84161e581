"""What a run works with, and which models have to be within reach for it."""

import os
from pathlib import Path

import pytest

from agent.errors import ModelSetupError
from swe_features.equipment import equip
from swe_features.session import run_experiment
from tests.swe_features.small_experiment import (
    Silence,
    run_with_student,
    small_experiment,
)

CLAUDE, GPT = "anthropic/claude-sonnet-4-5", "openai/gpt-5-mini"


@pytest.fixture(autouse=True)
def _without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("OPENAI", "ANTHROPIC")):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("arms", "sleep_model"),
    [
        (("bm25", "popularity", "co-change", "oracle"), None),
        (("agent:codex", "agent-unwalled:claude-code"), None),
        (("no-context", "agent:codex"), GPT),
        (("agent:codex+sleep",), GPT),
    ],
)
def test_a_model_that_no_arm_asks_through_us_needs_no_key(
    arms: tuple[str, ...],
    sleep_model: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Baselines ask nobody, and other people's agents bring a key of their own."""
    if "no-context" in arms:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-planted")
    if "agent:codex+sleep" in arms:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    config = small_experiment(
        tmp_path, arms=arms, model=CLAUDE, sleep_model=sleep_model
    ).config

    equip(config.with_options(sandbox="subprocess"), run_id="test").close()


@pytest.mark.parametrize(
    ("arms", "sleep_model", "variable"),
    [
        (("oracle", "no-context"), None, "ANTHROPIC_API_KEY"),
        (("memory-probe",), None, "ANTHROPIC_API_KEY"),
        (("agent:codex+sleep",), None, "ANTHROPIC_API_KEY"),
        (("agent:codex+sleep",), GPT, "OPENAI_API_KEY"),
    ],
)
def test_a_model_that_an_arm_asks_needs_its_key_before_a_run(
    arms: tuple[str, ...], sleep_model: str | None, variable: str, tmp_path: Path
) -> None:
    config = small_experiment(
        tmp_path, arms=arms, model=CLAUDE, sleep_model=sleep_model
    ).config

    with pytest.raises(ModelSetupError, match=f"set {variable}"):
        equip(config.with_options(sandbox="subprocess"), run_id="test")


def test_cells_that_are_left_need_only_what_they_ask(tmp_path: Path) -> None:
    """A run whose agent had finished could not add a baseline without the key."""
    given = {"model": CLAUDE, "budgets": (3,), "sandbox": "subprocess"}
    out = tmp_path / "out"
    run_with_student(small_experiment(tmp_path, arms=("no-context",), **given), out)
    both = small_experiment(tmp_path, arms=("no-context", "bm25"), **given)

    summary = run_experiment(both, out, Silence(), environment={})

    assert (summary.attempted, summary.scored, summary.planned) == (3, 6, 6)
