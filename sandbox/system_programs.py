"""This machine's own programs, shown read-only behind bubblewrap's walls."""

from collections.abc import Iterable
from pathlib import Path

__all__ = ["bind_system_programs"]

_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_FILES = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime")


def bind_system_programs(files: Iterable[str]) -> list[str]:
    """Words of bubblewrap's command line; no file of a user's is among them.

    Args:
        files: What is shown beside programs and libraries, where it exists.
    """
    words: list[str] = []
    for name in _FOLDERS:
        path = Path(name)
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), name]
        elif path.is_dir():
            words += ["--ro-bind", name, name]
    for name in (*_FILES, *files):
        words += ["--ro-bind-try", name, name]
    return words
