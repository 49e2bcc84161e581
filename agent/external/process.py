"""One run of an agent's command line, from its start until nothing of it is left."""

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent.external.command import AgentCommand, Filling
from agent.external.gateway import ModelGateway, write_address
from agent.external.walls import Room, build_command

__all__ = ["Finished", "run_agent"]

_HANDED_ON = ("LANG", "LC_ALL", "PATH", "TERM", "TZ")


@dataclass(frozen=True, slots=True)
class Finished:
    """How an agent's program ended."""

    exit_code: int
    output: str
    """What it printed, errors among it."""
    timed_out: bool
    refused: tuple[str, ...]
    """Hosts that it asked for and could not reach."""


def run_agent(
    agent: AgentCommand,
    filling: Filling,
    room: Room,
    environ: Mapping[str, str],
    *,
    walled: bool,
) -> Finished:
    """Start an agent, wait for its end or for its time to be over, and end it.

    Args:
        agent: Which.
        filling: What its placeholders stand for.
        room: Where it works.
        environ: The host's variables.
        walled: Whether walls keep it from everything but its model.

    Raises:
        AgentError: The agent's program, or bubblewrap, is not installed.
    """
    environment = {n: environ[n] for n in (*_HANDED_ON, *agent.keys) if n in environ}
    environment |= {"HOME": str(room.home), "NO_COLOR": "1"}
    environment |= {n: filling.fill(value) for n, value in agent.environment.items()}
    command = [filling.fill(word) for word in agent.command]
    command, environment = build_command(command, environment, room, walled=walled)
    hosts = (*agent.hosts, *_named_hosts(agent, environ))
    gateway = ModelGateway(room.socket, hosts) if walled else nullcontext()
    output = room.socket.parent.parent / "output"
    with gateway as gate, output.open("wb") as sink:
        process = subprocess.Popen(
            command,
            cwd=room.tree,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        timed_out = False
        try:
            exit_code = process.wait(agent.timeout_s)
        except subprocess.TimeoutExpired:
            timed_out, exit_code = True, 124
        finally:
            _end_group(process)
    said = output.read_text(encoding="utf-8", errors="replace")
    refused = tuple(gate.refused) if gate is not None else ()
    return Finished(exit_code, said, timed_out, refused)


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    """Whatever an agent leaves behind ends with it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _named_hosts(agent: AgentCommand, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Hosts of a private server, as the agent's own variables name it."""
    hosts = []
    for name in agent.keys:
        parts = urlsplit(environ.get(name, ""))
        if parts.scheme in ("http", "https") and parts.hostname:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            hosts.append(write_address(parts.hostname, port))
    return tuple(hosts)
