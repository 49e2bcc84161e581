"""What stands around a command on this machine: bubblewrap's walls, or none."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sandbox.connection import BOOTSTRAP
from sandbox.errors import DriverUnavailableError
from sandbox.identity import SANDBOX_ID, as_user, can_become
from sandbox.limits import SandboxLimits
from sandbox.session import command_environment
from sandbox.system_programs import bind_system_programs

__all__ = ["BubblewrapWalls", "NoWalls", "Place", "Walls"]

_PROBE_S = 20
_SYSTEM_PYTHON = "/usr/bin/python3"
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
_SHOWN_FILES = ("/etc/ld.so.conf", "/etc/ld.so.conf.d")
_ROOT = "/repo"


@dataclass(frozen=True, slots=True)
class Place:
    """Folders of one sandbox on the host."""

    tree: Path
    home: Path
    temporary: Path


class Walls(Protocol):
    """How a supervisor is started around a tree."""

    @property
    def name(self) -> str:
        """The driver's name."""
        ...

    @property
    def isolation(self) -> str:
        """One sentence: what is isolated and what not."""
        ...

    @property
    def user(self) -> int | None:
        """Who it runs as, where that is not the host's own user."""
        ...

    def command(self, place: Place, limits: SandboxLimits) -> list[str]:
        """The command line that starts the supervisor."""
        ...

    def environment(self, place: Place) -> dict[str, str]:
        """The whole environment of its commands."""
        ...


class NoWalls:
    """A plain child process: only the repository's future is kept out."""

    name = "subprocess"
    isolation = (
        "isolates nothing but history: commands run as this user, "
        "with this machine's files and network"
    )
    user = None

    def command(self, place: Place, limits: SandboxLimits) -> list[str]:
        """The command line that starts the supervisor."""
        held = [f"FSIZE={limits.file_bytes}", "CORE=0"]
        return [*_python(sys.executable), str(place.tree), *held]

    def environment(self, place: Place) -> dict[str, str]:
        """The whole environment of its commands."""
        return command_environment(
            path=os.environ.get("PATH", os.defpath),
            home=str(place.home),
            temporary=str(place.temporary),
        )


def _python(program: str) -> list[str]:
    return [program, "-I", "-S", "-E", "-c", BOOTSTRAP]


class BubblewrapWalls:
    """Namespaces of its own: no network, no processes or files of the host's."""

    name = "bubblewrap"
    isolation = (
        "no network, no processes and no files of this machine but its programs, "
        "read-only; processes, memory of each and disk are limited"
    )

    def __init__(self) -> None:
        """Find bubblewrap, and see whether it works here.

        Raises:
            DriverUnavailableError: It is missing, or the kernel refuses it.
        """
        program = shutil.which("bwrap")
        if program is None:
            message = "no bubblewrap (bwrap) on PATH: install it, or choose subprocess"
            raise DriverUnavailableError(message)
        self._program = program
        self._python = _SYSTEM_PYTHON
        if not Path(_SYSTEM_PYTHON).exists():
            self._python = os.path.realpath(sys.executable)
        self.user = SANDBOX_ID if can_become(SANDBOX_ID) else None
        self._probe()

    def _probe(self) -> None:
        command = [*self._namespaces(), "--", self._python, "-I", "-S", "-c", "pass"]
        finished = subprocess.run(
            as_user(command, self.user),
            env={},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_S,
            check=False,
        )
        if finished.returncode != 0:
            reason = finished.stderr.decode(errors="replace").strip()
            message = (
                f"bubblewrap does not work here ({reason[-200:]}): "
                "allow user namespaces, or choose subprocess"
            )
            raise DriverUnavailableError(message)

    def _namespaces(self) -> list[str]:
        command = [
            self._program,
            *("--unshare-all", "--new-session", "--die-with-parent", "--as-pid-1"),
            *("--uid", str(SANDBOX_ID), "--gid", str(SANDBOX_ID)),
            *("--hostname", "sandbox", "--clearenv"),
        ]
        command += bind_system_programs(_SHOWN_FILES)
        if not self._python.startswith("/usr/"):
            command += ["--ro-bind", sys.base_prefix, sys.base_prefix]
        return [*command, "--proc", "/proc", "--dev", "/dev"]

    def command(self, place: Place, limits: SandboxLimits) -> list[str]:
        """The command line that starts the supervisor."""
        binds = [
            *("--bind", str(place.tree), _ROOT),
            *("--bind", str(place.temporary), "/tmp"),
            *("--bind", str(place.home), "/home/developer"),
            *("--chdir", _ROOT),
        ]
        settings = []
        for name, value in self._variables().items():
            settings += ["--setenv", name, value]
        held = [
            f"FSIZE={limits.file_bytes}",
            f"AS={limits.memory_bytes}",
            f"NPROC={limits.processes}",
            "CORE=0",
        ]
        supervisor = [*_python(self._python), _ROOT, *held]
        return [*self._namespaces(), *binds, *settings, "--", *supervisor]

    def _variables(self) -> dict[str, str]:
        return command_environment(
            path=_SYSTEM_PATH, home="/home/developer", temporary="/tmp"
        )

    def environment(self, place: Place) -> dict[str, str]:
        """Nothing: bubblewrap sets its commands' environment itself."""
        del place
        return {}
