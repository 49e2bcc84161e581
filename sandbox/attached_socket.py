"""A supervisor inside a container, reached through the daemon's attached stream."""

import select
import socket
import struct

from sandbox.connection import ChannelClosedError, await_event

__all__ = ["AttachedChannel"]

_CHUNK = 1 << 20
_HEADER = struct.Struct("!B3xI")


class AttachedChannel:
    """Standard input and output of a container's first process.

    The daemon puts a header before each piece of output: which stream, how long.
    """

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._stream.setblocking(False)  # noqa: FBT003 - the library's own signature
        self._raw = bytearray()
        self._content = bytearray()
        self._is_open = True

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._stream.fileno()

    def send(self, data: bytes, deadline: float) -> None:
        """Write all of it to the container."""
        view = memoryview(data)
        while view:
            self._await(select.POLLOUT, deadline)
            try:
                view = view[self._stream.send(view) :]
            except BlockingIOError:
                continue
            except OSError as error:
                message = error.strerror or "broken connection"
                raise ChannelClosedError(message) from error

    def receive(self, size: int, deadline: float) -> bytes:
        """Read exactly so much from the container."""
        while len(self._content) < size:
            self._await(select.POLLIN, deadline)
            self._take()
        found = bytes(self._content[:size])
        del self._content[:size]
        return found

    def has_news(self, timeout_s: float) -> bool:
        """Wait until the container has written something, or is gone."""
        if self._content:
            return True
        poll = select.poll()
        poll.register(self._stream, select.POLLIN)
        return bool(poll.poll(timeout_s * 1000))

    def _take(self) -> None:
        try:
            chunk = self._stream.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            message = error.strerror or "broken connection"
            raise ChannelClosedError(message) from error
        if not chunk:
            message = "its container ended, or the daemon went away"
            raise ChannelClosedError(message)
        self._raw += chunk
        start = 0
        while len(self._raw) - start >= _HEADER.size:
            _, size = _HEADER.unpack_from(self._raw, start)
            end = start + _HEADER.size + size
            if len(self._raw) < end:
                break
            self._content += memoryview(self._raw)[start + _HEADER.size : end]
            start = end
        del self._raw[:start]

    def _await(self, event: int, deadline: float) -> None:
        if not self._is_open:
            message = "it was closed"
            raise ChannelClosedError(message)
        await_event(self._stream, event, deadline)

    def close(self) -> None:
        """Let go of the stream; the supervisor ends when its input does."""
        if self._is_open:
            self._is_open = False
            self._stream.close()
