"""The command line of an agent, and everything it needs around it."""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.errors import AgentError

__all__ = ["AgentCommand", "Filling", "load_agents"]

Context = Literal["AGENTS.md", "CLAUDE.md", "prompt"]
Record = Literal["mini-swe-agent", "claude-code", "codex"]


class Filling(BaseModel):
    """What the placeholders of a command line stand for in one attempt."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: str
    model: str
    budget: int
    home: Path
    trajectory: Path

    def fill(self, text: str) -> str:
        """A text with its placeholders replaced; other braces stay."""
        bare_model = self.model.rpartition("/")[2]
        values = {**self.model_dump(exclude={"task"}), "bare_model": bare_model}
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        # Last: a task may talk of placeholders itself.
        return text.replace("{task}", self.task)


class AgentCommand(BaseModel):
    """One agent, as a file describes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: tuple[str, ...] = Field(min_length=1)
    """Program and arguments, with placeholders."""
    environment: Mapping[str, str] = Field(default_factory=dict)
    """Variables to set, with placeholders."""
    keys: tuple[str, ...] = ()
    """Variables of the host that are handed on where they are set."""
    hosts: tuple[str, ...] = ()
    """What the agent may reach behind walls, as `host` or `host:port`."""
    context: tuple[Context, ...] = ("prompt",)
    """How what was learned reaches it."""
    reads: Record | None = None
    """The form of its own record; None where it leaves none."""
    timeout_s: float = Field(default=3600.0, gt=0)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    agents: Mapping[str, AgentCommand]


def load_agents(path: Path | None = None) -> Mapping[str, AgentCommand]:
    """Agents by name.

    Args:
        path: A file of one's own; None reads the ready-made ones.

    Raises:
        AgentError: The file cannot be read, or describes no agents.
    """
    try:
        if path is None:
            source = resources.files("agent.external") / "agents.yaml"
            text = source.read_text(encoding="utf-8")
        else:
            text = path.read_text(encoding="utf-8")
        return _File.model_validate(yaml.safe_load(text)).agents
    except (OSError, ValidationError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())[:200]
        msg = f"no agents in {path}: {reason}"
        raise AgentError(msg) from None
