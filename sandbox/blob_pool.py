"""Files that sealed trees share: trees of one history are nearly the same.

A file is kept once for each content and mode, and every tree links to it. No sandbox
can write to it: an overlay copies a file up before it is changed, and other drivers
copy the whole tree.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from sandbox.manifest import ManifestEntry

__all__ = ["BlobPool"]


class BlobPool:
    """A folder of files named by blob and mode."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fill(self, tree: Path, entries: Mapping[bytes, ManifestEntry]) -> set[bytes]:
        """Link what the pool has into an empty tree; says which paths that were."""
        filled: set[bytes] = set()
        if not self._folder.is_dir():
            return filled
        root = os.fsencode(tree)
        made: set[bytes] = set()
        for name, entry in entries.items():
            if entry.is_symlink:
                continue
            path = root + b"/" + name
            folder = path.rpartition(b"/")[0]
            if folder not in made:
                Path(os.fsdecode(folder)).mkdir(parents=True, exist_ok=True)
                made.add(folder)
            try:
                os.link(self._place(entry), path)
            except OSError:
                continue  # not there, or linked too often, or no links here
            filled.add(name)
        return filled

    def keep(self, tree: Path, entries: Mapping[bytes, ManifestEntry]) -> None:
        """Take the files of a finished tree that the pool does not have yet."""
        root = os.fsencode(tree)
        files = {name: entry for name, entry in entries.items() if not entry.is_symlink}
        for start in {entry.blob[:2] for entry in files.values()}:
            (self._folder / start).mkdir(parents=True, exist_ok=True)
        for name, entry in files.items():
            try:
                os.link(root + b"/" + name, self._place(entry))
            except OSError:
                continue  # it is there already, or no links are possible here

    def _place(self, entry: ManifestEntry) -> str:
        return f"{self._folder}/{entry.blob[:2]}/{entry.blob[2:]}-{entry.mode}"
