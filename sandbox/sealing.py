"""Seal a repository at a commit: its ancestors, and nothing later, once and for all.

Entries are kept in a cache, by content, and are never written again. Workers that ask
for the same one at the same time build it once. Each entry was proved before it got its
name; `verify_entries` proves them again.
"""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.blob_pool import BlobPool
from sandbox.checkout import SharedHistory, build_checkout
from sandbox.contract import SealProof
from sandbox.errors import SealError
from sandbox.git_program import run_git
from sandbox.identity import SANDBOX_ID, can_become
from sandbox.manifest import ManifestEntry, read_manifest, write_manifest
from sandbox.proving import SEAL_FORMAT, prove
from sandbox.source import Source

__all__ = ["SealedDirectory", "list_entries", "seal"]

_MOST_SHARED_FILES = 24  # a pack and its index each; git looks through all of them


@dataclass(frozen=True, slots=True)
class SealedDirectory:
    """An entry of the cache: a sealed checkout in a folder that nobody writes to."""

    path: Path
    proof: SealProof

    @property
    def tree(self) -> Path:
        """The checkout, `.git` included."""
        return self.path / "tree"

    def manifest(self) -> dict[bytes, ManifestEntry]:
        """What the tree holds, by path."""
        return read_manifest(self.path / "manifest")

    @classmethod
    def open(cls, path: Path) -> "SealedDirectory":
        """Open an entry, checking that its git directory is as it was proved.

        Raises:
            SealError: It is damaged.
        """
        try:
            record = json.loads((path / "proof.json").read_text())
            proof = _read_proof(record["proof"])
            is_untouched = record["witness"] == _witness(path / "tree" / ".git")
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"damaged seal {path}: remove it, and it is built again ({error})"
            raise SealError(message) from error
        if not is_untouched:
            message = f"seal {path} was changed after it was proved: remove it"
            raise SealError(message)
        return cls(path, proof)


def _read_proof(record: dict[str, Any]) -> SealProof:
    """Build a proof from its record. Any: JSON values, written by this module."""
    missing_paths = tuple(record["missing_paths"])
    return SealProof(**{**record, "missing_paths": missing_paths})


def seal(source: Path, commit: str, cache: Path) -> SealedDirectory:
    """Take a repository at one commit, with the ancestors of it and nothing else.

    Args:
        source: A working tree or a git directory; it is only read, and never run.
        commit: A commit of it; a full id is the fastest.
        cache: Folder of all sealed checkouts; made if needed.

    Raises:
        SealError: It cannot be sealed, or the seal cannot be proved.
    """
    # git is run in other folders, from which a relative path would lead elsewhere.
    cache = cache.absolute()
    opened = Source.open(source)
    base_commit = opened.resolve(commit)
    key = _key(opened, base_commit)
    found = _find(cache, key)
    if found is not None:
        return found
    with _locked(cache, key):
        return _find(cache, key) or _build(opened, base_commit, cache, key)


def _key(source: Source, base_commit: str) -> str:
    facts = f"{SEAL_FORMAT}\0{base_commit}\0{source.fingerprint()}\0{os.geteuid()}"
    return hashlib.sha256(facts.encode()).hexdigest()[:32]


def _find(cache: Path, key: str) -> SealedDirectory | None:
    try:
        name = (cache / "sources" / key).read_text()
    except FileNotFoundError:
        return None
    entry = cache / "entries" / name
    return SealedDirectory.open(entry) if entry.is_dir() else None


