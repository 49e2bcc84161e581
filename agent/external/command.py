"""The command line of an agent, and everything it needs around it."""

import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.errors import AgentError

__all__ = ["OWN_AGENTS", "AgentCommand", "Filling", "load_agents"]

OWN_AGENTS = "SWE_FEATURES_AGENTS"
"""Environment variable with the path of a file of one's own agents."""
Context = Literal["AGENTS.md", "CLAUDE.md", "prompt"]
Record = Literal["aider", "claude-code", "codex", "mini-swe-agent", "openhands"]


class Filling(BaseModel):
    """What the placeholders of a command line stand for in one attempt."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: str
    model: str
    budget: int
    home: Path
    trajectory: Path
    variables: Mapping[str, str] = Field(default_factory=dict)
    """Variables of the host, or what the agent has for them, by name."""

    def fill(self, text: str) -> str:
        """A text with its placeholders replaced; other braces stay."""
        bare_model = self.model.rpartition("/")[2]
        own = self.model_dump(exclude={"task", "variables"})
        values = {**self.variables, **own, "bare_model": bare_model}
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
    defaults: Mapping[str, str] = Field(default_factory=dict)
    """Variables of the host that are placeholders too, with what stands for them where
    they are not set."""
    hosts: tuple[str, ...] = ()
    """What the agent may reach behind walls, as `host` or `host:port`."""
    context: tuple[Context, ...] = ("prompt",)
    """How what was learned reaches it."""
    reads: Record | None = None
    """The form of its own record; None where it leaves none."""
    leavings: tuple[str, ...] = ()
    """Patterns of files that it leaves in the tree for itself, and are no change."""
    timeout_s: float = Field(default=3600.0, gt=0)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    agents: Mapping[str, AgentCommand]


def load_agents(
    environ: Mapping[str, str] | None = None,
) -> Mapping[str, AgentCommand]:
    """Agents by name: the ready-made ones, and those of a file of one's own.

    Args:
        environ: Names that file in `SWE_FEATURES_AGENTS`, whose agents come before
            ready-made ones of the same name; None stands for the process's own.

    Raises:
        AgentError: The file cannot be read, or describes no agents.
    """
    packaged = resources.files("agent.external") / "agents.yaml"
    agents = _read_file(packaged.read_text(encoding="utf-8"), "the package")
    named = (os.environ if environ is None else environ).get(OWN_AGENTS)
    if not named:
        return agents
    try:
        text = Path(named).read_text(encoding="utf-8")
    except OSError as error:
        msg = f"{OWN_AGENTS} names {named}, which cannot be read: {error.strerror}"
        raise AgentError(msg) from None
    return {**agents, **_read_file(text, named)}


def _read_file(text: str, name: str) -> Mapping[str, AgentCommand]:
    try:
        return _File.model_validate(yaml.safe_load(text)).agents
    except (ValidationError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())[:200]
        msg = f"no agents in {name}: {reason}"
        raise AgentError(msg) from None
