"""A socket where one supervisor, and nobody else, meets the host.

The daemon passes everything that goes through an attached stream on three times. A
socket in a folder that the container sees spares that: the supervisor connects to it
before anything else runs, and then the host stops listening. Nothing ever listens
inside. Where a container cannot reach a socket of the host, as in a virtual machine,
the attached stream is used.
"""

import os
import select
import socket
from pathlib import Path

from sandbox.streams import DescriptorChannel

__all__ = ["MEETING_PLACE", "MeetingPoint"]

MEETING_PLACE = "/run/meet"
"""The folder inside the container."""

_NAME = "host"


class MeetingPoint:
    """A folder with a listening socket, for one connection."""

    def __init__(self, folder: Path) -> None:
        """Make the folder, and listen in it.

        Raises:
            OSError: No socket can be made there.
        """
        folder.mkdir(mode=0o755)
        self.folder = folder
        self.name = _NAME
        self._path = folder / _NAME
        self._listener = socket.socket(socket.AF_UNIX)
        handle = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        try:
            # The address of a socket has a hundred bytes, and a path may have more.
            self._listener.bind(f"/proc/self/fd/{handle}/{_NAME}")
            self._path.chmod(0o777)
            self._listener.listen(1)
        except OSError:
            self._listener.close()
            raise
        finally:
            os.close(handle)

    def meet(self, attached: int, timeout_s: float) -> DescriptorChannel | None:
        """Wait for the supervisor; None where it speaks through the attached stream.

        Args:
            attached: Descriptor of the attached stream.
            timeout_s: How long to wait for either.
        """
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        poll.register(attached, select.POLLIN)
        ready = [descriptor for descriptor, _ in poll.poll(timeout_s * 1000)]
        if self._listener.fileno() not in ready:
            return None
        stream, _ = self._listener.accept()
        descriptor = stream.detach()
        return DescriptorChannel(descriptor, descriptor)

    def close(self) -> None:
        """Stop listening, for good."""
        self._listener.close()
        self._path.unlink(missing_ok=True)