@contextmanager
def _locked(cache: Path, key: str) -> Iterator[None]:
    folder = cache / "locks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / key, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        message = (
            f"cannot write to the cache {cache} ({error.strerror}): "
            "name another folder by SWE_FEATURES_CACHE"
        )
        raise SealError(message) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _build(source: Source, base_commit: str, cache: Path, key: str) -> SealedDirectory:
    for name in ("building", "entries", "sources"):
        (cache / name).mkdir(exist_ok=True)
    _sweep_drafts(cache, key)
    draft = cache / "building" / f"{key}-{secrets.token_hex(6)}"
    draft.mkdir()
    try:
        pool = BlobPool(cache / f"blobs-{os.geteuid()}")
        nearest = _nearest_ancestor(source, base_commit, cache)
        entries = build_checkout(
            source, base_commit, draft / "tree", pool=pool, shared=nearest
        )
        proof = prove(draft / "tree" / ".git", base_commit)
        write_manifest(draft / "manifest", entries)
        if can_become(SANDBOX_ID):
            _hand_over(draft / "tree")
        pool.keep(draft / "tree", entries)
        witness = _witness(draft / "tree" / ".git")
        record = {
            "proof": proof.as_record(),
            "witness": witness,
            "source": source.fingerprint(),
        }
        (draft / "proof.json").write_text(json.dumps(record, indent=1) + "\n")
        name = f"{base_commit}-{proof.objects_digest[:16]}-{os.geteuid()}"
        entry = cache / "entries" / name
        if not entry.is_dir():
            draft.rename(entry)
        _point(cache / "sources" / key, name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return SealedDirectory.open(entry)


def _sweep_drafts(cache: Path, key: str) -> None:
    """Remove drafts that nobody builds any more: whoever does holds their key's lock.

    Args:
        cache: Folder of all sealed checkouts.
        key: The one whose lock is held here.
    """
    for draft in (cache / "building").iterdir():
        other = draft.name.partition("-")[0]
        with (cache / "locks" / other).open("w") as file:
            try:
                if other != key:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(draft, ignore_errors=True)


def _nearest_ancestor(
    source: Source, base_commit: str, cache: Path
) -> SharedHistory | None:
    """The longest history that is sealed already and is a part of the one wanted.

    Only of the very same source: what another one lacked, or had, must not show.
    """
    found: dict[str, tuple[int, Path]] = {}
    fingerprint = source.fingerprint()
    for path in list_entries(cache):
        try:
            record = json.loads((path / "proof.json").read_text())
        except (OSError, ValueError):
            continue
        if record.get("source") == fingerprint:
            proof = record["proof"]
            found[proof["base_commit"]] = (proof["commits"], path)
    if not found:
        return None
    with source.borrowed() as environment:
        ancestors = run_git(["rev-list", base_commit], environment).decode().split()
    for commit in sorted(found.keys() & ancestors, key=lambda name: -found[name][0]):
        packs = (found[commit][1] / "tree" / ".git" / "objects" / "pack").iterdir()
        files = tuple(sorted(packs))
        if len(files) <= _MOST_SHARED_FILES:
            return SharedHistory(commit, files)
    return None


def _hand_over(tree: Path) -> None:
    for folder, names, files in os.walk(tree):
        for name in (*names, *files):
            os.lchown(f"{folder}/{name}", SANDBOX_ID, SANDBOX_ID)
    os.lchown(tree, SANDBOX_ID, SANDBOX_ID)


def _witness(git_dir: Path) -> str:
    """Names, sizes and times of a git directory's files: cheap to compare."""
    lines = []
    for folder, _, files in os.walk(git_dir):
        for name in files:
            found = os.lstat(f"{folder}/{name}")
            place = os.path.relpath(f"{folder}/{name}", git_dir)
            lines.append(f"{place}\0{found.st_size}\0{found.st_mtime_ns}\n")
    listing = "".join(sorted(lines)).encode(errors="surrogateescape")
    return hashlib.sha256(listing).hexdigest()


def _point(path: Path, name: str) -> None:
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    draft.write_text(name)
    draft.replace(path)


def list_entries(cache: Path) -> tuple[Path, ...]:
    """Every entry of a cache, by name."""
    folder = cache / "entries"
    return tuple(sorted(folder.iterdir())) if folder.is_dir() else ()
