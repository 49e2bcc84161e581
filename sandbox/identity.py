"""Become another user on the way into a program, never between fork and exec.

`subprocess` can set a child's user itself, but then it copies the whole process with
`fork`, and the fork handlers of numerical libraries wait for their threads: with
another thread in the middle of a product, both wait for ever. Without a user it uses
`vfork`, which runs no handlers. So the child becomes somebody else by itself.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["SANDBOX_ID", "as_user", "can_become"]

SANDBOX_ID = 61_000
"""Number of the user and the group that root's sandboxes run as."""

_BECOME = (
    "import os,sys;"
    "u=int(sys.argv[1]);"
    "os.setgroups([]);os.setgid(u);os.setuid(u);"
    "os.execv(sys.argv[2],sys.argv[2:])"
)


def as_user(arguments: Sequence[str], user: int | None) -> list[str]:
    """The command line that runs another one as a user and group of one number.

    Args:
        arguments: The command line; its program is an absolute path.
        user: The number; None changes nothing.
    """
    if user is None:
        return list(arguments)
    python = [sys.executable, "-I", "-S", "-E", "-c", _BECOME]
    return [*python, str(user), *arguments]


def can_become(user: int) -> bool:
    """Whether this process may become a user and group of this number, as root may.

    Root of a user namespace may not where the namespace does not know the number.
    """
    if os.geteuid() != 0:
        return False
    maps = [Path(f"/proc/self/{kind}_map") for kind in ("uid", "gid")]
    return all(_has_number(path, user) for path in maps)


def _has_number(path: Path, number: int) -> bool:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return True  # a kernel without namespaces
    ranges = [tuple(map(int, line.split())) for line in lines]
    return any(first <= number < first + count for first, _, count in ranges)
