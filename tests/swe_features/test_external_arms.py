"""Other people's agents as arms of an experiment."""

import pytest

from swe_features.arms import arm_named
from swe_features.errors import ConfigError


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
