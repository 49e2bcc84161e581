"""Become another user on the way into a program, never between fork and exec.

`subprocess` can set a child's user itself, but then it copies the whole process with
`fork`, and the fork handlers of numerical libraries wait for their threads: with
another thread in the middle of a product, both wait for ever. Without a user it uses
`vfork`, which runs no handlers. So the child becomes somebody else by itself.
"""

import sys
from collections.abc import Sequence

__all__ = ["as_user"]

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
