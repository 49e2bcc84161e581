"""What a sealed tree holds: every path, its mode, its blob's id and its size.

Written once beside the tree, out of reach of any sandbox, and read by the host to find
what changed. Paths are bytes here, as git has them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ManifestEntry", "read_manifest", "write_manifest"]


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One file or symbolic link of the base commit's tree."""

    mode: str
    """`100644`, `100755` or `120000`."""
    blob: str
    """Full id of its content."""
    size: int
    """Length of its content in bytes."""

    @property
    def is_symlink(self) -> bool:
        """Whether it is a symbolic link; its content is then where it points."""
        return self.mode == "120000"

    @property
    def is_executable(self) -> bool:
        """Whether its owner may execute it."""
        return self.mode == "100755"


def write_manifest(path: Path, entries: Mapping[bytes, ManifestEntry]) -> None:
    """Store a manifest; the order of paths is that of their bytes."""
    path.write_bytes(b"".join(_lines(sorted(entries.items()))))


def _lines(entries: Iterable[tuple[bytes, ManifestEntry]]) -> Iterable[bytes]:
    for name, entry in entries:
        yield f"{entry.mode} {entry.blob} {entry.size}\t".encode() + name + b"\0"


def read_manifest(path: Path) -> dict[bytes, ManifestEntry]:
    """Load what `write_manifest` stored."""
    entries: dict[bytes, ManifestEntry] = {}
    for line in path.read_bytes().split(b"\0")[:-1]:
        facts, _, name = line.partition(b"\t")
        mode, blob, size = facts.decode().split(" ")
        entries[name] = ManifestEntry(mode, blob, int(size))
    return entries
