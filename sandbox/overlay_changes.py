"""Find what changed from what an overlay's upper folder holds.

Only what was written is there, so nothing else has to be looked at, and the container
may be gone: the folder is the host's own.
"""

import os
import stat
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from pathlib import Path

from sandbox.changes import compare_file, open_folder
from sandbox.contract import Change, ChangeKind
from sandbox.manifest import ManifestEntry

__all__ = ["compare_upper"]


def compare_upper(
    upper: Path, manifest: Mapping[bytes, ManifestEntry]
) -> tuple[Change, ...]:
    """Every path that differs from the manifest, sorted.

    Args:
        upper: The upper folder of an overlay over the sealed tree.
        manifest: What the sealed tree holds.
    """
    comparison = _Comparison(manifest)
    comparison.visit(os.fsencode(upper), b"")
    return comparison.changes()


class _Comparison:
    def __init__(self, manifest: Mapping[bytes, ManifestEntry]) -> None:
        self._manifest = manifest
        self._names = sorted(manifest)
        self._seen: set[bytes] = set()
        self._hidden: set[bytes] = set()
        self._found: list[Change] = []

    def visit(self, root: bytes, start: bytes) -> None:
        """Look at everything in a folder and below."""
        waiting = [start]
        while waiting:
            place = waiting.pop()
            try:
                folder = open_folder(root, place)
            except OSError:
                continue
            try:
                if place and _is_opaque(folder):
                    self._hidden.update(self._below(place))
                for entry in os.scandir(folder):
                    name = os.fsencode(entry.name)
                    if name != b".git":
                        path = place + b"/" + name if place else name
                        if self._visit_entry(path, folder, name):
                            waiting.append(path)
            finally:
                os.close(folder)

    def _visit_entry(self, path: bytes, folder: int, name: bytes) -> bool:
        """Note one entry; True where it is a folder to look into."""
        found = os.lstat(name, dir_fd=folder)
        if stat.S_ISDIR(found.st_mode):
            if path in self._manifest:
                self._hidden.add(path)
            return True
        self._hidden.update(self._below(path))
        if stat.S_ISCHR(found.st_mode) and found.st_rdev == 0:
            if path in self._manifest:
                self._hidden.add(path)
            return False
        self._seen.add(path)
        change = compare_file(path, folder, name, self._manifest.get(path))
        if change is not None:
            self._found.append(change)
        return False

    def _below(self, path: bytes) -> Iterator[bytes]:
        prefix = path + b"/"
        at = bisect_left(self._names, prefix)
        while at < len(self._names) and self._names[at].startswith(prefix):
            yield self._names[at]
            at += 1

    def changes(self) -> tuple[Change, ...]:
        for name in self._hidden - self._seen:
            path = name.decode(errors="surrogateescape")
            self._found.append(Change(path, ChangeKind.DELETED))
        return tuple(sorted(self._found, key=lambda change: os.fsencode(change.path)))


def _is_opaque(folder: int) -> bool:
    # The mount was asked for one or the other kind of mark; an agent can set the other.
    kind = "trusted" if os.geteuid() == 0 else "user"
    try:
        return os.getxattr(folder, f"{kind}.overlay.opaque") == b"y"
    except OSError:
        return False
