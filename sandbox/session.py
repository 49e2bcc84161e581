"""A sandbox as every driver makes it: a connection, a way to compare, a way to end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from sandbox.connection import Connection
from sandbox.contract import (
    COMMAND_TIMEOUT_S,
    OUTPUT_LIMIT_BYTES,
    Change,
    CommandResult,
    SealProof,
)
from sandbox.disk_allowance import DiskAllowance

__all__ = ["Premises", "SupervisedSandbox", "command_environment"]

_FULL = b"sandbox: its disk allowance is spent: nothing runs in it any more\n"
_NEUTRAL = {
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TERM": "dumb",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": "true",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
    # A test run by an agent is no change to the tree.
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTEST_ADDOPTS": "-p no:cacheprovider",
}


def command_environment(*, path: str, home: str, temporary: str) -> dict[str, str]:
    """The whole environment of a sandbox's commands: nothing of the host's."""
    return {
        **_NEUTRAL,
        "PATH": path,
        "HOME": home,
        "TMPDIR": temporary,
        "USER": "developer",
        "LOGNAME": "developer",
    }


@dataclass(frozen=True, slots=True)
class Premises:
    """What the host keeps of one sandbox: its side of the tree, and how to end it."""

    driver: str
    """Name of the driver that made it."""
    proof: SealProof
    allowance: DiskAllowance
    compare: Callable[[], tuple[Change, ...]]
    """Finds what changed, from outside."""
    end: Callable[[], None]
    """Removes everything; called once."""


class SupervisedSandbox:
    """A `Sandbox` whose commands go to a supervisor over one connection."""

    def __init__(self, connection: Connection, premises: Premises) -> None:
        self._connection = connection
        self._premises = premises
        self._is_open = True

    @property
    def driver(self) -> str:
        """`docker`, `bubblewrap` or `subprocess`."""
        return self._premises.driver

    @property
    def proof(self) -> SealProof:
        """The proof of the sealed checkout it was opened from."""
        return self._premises.proof

    def run(
        self,
        command: str,
        *,
        timeout_s: float = COMMAND_TIMEOUT_S,
        output_limit_bytes: int = OUTPUT_LIMIT_BYTES,
    ) -> CommandResult:
        """Run a command with a fresh `bash -c` in the repository root."""
        if self._premises.allowance.is_spent():
            return CommandResult(exit_code=137, stdout=b"", stderr=_FULL)
        result = self._connection.run(
            command,
            timeout_s=timeout_s,
            output_limit_bytes=output_limit_bytes,
            must_stop=self._premises.allowance.is_exceeded,
        )
        self._premises.allowance.note_activity(result.duration_s)
        return result

    def read(self, path: str) -> bytes:
        """Read a file of the tree."""
        return self._connection.read(path)

    def write(self, path: str, content: bytes) -> None:
        """Create or replace a file of the tree, folders included."""
        self._connection.write(path, content)

    def changes(self) -> tuple[Change, ...]:
        """Every path that differs from the base commit, found by the host."""
        return self._premises.compare()

    def close(self) -> None:
        """Remove the sandbox and all it wrote; again is harmless."""
        if self._is_open:
            self._is_open = False
            try:
                self._connection.close()
            finally:
                self._premises.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
