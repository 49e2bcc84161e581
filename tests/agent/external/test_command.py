"""Agents by name."""

from pathlib import Path

import pytest

from agent.errors import AgentError
from agent.external.command import OWN_AGENTS, load_agents

OWN = """
agents:
  mine: {command: [mine, "{task}"], context: [AGENTS.md]}
  aider: {command: [my-aider]}
"""


def test_agents_of_ones_own_stand_beside_the_ready_made_ones(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(OWN)

    agents = load_agents({OWN_AGENTS: str(path)})

    assert agents["mine"].context == ("AGENTS.md",)
    assert agents["aider"].command == ("my-aider",)
    assert agents["codex"].command[0] == "codex"


@pytest.mark.parametrize(
    "text", ["[]", "agents: {x: {}}", "agents: {x: {command: [a], colour: red}}", "{"]
)
def test_a_file_that_describes_no_agents_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)

    with pytest.raises(AgentError, match=r"mine\.yaml"):
        load_agents({OWN_AGENTS: str(path)})


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match=OWN_AGENTS):
        load_agents({OWN_AGENTS: str(tmp_path / "no.yaml")})
