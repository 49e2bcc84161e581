"""What can break about a sandbox.

A command that exits non-zero, or runs out of time, is a result and no error.

SandboxError
├── SealError               a checkout could not be sealed, or its seal not be proved
│   └── SourceError         no such repository or commit, or not all of its history
├── DriverUnavailableError  the driver asked for is unknown, or cannot work here
└── SandboxLostError        a sandbox that was running no longer answers
"""

__all__ = [
    "DriverUnavailableError",
    "SandboxError",
    "SandboxLostError",
    "SealError",
    "SourceError",
]


class SandboxError(Exception):
    """Base of every error of `sandbox`.

    Its text is one line that says what was wrong and what to do.
    """


class SealError(SandboxError):
    """The repository or the commit cannot be sealed, or the seal does not hold.

    Nothing may run on it.
    """


class SourceError(SealError):
    """What was named is no repository, no commit of one, or lacks some of its past."""


class DriverUnavailableError(SandboxError):
    """There is no such driver; Docker or bubblewrap is missing, does not answer.

    Or refuses what a sandbox needs.
    """


class SandboxLostError(SandboxError):
    """The daemon, the container or the supervisor went away in the middle.

    A new sandbox may work.
    """
