"""Make git's index agree with a tree whose files were all dated alike.

Git would read every file again to find that out. The sealed repository compares sizes
and whole seconds only, so those two numbers of each entry are all that has to be set.
"""

import hashlib
import struct
from collections.abc import Mapping
from pathlib import Path

from sandbox.errors import SealError
from sandbox.manifest import ManifestEntry

__all__ = ["date_index"]

# Version 2 and 3 of the format in git's own technical documentation.
_HEADER = struct.Struct("!4sII")
_TIMES = struct.Struct("!IIII")
_SIZE_AT = 36
_STAT_BYTES = 40
_FLAGS = struct.Struct("!H")
_EXTENDED = 0x4000
_KNOWN_VERSIONS = {2, 3}


def date_index(
    path: Path, entries: Mapping[bytes, ManifestEntry], seconds: int, *, id_bytes: int
) -> None:
    """Set the time and the size of every entry of an index that is in the tree.

    Args:
        path: The index file.
        entries: What the tree holds.
        seconds: When all of it was last modified.
        id_bytes: Length of an object id: 20, or 32 with SHA-256.

    Raises:
        SealError: The index is of a version that we do not know.
    """
    content = bytearray(path.read_bytes())
    magic, version, count = _HEADER.unpack_from(content)
    if magic != b"DIRC" or version not in _KNOWN_VERSIONS:
        message = f"git wrote an index of version {version}: versions 2 and 3 are known"
        raise SealError(message)
    at = _HEADER.size
    for _ in range(count):
        (flags,) = _FLAGS.unpack_from(content, at + _STAT_BYTES + id_bytes)
        start = at + _STAT_BYTES + id_bytes + (4 if flags & _EXTENDED else 2)
        end = content.index(b"\0", start)
        entry = entries.get(bytes(content[start:end]))
        if entry is not None:
            _TIMES.pack_into(content, at, seconds, 0, seconds, 0)
            struct.pack_into("!I", content, at + _SIZE_AT, entry.size & 0xFFFFFFFF)
        at += (end - at) // 8 * 8 + 8
    algorithm = hashlib.sha1 if id_bytes == 20 else hashlib.sha256  # noqa: PLR2004
    body = bytes(content[:-id_bytes])
    path.write_bytes(body + algorithm(body, usedforsecurity=False).digest())
