"""A supervisor as a child process, reached through its standard streams."""

import errno
import fcntl
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import DriverUnavailableError
from sandbox.identity import as_user
from sandbox.streams import DescriptorChannel

__all__ = ["ChildSupervisor", "start_child"]

_PATIENCE_S = 2
_PIPE_BYTES = 1 << 20
_FEWER = "raise that limit (ulimit), or use fewer workers"
_REMEDIES = {
    errno.ENOENT: "install it",
    errno.EMFILE: _FEWER,
    errno.ENFILE: _FEWER,
    errno.EAGAIN: _FEWER,
    errno.ENOMEM: "free some memory, or use fewer workers",
}
"""What to do where a program cannot be started."""


@dataclass(frozen=True, slots=True)
class ChildSupervisor:
    """A child process, and the channel to it."""

    channel: DescriptorChannel
    process: "subprocess.Popen[bytes]"

    def end(self) -> None:
        """Close the channel; the process ends by itself, or is killed."""
        self.channel.close()
        try:
            self.process.wait(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_child(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    *,
    user: int | None = None,
) -> ChildSupervisor:
    """Start a supervisor.

    Args:
        arguments: Its command line; the program as an absolute path where `user` is
            given.
        environment: All of its environment.
        folder: Where it starts.
        user: Who it runs as, where that is not this process's user.

    Raises:
        DriverUnavailableError: It cannot be started.
    """
    try:
        process = subprocess.Popen(
            as_user(arguments, user),
            env=environment,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "see what this machine lacks")
        message = f"cannot start {arguments[0]}: {error.strerror}: {remedy}"
        raise DriverUnavailableError(message) from error
    assert process.stdin is not None
    assert process.stdout is not None
    # The channel owns its descriptors; those of the library are closed at once.
    with process.stdin as stdin, process.stdout as stdout:
        with suppress(OSError):
            fcntl.fcntl(stdout, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        channel = DescriptorChannel(os.dup(stdout.fileno()), os.dup(stdin.fileno()))
    return ChildSupervisor(channel, process)
