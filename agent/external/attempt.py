"""One attempt at one change by somebody else's agent.

The agent works on a copy of the sandbox's checkout, whose history is sealed like every
other. What it says is not the result: the host looks at the copy, takes what differs
back into the sandbox, and the sandbox's own list of changes is the answer.
"""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from agent.errors import AgentError
from agent.events import JSON, Event, EventSink, discard, usage_record
from agent.external.command import AgentCommand, Filling
from agent.external.gateway import ModelGateway
from agent.external.records import OwnRecord, read_record
from agent.external.tree_copy import TreeCopy
from agent.external.walls import UNWALLED, WALLED, Room, build_command
from agent.learned_context import LearnedContext
from agent.patch import read_patch
from agent.prompting import render_prompt
from agent.pull_request_text import BODY_LIMIT
from agent.redaction import redact
from agent.rollout import Rollout, Stop
from sandbox.contract import ChangeKind, Sandbox

__all__ = ["attempt_externally"]

TEMPLATE = "external_task"
_OUTPUT_CHARACTERS = 20_000
_HANDED_ON = ("LANG", "LC_ALL", "PATH", "TERM", "TZ")
_BEGIN = "<!-- swe-features: begin -->"
_END = "<!-- swe-features: end -->"


@dataclass(frozen=True, slots=True)
class _Finished:
    exit_code: int
    output: str
    timed_out: bool
    refused: tuple[str, ...]


def attempt_externally(  # noqa: PLR0913 - what an attempt depends on, all by keyword
    *,
    agent: AgentCommand,
    model: str,
    sandbox: Sandbox,
    title: str,
    body: str,
    budget: int,
    learned_context: LearnedContext | None = None,
    walled: bool = True,
    environ: Mapping[str, str] | None = None,
    on_event: EventSink = discard,
) -> Rollout:
    """Let an agent make one change.

    Args:
        agent: Which.
        model: Name of its model, as litellm has it.
        sandbox: A checkout in which nothing has been changed.
        title: Of the change that is asked for.
        body: Its description; may be empty.
        budget: Steps, for an agent that can be told.
        learned_context: What a sleep phase left.
        walled: Whether walls keep it from everything but its model.
        environ: The host's variables; None stands for the process's own.
        on_event: Takes the trajectory.

    Raises:
        AgentError: The agent is not installed, or ended with an error and no change.
        SandboxError: The checkout cannot be copied, or the sandbox is lost.
    """
    started_s = time.monotonic()
    in_prompt = learned_context is not None and "prompt" in agent.context
    task = render_prompt(
        TEMPLATE,
        title=title,
        body=body,
        body_limit=BODY_LIMIT,
        learned_context=learned_context.text if learned_context and in_prompt else "",
    )
    with tempfile.TemporaryDirectory(prefix="swe-features-agent-") as folder:
        place = Path(folder).resolve()
        room = Room(place / "repo", place / "home", place / "gate" / "model")
        for needed in (room.home, room.socket.parent):
            needed.mkdir()
        copy = TreeCopy(sandbox, room.tree)
        if learned_context is not None:
            _place_context(room.tree, agent, learned_context.text)
            copy.remember()
        trajectory = room.home / "trajectory.json"
        filling = Filling(
            task=task, model=model, budget=budget, home=room.home, trajectory=trajectory
        )
        _record_start(on_event, agent, filling, walled=walled, commit=sandbox)
        given = os.environ if environ is None else environ
        finished = _run(agent, filling, room, given, walled=walled)
        record = read_record(agent.reads, trajectory, finished.output)
        changed = copy.bring_back()
    files = _modified_files(sandbox)
    on_event(Event("patch", {"text": read_patch(sandbox)}))
    stop = _find_stop(finished, record)
    _record_end(on_event, finished, record, stop, files)
    if finished.exit_code and not changed and not record.steps:
        msg = (
            f"{agent.command[0]} ended with {finished.exit_code} and changed nothing: "
            f"{' '.join(redact(finished.output).split())[-300:]}"
        )
        raise AgentError(msg)
    return Rollout(
        predicted_files=files,
        stop=stop,
        steps=record.steps,
        usage=record.usage,
        duration_s=time.monotonic() - started_s,
    )


def _place_context(tree: Path, agent: AgentCommand, text: str) -> None:
    """Add what was learned to the files that the agent reads by itself.

    The tree that it starts from then has them, so they are no change of the agent's.
    """
    for name in agent.context:
        if name == "prompt":
            continue
        path = tree / name
        if path.is_symlink():
            path.unlink()
        own = path.read_text(encoding="utf-8") if path.is_file() else ""
        block = f"{_BEGIN}\n{text.strip()}\n{_END}\n"
        path.write_text(f"{own.rstrip()}\n\n{block}".lstrip(), encoding="utf-8")


def _run(
    agent: AgentCommand,
    filling: Filling,
    room: Room,
    environ: Mapping[str, str],
    *,
    walled: bool,
) -> _Finished:
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
    return _Finished(exit_code, said, timed_out, refused)


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
            hosts.append(f"{parts.hostname}:{port}")
    return tuple(hosts)


def _modified_files(sandbox: Sandbox) -> tuple[str, ...]:
    changes = sandbox.changes()
    return tuple(c.path for c in changes if c.kind is ChangeKind.MODIFIED)


def _find_stop(finished: _Finished, record: OwnRecord) -> Stop:
    if finished.timed_out:
        return Stop.TIME
    is_cut = "limit" in record.exit_status.lower() or "max" in record.exit_status
    return Stop.BUDGET if is_cut else Stop.SUBMITTED


def _record_start(
    on_event: EventSink,
    agent: AgentCommand,
    filling: Filling,
    *,
    walled: bool,
    commit: Sandbox,
) -> None:
    facts: dict[str, JSON] = {
        "phase": "external",
        "model": filling.model,
        "command": [redact(word) for word in agent.command],
        "budget": filling.budget,
        "commit": commit.proof.base_commit,
        "isolation": WALLED if walled else UNWALLED,
    }
    on_event(Event("phase", facts))
    on_event(Event("message", {"role": "user", "content": filling.task}))


def _record_end(
    on_event: EventSink,
    finished: _Finished,
    record: OwnRecord,
    stop: Stop,
    files: tuple[str, ...],
) -> None:
    facts: dict[str, JSON] = {
        "text": redact(finished.output[-_OUTPUT_CHARACTERS:]),
        "exit_code": finished.exit_code,
        "timed_out": finished.timed_out,
        "refused_hosts": list(finished.refused),
    }
    on_event(Event("external_output", facts))
    end: dict[str, JSON] = {
        "reason": stop,
        "own_status": record.exit_status,
        "steps": record.steps,
    }
    usage = usage_record(record.usage)
    on_event(Event("stop", {**end, "usage": usage, "predicted_files": list(files)}))
