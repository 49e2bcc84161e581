"""The host's end of the one connection to a supervisor: requests out, replies in.

Whatever carries the bytes, a pipe pair or an attached socket, is a `Channel`.
"""

import threading
import time
from pathlib import Path
from typing import Protocol

from sandbox import supervisor
from sandbox.contract import CommandResult
from sandbox.errors import SandboxLostError

__all__ = ["BOOTSTRAP", "Channel", "ChannelClosedError", "Connection"]

BOOTSTRAP = "import sys;i=sys.stdin.buffer;exec(i.read(int(i.readline())))"
"""What `python3 -c` starts with: it takes the supervisor from the connection."""

_GRACE_S = 20.0


class ChannelClosedError(Exception):
    """The other side is gone, or did not answer in time."""


class Channel(Protocol):
    """A two-way stream of bytes to a supervisor."""

    def send(self, data: bytes, deadline: float) -> None:
        """Send all of it.

        Raises:
            ChannelClosedError: The other side is gone, or takes nothing.
        """
        ...

    def receive(self, size: int, deadline: float) -> bytes:
        """Receive exactly so many bytes, by a time of the monotonic clock.

        Raises:
            ChannelClosedError: The other side is gone, or too slow.
        """
        ...

    def close(self) -> None:
        """Let go of the stream; again is harmless."""
        ...


class Connection:
    """Requests to one supervisor, one at a time, from any thread."""

    def __init__(self, channel: Channel, *, what: str) -> None:
        self._channel = channel
        self._what = what
        self._lock = threading.Lock()
        self._lost: str | None = None

    def start(self, timeout_s: float) -> None:
        """Send the supervisor's program, and wait until it runs.

        Raises:
            SandboxLostError: It did not come up.
        """
        program = Path(supervisor.__file__).read_bytes()
        deadline = time.monotonic() + timeout_s
        with self._lock:
            self._send(b"%d\n" % len(program) + program, deadline)
            self._receive_frame(deadline)

    def run(
        self, command: str, *, timeout_s: float, output_limit_bytes: int
    ) -> CommandResult:
        """Run a command; see `Sandbox.run`."""
        head = supervisor.RUN_REQUEST.pack(timeout_s, output_limit_bytes)
        if "\0" in command:
            text = b"sandbox: a command cannot hold a NUL character\n"
            return CommandResult(exit_code=126, stdout=b"", stderr=text)
        body = head + command.encode(errors="surrogateescape")
        reply = self._ask(supervisor.RUN, body, timeout_s + _GRACE_S)
        code, timed_out, omitted, duration_s, size = supervisor.RUN_REPLY.unpack_from(
            reply
        )
        start = supervisor.RUN_REPLY.size
        return CommandResult(
            exit_code=code,
            stdout=bytes(reply[start : start + size]),
            stderr=bytes(reply[start + size :]),
            timed_out=bool(timed_out),
            omitted_bytes=omitted,
            duration_s=duration_s,
        )

    def read(self, path: str) -> bytes:
        """Read a file; see `Sandbox.read`."""
        reply = self._ask(supervisor.READ, _encoded(path), _GRACE_S * 3)
        if reply[0] != supervisor.OK:
            reason = bytes(reply[1:]).decode(errors="replace")
            message = f"cannot read {path!r} in the sandbox: {reason}"
            raise FileNotFoundError(message)
        return bytes(reply[1:])

    def write(self, path: str, content: bytes) -> None:
        """Write a file; see `Sandbox.write`."""
        name = _encoded(path)
        body = supervisor.LENGTH.pack(len(name)) + name + content
        reply = self._ask(supervisor.WRITE, body, _GRACE_S * 3)
        if reply[0] != supervisor.OK:
            reason = bytes(reply[1:]).decode(errors="replace")
            message = f"cannot write {path!r} in the sandbox: {reason}"
            raise OSError(message)

    def close(self) -> None:
        """End the connection; the supervisor ends with it."""
        self._channel.close()

    def _ask(self, kind: int, body: bytes, timeout_s: float) -> memoryview:
        frame = supervisor.LENGTH.pack(len(body) + 1) + bytes([kind]) + body
        with self._lock:
            if self._lost is not None:
                raise SandboxLostError(self._lost)
            deadline = time.monotonic() + timeout_s
            self._send(frame, deadline)
            return self._receive_frame(deadline)

    def _send(self, data: bytes, deadline: float) -> None:
        try:
            self._channel.send(data, deadline)
        except ChannelClosedError as error:
            raise self._loss(error) from error

    def _receive_frame(self, deadline: float) -> memoryview:
        try:
            header = self._channel.receive(supervisor.LENGTH.size, deadline)
            (size,) = supervisor.LENGTH.unpack(header)
            return memoryview(self._channel.receive(size, deadline))
        except ChannelClosedError as error:
            raise self._loss(error) from error

    def _loss(self, error: ChannelClosedError) -> SandboxLostError:
        # What was half read can never be matched with a request again.
        self._lost = f"the {self._what} sandbox no longer answers ({error}): try again"
        self._channel.close()
        return SandboxLostError(self._lost)


def _encoded(path: str) -> bytes:
    return path.encode(errors="surrogateescape")
