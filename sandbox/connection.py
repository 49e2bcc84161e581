"""The host's end of the one connection to a supervisor: requests out, replies in.

Whatever carries the bytes, a pipe pair or an attached socket, is a `Channel`.
"""

import select
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from sandbox import processes, supervisor
from sandbox.contract import CommandResult
from sandbox.errors import SandboxLostError

__all__ = [
    "BOOTSTRAP",
    "Channel",
    "ChannelClosedError",
    "Connection",
    "await_event",
    "supervisor_program",
]

BOOTSTRAP = "import sys;i=sys.stdin.buffer;exec(i.read(int(i.readline())))"
"""What `python3 -c` starts with: it takes the supervisor from the connection."""

_LOADER = """
import sys
for name, text in {"sandbox": "", **TEXTS}.items():
    module = sys.modules[name] = type(sys)(name)
    exec(compile(text, name, "exec"), module.__dict__)
module.main()
"""
_GRACE_S = 20.0
_FILE_S = 120.0
_LOOK_S = 1.0
_TIMEOUT_CODE = 124
_STOPPED = b"sandbox: stopped, as it wrote more than its disk limit\n"


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

    def has_news(self, timeout_s: float) -> bool:
        """Wait until there is something to receive, or the end of the stream."""
        ...

    def close(self) -> None:
        """Let go of the stream; again is harmless."""
        ...


def supervisor_program() -> bytes:
    """What `BOOTSTRAP` reads: the length of a program, and the program.

    The modules keep their names over there, and nothing else of this package exists.
    """
    texts = {
        module.__name__: Path(module.__file__ or "").read_text()
        for module in (processes, supervisor)
    }
    program = f"TEXTS = {texts!r}\n{_LOADER}".encode()
    return b"%d\n" % len(program) + program


def await_event(stream: socket.socket | int, event: int, deadline: float) -> None:
    """Wait until a stream can be read from or written to.

    Args:
        stream: A descriptor, or what has one.
        event: As `select.poll` names it.
        deadline: By when, in seconds of the monotonic clock.

    Raises:
        ChannelClosedError: It could not, in all that time.
    """
    poll = select.poll()
    poll.register(stream, event)
    if not poll.poll(max(0.0, (deadline - time.monotonic()) * 1000)):
        message = "no answer in time"
        raise ChannelClosedError(message)


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
        with self._lock:
            self._send(supervisor_program(), time.monotonic() + timeout_s)
        self.await_ready(timeout_s)

    def await_ready(self, timeout_s: float) -> None:
        """Wait until a supervisor that has its program runs.

        Raises:
            SandboxLostError: It did not come up.
        """
        with self._lock:
            self._receive_frame(time.monotonic() + timeout_s)

    def run(
        self,
        command: str,
        *,
        timeout_s: float,
        output_limit_bytes: int,
        must_stop: Callable[[], bool],
    ) -> CommandResult:
        """Run a command; see `Sandbox.run`.

        While it runs, `must_stop` is asked about once a second whether to end it.
        """
        if "\0" in command:
            text = b"sandbox: a command cannot hold a NUL character\n"
            return CommandResult(exit_code=126, stdout=b"", stderr=text)
        head = supervisor.RUN_REQUEST.pack(timeout_s, output_limit_bytes)
        body = head + command.encode(errors="surrogateescape")
        deadline = time.monotonic() + timeout_s + _GRACE_S
        collected = {supervisor.OUT: bytearray(), supervisor.ERR: bytearray()}
        with self._lock:
            self._ask(supervisor.RUN, body, deadline)
            while True:
                self._await_news(deadline, must_stop)
                frame = self._receive_frame(deadline)
                if frame[0] in collected:
                    collected[frame[0]] += frame[1:]
                else:
                    break
        if frame[0] != supervisor.END:
            return _refused_run(frame)
        return _finished_run(frame[1:], *collected.values())

    def _await_news(self, deadline: float, must_stop: Callable[[], bool]) -> None:
        is_asked = False
        while time.monotonic() < deadline and not self._channel.has_news(_LOOK_S):
            if not is_asked and must_stop():
                self._ask(supervisor.STOP, b"", deadline)
                is_asked = True

    def read(self, path: str) -> bytes:
        """Read a file; see `Sandbox.read`."""
        reply = self._exchange(supervisor.READ, _encoded(path))
        if reply[0] != supervisor.OK:
            message = f"cannot read {path!r} in the sandbox: {_reason(reply)}"
            raise FileNotFoundError(message)
        return bytes(reply[1:])

    def write(self, path: str, content: bytes) -> None:
        """Write a file; see `Sandbox.write`."""
        name = _encoded(path)
        body = supervisor.LENGTH.pack(len(name)) + name + content
        reply = self._exchange(supervisor.WRITE, body)
        if reply[0] != supervisor.OK:
            message = f"cannot write {path!r} in the sandbox: {_reason(reply)}"
            raise OSError(message)

    def close(self) -> None:
        """End the connection; the supervisor ends with it."""
        self._channel.close()

    def _exchange(self, kind: int, body: bytes) -> memoryview:
        deadline = time.monotonic() + _FILE_S
        with self._lock:
            self._ask(kind, body, deadline)
            return self._receive_frame(deadline)

    def _ask(self, kind: int, body: bytes, deadline: float) -> None:
        if self._lost is not None:
            raise SandboxLostError(self._lost)
        frame = supervisor.LENGTH.pack(len(body) + 1) + bytes([kind]) + body
        self._send(frame, deadline)

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


def _refused_run(frame: memoryview) -> CommandResult:
    text = f"sandbox: the command could not be started: {_reason(frame)}\n"
    return CommandResult(exit_code=126, stdout=b"", stderr=text.encode())


def _finished_run(end: memoryview, out: bytearray, err: bytearray) -> CommandResult:
    facts = supervisor.RUN_REPLY.unpack_from(end)
    how, code, taken_s, out_omitted, err_omitted, size = facts
    tails = end[supervisor.RUN_REPLY.size :]
    _end_stream(out, out_omitted, tails[:size])
    _end_stream(err, err_omitted, tails[size:])
    if how == supervisor.STOPPED:
        err += _STOPPED
    return CommandResult(
        exit_code=_TIMEOUT_CODE if how == supervisor.LATE else code,
        stdout=bytes(out),
        stderr=bytes(err),
        timed_out=how == supervisor.LATE,
        omitted_bytes=out_omitted + err_omitted,
        duration_s=taken_s,
    )


def _end_stream(stream: bytearray, omitted: int, tail: memoryview) -> None:
    if omitted:
        stream += f"\n[{omitted} bytes left out]\n".encode()
    stream += tail


def _reason(frame: memoryview) -> str:
    return bytes(frame[1:]).decode(errors="replace")


def _encoded(path: str) -> bytes:
    return path.encode(errors="surrogateescape")
