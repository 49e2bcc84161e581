"""A supervisor as a child process, reached through its standard streams."""

import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.connection import ChannelClosedError
from sandbox.errors import DriverUnavailableError

__all__ = ["PipeChannel"]

_CHUNK = 1 << 20


class PipeChannel:
    """Standard input and output of a process that was started for it."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        *,
        user: int | None = None,
    ) -> None:
        try:
            self.process = subprocess.Popen(
                arguments,
                env=environment,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else (),
            )
        except OSError as error:
            message = f"cannot start {arguments[0]}: {error.strerror}: install it"
            raise DriverUnavailableError(message) from error
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._input = self.process.stdin.fileno()
        self._output = self.process.stdout.fileno()
        os.set_blocking(self._input, False)
        self._is_open = True

    def send(self, data: bytes, deadline: float) -> None:
        """Write all of it to the process."""
        view = memoryview(data)
        while view:
            self._await(self._input, select.POLLOUT, deadline)
            try:
                view = view[os.write(self._input, view) :]
            except BlockingIOError:
                continue
            except OSError as error:
                message = error.strerror or "broken pipe"
                raise ChannelClosedError(message) from error

    def receive(self, size: int, deadline: float) -> bytes:
        """Read exactly so much from the process."""
        found = bytearray()
        while len(found) < size:
            self._await(self._output, select.POLLIN, deadline)
            chunk = os.read(self._output, min(size - len(found), _CHUNK))
            if not chunk:
                message = "its supervisor ended"
                raise ChannelClosedError(message)
            found += chunk
        return bytes(found)

    def has_news(self, timeout_s: float) -> bool:
        """Wait until the process has written something, or is gone."""
        poll = select.poll()
        poll.register(self._output, select.POLLIN)
        return bool(poll.poll(timeout_s * 1000))

    def _await(self, descriptor: int, event: int, deadline: float) -> None:
        if not self._is_open:
            message = "it was closed"
            raise ChannelClosedError(message)
        poll = select.poll()
        poll.register(descriptor, event)
        if not poll.poll(max(0.0, (deadline - time.monotonic()) * 1000)):
            message = "no answer in time"
            raise ChannelClosedError(message)

    def close(self) -> None:
        """End the process: it ends by itself when nothing can come any more."""
        if not self._is_open:
            return
        self._is_open = False
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
