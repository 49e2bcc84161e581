"""Channels over file descriptors of this process: a pipe pair, or a socket."""

import os
import select

from sandbox.connection import ChannelClosedError, await_event

__all__ = ["DescriptorChannel"]

_CHUNK = 1 << 20


class DescriptorChannel:
    """A two-way stream over one descriptor to read from and one to write to.

    They may be the same. They are this channel's own, and closed with it.
    """

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._is_open = True
        for descriptor in (incoming, outgoing):
            os.set_blocking(descriptor, False)

    def send(self, data: bytes, deadline: float) -> None:
        """Write all of it."""
        view = memoryview(data)
        while view:
            self._await(self._outgoing, select.POLLOUT, deadline)
            try:
                view = view[os.write(self._outgoing, view) :]
            except BlockingIOError:
                continue
            except OSError as error:
                message = error.strerror or "broken pipe"
                raise ChannelClosedError(message) from error

    def receive(self, size: int, deadline: float) -> bytes:
        """Read exactly so much."""
        found = bytearray()
        while len(found) < size:
            self._await(self._incoming, select.POLLIN, deadline)
            try:
                chunk = os.read(self._incoming, min(size - len(found), _CHUNK))
            except BlockingIOError:
                continue
            except OSError as error:
                message = error.strerror or "broken connection"
                raise ChannelClosedError(message) from error
            if not chunk:
                message = "its supervisor ended"
                raise ChannelClosedError(message)
            found += chunk
        return bytes(found)

    def has_news(self, timeout_s: float) -> bool:
        """Wait until there is something to read, or the end."""
        if not self._is_open:
            return True
        poll = select.poll()
        poll.register(self._incoming, select.POLLIN)
        return bool(poll.poll(timeout_s * 1000))

    def _await(self, descriptor: int, event: int, deadline: float) -> None:
        if not self._is_open:
            message = "it was closed"
            raise ChannelClosedError(message)
        await_event(descriptor, event, deadline)

    def close(self) -> None:
        """Let go of both descriptors; again is harmless."""
        if self._is_open:
            self._is_open = False
            for descriptor in {self._incoming, self._outgoing}:
                os.close(descriptor)
