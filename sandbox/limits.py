"""How much of the machine one sandbox may take."""

from dataclasses import dataclass

__all__ = ["SandboxLimits"]

_GB = 1024**3
_MB = 1024**2


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """Safety stops of one sandbox; a driver that cannot hold one says so."""

    memory_bytes: int = 2 * _GB
    """Of a container, all its processes together; of bubblewrap, each process."""
    processes: int = 256
    cpus: int = 2
    disk_bytes: int = 2 * _GB
    """What it may write: a command that wrote more is stopped within about a second.

    At half as much again nothing runs in it any more.
    """
    file_bytes: int = _GB
    """Largest file that it may write."""
    temporary_bytes: int = 512 * _MB
    """What a container's `/tmp` may hold; it counts as memory."""
