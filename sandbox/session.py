"""A sandbox as every driver makes it: a connection, a way to compare, a way to end."""

import time
from collections.abc import Callable
from typing import Self

from sandbox.connection import Connection
from sandbox.contract import (
    COMMAND_TIMEOUT_S,
    OUTPUT_LIMIT_BYTES,
    Change,
    CommandResult,
    SealProof,
)

__all__ = ["SupervisedSandbox", "command_environment"]

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


class SupervisedSandbox:
    """A `Sandbox` whose commands go to a supervisor over one connection."""

    def __init__(
        self,
        *,
        driver: str,
        proof: SealProof,
        connection: Connection,
        compare: Callable[[], tuple[Change, ...]],
        end: Callable[[], None],
    ) -> None:
        self._driver = driver
        self._proof = proof
        self._connection = connection
        self._compare = compare
        self._end = end
        self._is_open = True

    @property
    def driver(self) -> str:
        """`docker`, `bubblewrap` or `subprocess`."""
        return self._driver

    @property
    def proof(self) -> SealProof:
        """The proof of the sealed checkout it was opened from."""
        return self._proof

    def run(
        self,
        command: str,
        *,
        timeout_s: float = COMMAND_TIMEOUT_S,
        output_limit_bytes: int = OUTPUT_LIMIT_BYTES,
    ) -> CommandResult:
        """Run a command with a fresh `bash -c` in the repository root."""
        started = time.monotonic()
        result = self._connection.run(
            command, timeout_s=timeout_s, output_limit_bytes=output_limit_bytes
        )
        if result.duration_s:
            return result
        taken_s = time.monotonic() - started
        return CommandResult(
            result.exit_code, result.stdout, result.stderr, duration_s=taken_s
        )

    def read(self, path: str) -> bytes:
        """Read a file of the tree."""
        return self._connection.read(path)

    def write(self, path: str, content: bytes) -> None:
        """Create or replace a file of the tree, folders included."""
        self._connection.write(path, content)

    def changes(self) -> tuple[Change, ...]:
        """Every path that differs from the base commit, found by the host."""
        return self._compare()

    def close(self) -> None:
        """Remove the sandbox and all it wrote; again is harmless."""
        if self._is_open:
            self._is_open = False
            self._connection.close()
            self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
