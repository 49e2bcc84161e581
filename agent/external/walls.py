"""Walls around an agent that runs on this machine, beside its sandbox.

An agent brings its own runtime and has to reach its model, so it cannot run inside of a
sandbox without network. It runs beside it, on a copy of the checkout. Behind walls it
sees the system's programs, its own installation and that copy; no other file, no
process, and no network but the gateway to its model. Without bubblewrap there are no
walls, and the result says so.
"""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from agent.errors import AgentError
from agent.external.gateway import FORWARDER, PORT
from sandbox.system_programs import bind_system_programs

__all__ = ["UNWALLED", "WALLED", "Room", "build_command"]

WALLED = (
    "behind bubblewrap's walls: its own installation and a copy of the checkout, "
    "and no network but an allow-list of its model's hosts"
)
UNWALLED = (
    "without walls: a copy of the checkout, with this machine's files and network"
)

_SHOWN_FILES = ("/etc/ca-certificates", "/etc/passwd", "/etc/pki", "/etc/ssl")
_USER = "1000"


@dataclass(frozen=True, slots=True)
class Room:
    """Folders of one attempt, at the same places inside the walls as outside."""

    tree: Path
    home: Path
    socket: Path
    """The gateway's."""

    @classmethod
    def below(cls, folder: Path) -> "Room":
        """The places in a folder of one's own; nothing is made yet."""
        return cls(folder / "repo", folder / "home", folder / "gate" / "model")


def build_command(
    command: list[str], environment: dict[str, str], room: Room, *, walled: bool
) -> tuple[list[str], dict[str, str]]:
    """The command line to start, and its whole environment.

    Args:
        command: The agent's own.
        environment: Of the agent.
        room: Where it works.
        walled: Whether to put walls around it.

    Raises:
        AgentError: The agent's program, or bubblewrap, is not installed.
    """
    program = shutil.which(command[0])
    if program is None:
        msg = f"no program {command[0]!r} on PATH: install that agent first"
        raise AgentError(msg)
    command = [program, *command[1:]]
    if not walled:
        return command, environment
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        msg = "no bubblewrap (bwrap) on PATH: install it, or run agents unwalled"
        raise AgentError(msg)
    proxy = f"http://127.0.0.1:{PORT}"
    proxies = {name: proxy for name in ("http_proxy", "https_proxy", "all_proxy")}
    proxies |= {name.upper(): proxy for name in proxies}
    python = os.path.realpath(sys.executable)
    forwarder = [python, "-I", "-S", "-c", FORWARDER, str(room.socket), str(PORT)]
    walls = [bubblewrap, *_namespaces(), *_binds(program, python, room)]
    return [*walls, "--", *forwarder, *command], environment | proxies


def _namespaces() -> list[str]:
    return [
        *("--unshare-all", "--new-session", "--die-with-parent"),
        *("--uid", _USER, "--gid", _USER, "--hostname", "sandbox"),
    ]


def _binds(program: str, python: str, room: Room) -> list[str]:
    binds = bind_system_programs(_SHOWN_FILES)
    binds += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    for folder in _find_installation(program, python):
        binds += ["--ro-bind", str(folder), str(folder)]
    for folder in (room.tree, room.home, room.socket.parent):
        binds += ["--bind", str(folder), str(folder)]
    return [*binds, "--chdir", str(room.tree)]


def _find_installation(program: str, python: str) -> list[Path]:
    """Folders of an agent's program, of the interpreter that it names, and of ours."""
    files = [Path(program), Path(program).resolve(), Path(python)]
    interpreter = _read_interpreter(Path(program))
    if interpreter is not None:
        files += [interpreter, interpreter.resolve()]
    folders = {folder for file in files for folder in _installation_of(file)}
    outside = {f for f in folders if not f.is_relative_to("/usr") and f != Path("/")}
    return sorted(outside)


def _installation_of(file: Path) -> tuple[Path, ...]:
    """The folder above `bin`, without what else a user keeps beside it."""
    for parent in file.parents:
        if parent.name in ("bin", "node_modules"):
            above = parent.parent
            if Path.home().is_relative_to(above) or above == Path.home() / ".local":
                libraries = above / "lib"
                return (parent, libraries) if libraries.is_dir() else (parent,)
            return (above,)
    return (file,)


def _read_interpreter(program: Path) -> Path | None:
    with program.open("rb") as file:
        first = file.readline(4096)
    if not first.startswith(b"#!"):
        return None
    words = first[2:].decode(errors="replace").split()
    if not words:
        return None
    if Path(words[0]).name == "env" and len(words) > 1:
        found = shutil.which(words[1])
        return Path(found) if found else None
    return Path(words[0])
