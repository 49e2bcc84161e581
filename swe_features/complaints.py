"""What went wrong, as the terminal shows it: one line, with nothing that acts there."""

import errno
import sys

from agent.plain_text import strip_escapes

__all__ = ["complain", "describe_refusal"]

_ADVICE = {
    errno.ENOSPC: "free some space, and run it again: what was finished is kept",
    errno.EDQUOT: "free some space, and run it again: what was finished is kept",
    errno.EACCES: "let this user in, or name another place",
    errno.EPERM: "let this user in, or name another place",
    errno.EROFS: "name another place",
    errno.EMFILE: "raise the limit of open files (ulimit -n), or take fewer workers",
}


def complain(message: str) -> None:
    """Print an error to stderr.

    Args:
        message: Whatever it quotes: line ends become spaces, terminal escapes go.
    """
    sys.stderr.write(f"error: {' '.join(strip_escapes(message).split())}\n")


def describe_refusal(error: OSError, what: str | None = None) -> str:
    """Say what the system refused, and what to do about it.

    Args:
        error: As it was raised.
        what: What it was about; None takes the file that the error names, if any.
    """
    what = what or (str(error.filename) if error.filename is not None else None)
    parts = [
        f"cannot use {what}" if what else None,
        error.strerror or str(error) or type(error).__name__,
        _ADVICE.get(error.errno or 0),
    ]
    return ": ".join(part for part in parts if part)
