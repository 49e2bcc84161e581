"""Find what changed in a tree by comparing its files with the seal's own list.

The host does this by itself, from outside: nothing an agent did to `.git`, to times or
to modes matters, as contents are compared. No symbolic link is ever followed.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from sandbox.contract import Change, ChangeKind
from sandbox.manifest import ManifestEntry

__all__ = ["compare_file", "compare_tree", "open_folder"]

_CHUNK = 1 << 20


def compare_tree(
    root: Path, manifest: Mapping[bytes, ManifestEntry]
) -> tuple[Change, ...]:
    """Every path of a plain tree that differs from the manifest, sorted."""
    changes = []
    seen = set()
    for name, descriptor, base in _walk(os.fsencode(root)):
        seen.add(name)
        change = compare_file(name, descriptor, base, manifest.get(name))
        if change is not None:
            changes.append(change)
    for name in manifest.keys() - seen:
        changes.append(Change(_text(name), ChangeKind.DELETED))
    return tuple(sorted(changes, key=lambda change: os.fsencode(change.path)))


def _walk(root: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Files and links below a folder: path, descriptor of the folder, last name."""
    waiting = [b""]
    while waiting:
        place = waiting.pop()
        try:
            descriptor = open_folder(root, place)
        except OSError:
            continue
        try:
            for entry in os.scandir(descriptor):
                name = os.fsencode(entry.name)
                if name == b".git":
                    continue
                path = place + b"/" + name if place else name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                else:
                    yield path, descriptor, name
        finally:
            os.close(descriptor)


def open_folder(root: bytes, place: bytes) -> int:
    """Open a folder without following any link, readable by us if we may make it so."""
    descriptor = _open_anyway(root, None, os.O_DIRECTORY)
    for part in place.split(b"/") if place else []:
        try:
            inner = _open_anyway(part, descriptor, os.O_DIRECTORY)
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


def _open_anyway(name: bytes, folder: int | None, kind: int) -> int:
    """Open for reading what is ours, even where its mode forbids that just now."""
    flags = kind | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(name, os.O_RDONLY | flags, dir_fd=folder)
    except PermissionError:
        handle = os.open(name, os.O_PATH | flags, dir_fd=folder)
        # The handle's own path means this very file, whatever the name means by now.
        path = Path(f"/proc/self/fd/{handle}")
        try:
            mode = stat.S_IMODE(os.fstat(handle).st_mode)
            path.chmod(mode | stat.S_IRWXU)
            try:
                return os.open(path, os.O_RDONLY | kind | os.O_CLOEXEC)
            finally:
                if not kind:  # what lies in a folder is reached by its mode again
                    path.chmod(mode)
        finally:
            os.close(handle)


def compare_file(
    path: bytes, folder: int, name: bytes, expected: ManifestEntry | None
) -> Change | None:
    """Compare one file or link, named in an open folder, with what the seal has."""
    if expected is None:
        return Change(_text(path), ChangeKind.ADDED)
    try:
        found = os.lstat(name, dir_fd=folder)
    except OSError:
        return Change(_text(path), ChangeKind.DELETED)
    if _kind(found.st_mode) != expected.is_symlink or found.st_size != expected.size:
        return Change(_text(path), ChangeKind.MODIFIED)
    if _blob_id(folder, name, found, expected) != expected.blob:
        return Change(_text(path), ChangeKind.MODIFIED)
    is_executable = bool(found.st_mode & stat.S_IXUSR)
    if not expected.is_symlink and is_executable != expected.is_executable:
        return Change(_text(path), ChangeKind.MODIFIED, mode_only=True)
    return None


def _kind(mode: int) -> bool | None:
    """True for a symbolic link, False for a regular file, None for what git has not."""
    if stat.S_ISLNK(mode):
        return True
    return False if stat.S_ISREG(mode) else None


def _blob_id(
    folder: int, name: bytes, found: os.stat_result, expected: ManifestEntry
) -> str | None:
    algorithm = "sha1" if len(expected.blob) == 40 else "sha256"  # noqa: PLR2004
    digest = hashlib.new(algorithm, usedforsecurity=False)
    digest.update(b"blob %d\0" % found.st_size)
    try:
        if expected.is_symlink:
            digest.update(os.readlink(name, dir_fd=folder))
            return digest.hexdigest()
        descriptor = _open_anyway(name, folder, 0)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _text(path: bytes) -> str:
    return path.decode(errors="surrogateescape")
