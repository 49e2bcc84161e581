"""Prove the entries of a seal cache once more, as if none had a proof yet."""

from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.changes import compare_tree
from sandbox.contract import SealProof
from sandbox.errors import SealError
from sandbox.git_program import git_environment, run_git
from sandbox.proving import prove
from sandbox.sealing import SealedDirectory, list_entries

__all__ = ["Verdict", "verify_entries", "verify_entry"]

_TREE_CHANGES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What proving one entry again came to."""

    entry: Path
    proof: SealProof | None
    """The stored proof, where it held."""
    complaint: str | None
    """Why it does not hold; None where it does."""


def verify_entries(cache: Path, *, reads_all: bool = False) -> tuple[Verdict, ...]:
    """Verify every entry of a cache; see `verify_entry`."""
    return tuple(
        verify_entry(path, reads_all=reads_all) for path in list_entries(cache)
    )


def verify_entry(path: Path, *, reads_all: bool = False) -> Verdict:
    """Enumerate an entry again, and compare that and its tree with what is stored.

    Args:
        path: The entry.
        reads_all: Also read every object and check it against its own id.
    """
    try:
        entry = SealedDirectory.open(path)
        proof = prove(entry.tree / ".git", entry.proof.base_commit)
        if proof != entry.proof:
            return _refused(entry, "it differs from its proof")
        changes = compare_tree(entry.tree, entry.manifest())
        if changes:
            shown = ", ".join(change.path for change in changes[:_TREE_CHANGES_SHOWN])
            return _refused(entry, f"{len(changes)} files of its tree differ: {shown}")
        if reads_all:
            _read_all(entry)
    except SealError as error:
        return Verdict(path, None, str(error))
    return Verdict(path, replace(proof), None)


def _refused(entry: SealedDirectory, why: str) -> Verdict:
    message = f"seal {entry.path} does not hold: {why}: remove it"
    return Verdict(entry.path, None, message)


def _read_all(entry: SealedDirectory) -> None:
    """Check every object; what is missing is known, and no fault here."""
    environment = git_environment(entry.tree / ".git")
    for pack in sorted((entry.tree / ".git" / "objects" / "pack").glob("*.idx")):
        run_git(["verify-pack", str(pack)], environment)
