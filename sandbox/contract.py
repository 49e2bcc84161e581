"""What every sandbox keeps, whatever it is made of, and the values that cross it."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol, Self

__all__ = [
    "Change",
    "ChangeKind",
    "CommandResult",
    "Driver",
    "Sandbox",
    "SealProof",
    "SealedCheckout",
]

COMMAND_TIMEOUT_S = 60.0
OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SealProof:
    """What was checked of a sealed checkout; kept with every result from it."""

    base_commit: str
    """Full id of the only branch's tip."""
    tree: str
    """Id of the base commit's tree."""
    objects: int
    """Objects in the store, all of them reachable from the base commit."""
    objects_digest: str
    """SHA-256 over the sorted ids of those objects."""
    commits: int
    missing_paths: tuple[str, ...] = ()
    """Paths of the base tree whose blobs the source lacks; absent from the checkout."""
    missing_objects: int = 0
    """Blobs, of the base tree or of older ones, that the source lacks."""
    format: int = 1
    """Version of the seal's layout and of this record."""

    def as_record(self) -> dict[str, Any]:
        """The proof as JSON values."""
        return {**asdict(self), "missing_paths": list(self.missing_paths)}


class SealedCheckout(Protocol):
    """A repository with the ancestors of one commit and nothing else."""

    @property
    def proof(self) -> SealProof:
        """What was proved when it was opened."""
        ...


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What one command did."""

    exit_code: int
    """0 to 255; 128 plus the signal's number where a signal ended it.

    124 where time ran out.
    """
    stdout: bytes
    stderr: bytes
    timed_out: bool = False
    omitted_bytes: int = 0
    """Bytes cut from the middle of the two streams, beyond the output limit.

    A line in the stream, `[N bytes left out]`, stands where they were.
    """
    duration_s: float = 0.0


class ChangeKind(StrEnum):
    """What happened to a path since the sandbox was opened."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Change:
    """One path that differs from the base commit's tree.

    A rename is a deletion and an addition.
    """

    path: str
    """POSIX path from the repository root.

    Bytes that are not UTF-8 as surrogate escapes.
    """
    kind: ChangeKind
    mode_only: bool = False
    """Whether only the executable bit differs."""


class Sandbox(Protocol):
    """A disposable checkout of one repository at one commit, and a shell in it."""

    @property
    def driver(self) -> str:
        """`docker`, `bubblewrap` or `subprocess`."""
        ...

    @property
    def proof(self) -> SealProof:
        """The proof of the sealed checkout it was opened from."""
        ...

    def run(
        self,
        command: str,
        *,
        timeout_s: float = COMMAND_TIMEOUT_S,
        output_limit_bytes: int = OUTPUT_LIMIT_BYTES,
    ) -> CommandResult:
        """Run a command with a fresh `bash -c` in the repository root.

        When time runs out its whole process group is killed, and the sandbox
        stays usable.

        Raises:
            SandboxLostError: The sandbox no longer answers.
        """
        ...

    def read(self, path: str) -> bytes:
        """Read a file of the tree.

        Raises:
            FileNotFoundError: There is no such regular file inside the tree.
        """
        ...

    def write(self, path: str, content: bytes) -> None:
        """Create or replace a file of the tree, folders included.

        Raises:
            OSError: The path leads out of the tree, or cannot be written.
        """
        ...

    def changes(self) -> tuple[Change, ...]:
        """Every path that differs from the base commit, sorted; `.git` left out.

        Found by comparing the files themselves with the seal's own list, so
        nothing done to `.git` matters.
        """
        ...

    def close(self) -> None:
        """Remove the sandbox and all it wrote; again is harmless."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...


class Driver(Protocol):
    """A way to make sandboxes on this machine. Thread-safe: workers share one."""

    @property
    def name(self) -> str:
        """`docker`, `bubblewrap` or `subprocess`."""
        ...

    @property
    def isolation(self) -> str:
        """One sentence: what it isolates and what not, for tables and results."""
        ...

    def open(self, sealed: SealedCheckout) -> Sandbox:
        """Make a fresh sandbox of a sealed checkout.

        Raises:
            SandboxError: It could not be made.
        """
        ...

    def close(self) -> None:
        """Remove everything that this driver still holds."""
        ...
