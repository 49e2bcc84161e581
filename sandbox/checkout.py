"""Build a sealed checkout in an empty folder: the objects, the tree, the git directory.

Packing and checking out run at the same time; each takes what it needs straight from
the source's own packs, whose deltas are reused.
"""

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.blob_pool import BlobPool
from sandbox.dated_index import date_index
from sandbox.errors import SealError, SourceError
from sandbox.git_program import end_git, run_git, start_git
from sandbox.manifest import ManifestEntry
from sandbox.proving import ATTRIBUTES, BRANCH, sealed_config
from sandbox.source import Source

__all__ = ["SharedHistory", "build_checkout"]

_DATE_S = 1_000_000_000  # the same for all trees, as they share files


@dataclass(frozen=True, slots=True)
class SharedHistory:
    """The packs of a sealed ancestor: a part of the history that need not be packed."""

    commit: str
    """Full id of the ancestor; the packs hold what it reaches, and nothing else."""
    files: tuple[Path, ...]
    """Packs and their indexes, on the cache's own file system."""


def build_checkout(
    source: Source,
    commit: str,
    tree: Path,
    *,
    pool: BlobPool,
    shared: SharedHistory | None = None,
) -> dict[bytes, ManifestEntry]:
    """Lay a checkout of a commit, and of its history alone, into a new folder.

    Args:
        source: The repository to take it from.
        commit: Full id of the commit.
        tree: The folder; it must not exist.
        pool: Files to link to.
        shared: Packs to link to, so that histories that overlap take room once.

    Returns:
        What the tree holds, by path.

    Raises:
        SealError: The source lacks the commit or a part of its history.
    """
    git_dir = tree / ".git"
    for name in ("info", "objects/info", "objects/pack", "refs/heads", "refs/tags"):
        (git_dir / name).mkdir(parents=True)
    with source.borrowed() as environment:
        committed_s = _commit_time(commit, environment, source)
        packing = _start_packing(commit, git_dir, environment, shared)
        try:
            entries, missing = _list_tree(commit, environment)
            tags = _ancestor_tags(commit, committed_s, environment)
            _write_git_files(git_dir, commit, tags)
            place = _read_index(tree, commit, missing, environment)
            filled = pool.fill(tree, entries)
            _write_files(entries.keys() - filled, place)
            _date_tree(tree)
            id_bytes = len(commit) // 2
            date_index(git_dir / "index", entries, _DATE_S, id_bytes=id_bytes)
            _finish_packing(packing, commit)
        finally:
            end_git(packing)
    return entries


def _commit_time(commit: str, environment: Mapping[str, str], source: Source) -> int:
    try:
        found = run_git(["cat-file", "commit", commit], environment)
    except SealError:
        message = (
            f"no commit {commit} in {source.common_dir}: "
            "fetch it, or give the id of a commit that is there"
        )
        raise SourceError(message) from None
    for line in found.split(b"\n\n", 1)[0].split(b"\n"):
        if line.startswith(b"committer "):
            return int(line.split()[-2])
    return 0


def _start_packing(
    commit: str,
    git_dir: Path,
    environment: Mapping[str, str],
    shared: SharedHistory | None,
) -> "subprocess.Popen[bytes]":
    wanted = f"{commit}\n"
    if shared is not None and _link_all(shared.files, git_dir / "objects" / "pack"):
        wanted += f"^{shared.commit}\n"
    target = git_dir / "objects" / "pack" / "pack"
    options = ["--revs", "--missing=allow-any", "--delta-base-offset", "-q"]
    packing = start_git(["pack-objects", *options, str(target)], environment)
    assert packing.stdin is not None
    packing.stdin.write(wanted.encode())
    packing.stdin.close()
    packing.stdin = None
    return packing


def _link_all(files: Iterable[Path], folder: Path) -> bool:
    """Link files into a folder: all, or none where links are not possible."""
    made = []
    try:
        for path in files:
            target = folder / path.name
            target.hardlink_to(path)
            made.append(target)
    except OSError:
        for target in made:
            target.unlink()
        return False
    return True


def _finish_packing(packing: "subprocess.Popen[bytes]", commit: str) -> None:
    _, stderr = packing.communicate()
    if packing.returncode != 0:
        lines = stderr.decode(errors="replace").strip().splitlines()
        raise _incomplete(commit, lines[-1] if lines else "no message")


def _incomplete(commit: str, reason: str) -> SourceError:
    return SourceError(
        f"the history of {commit[:12]} is not all there ({reason}): "
        "fetch the rest (a shallow clone needs git fetch --unshallow)"
    )


def _list_tree(
    commit: str, environment: Mapping[str, str]
) -> tuple[dict[bytes, ManifestEntry], list[bytes]]:
    listing = run_git(["ls-tree", "-r", "-z", "--full-tree", commit], environment)
    found: list[tuple[str, str, bytes]] = []
    for line in listing.split(b"\0")[:-1]:
        facts, _, name = line.partition(b"\t")
        mode, kind, blob = facts.decode().split(" ")
        if kind == "blob":  # a submodule is an empty folder, and fetches nothing
            found.append((mode, blob, name))
    asked = "".join(f"{blob}\n" for _, blob, _ in found).encode()
    sizes = run_git(
        ["cat-file", "--batch-check=%(objectsize)"], environment, stdin=asked
    )
    entries: dict[bytes, ManifestEntry] = {}
    missing: list[bytes] = []
    for (mode, blob, name), size in zip(
        found, sizes.decode().splitlines(), strict=True
    ):
        if size.isdigit():
            entries[name] = ManifestEntry(mode, blob, int(size))
        else:
            missing.append(name)
    return entries, missing


def _ancestor_tags(
    commit: str, committed_s: int, environment: Mapping[str, str]
) -> dict[str, str]:
    """Tags of ancestors, as plain refs.

    A tag object is no ancestor of anything, and may have been written later than the
    base commit; of those that were, not even the name is kept.
    """
    fields = "%(refname)%00%(objectname)%00%(*objectname)%00%(taggerdate:unix)"
    listed = run_git(["for-each-ref", f"--format={fields}", "refs/tags"], environment)
    if not listed:
        return {}
    # Git's own --merged takes five times as long for a few hundred tags.
    try:
        ancestors = set(run_git(["rev-list", commit], environment).decode().split())
    except SealError as error:
        raise _incomplete(commit, str(error)) from None
    tags = {}
    for line in listed.decode(errors="surrogateescape").splitlines():
        name, target, peeled, tagged_s = line.split("\0")
        is_late = bool(tagged_s) and int(tagged_s) > committed_s
        if (peeled or target) in ancestors and not is_late:
            tags[name] = peeled or target
    return tags


def _write_git_files(git_dir: Path, commit: str, tags: Mapping[str, str]) -> None:
    ids = "sha256" if len(commit) > 40 else "sha1"  # noqa: PLR2004 - hex digits
    (git_dir / "HEAD").write_text(f"ref: refs/heads/{BRANCH}\n")
    (git_dir / "config").write_text(sealed_config(ids))
    (git_dir / "info" / "attributes").write_text(ATTRIBUTES)
    (git_dir / "refs" / "heads" / BRANCH).write_text(f"{commit}\n")
    lines = "".join(f"{target} {name}\n" for name, target in sorted(tags.items()))
    (git_dir / "packed-refs").write_text(lines, errors="surrogateescape")


def _read_index(
    tree: Path, commit: str, missing: list[bytes], environment: Mapping[str, str]
) -> dict[str, str]:
    """Write the index; git refuses here any path that could lead out of the tree."""
    private = Path(environment["GIT_DIR"])
    (private / "info").mkdir(exist_ok=True)
    (private / "info" / "attributes").write_text(ATTRIBUTES)
    place = {
        **environment,
        "GIT_WORK_TREE": str(tree),
        "GIT_INDEX_FILE": str(tree / ".git" / "index"),
    }
    run_git(["read-tree", commit], place)
    if missing:
        names = b"".join(name + b"\0" for name in missing)
        run_git(
            ["update-index", "-z", "--skip-worktree", "--stdin"], place, stdin=names
        )
    return place


def _write_files(names: Iterable[bytes], place: Mapping[str, str]) -> None:
    listing = b"".join(name + b"\0" for name in sorted(names))
    run_git(["checkout-index", "-q", "-z", "--stdin"], place, stdin=listing)


def _date_tree(tree: Path) -> None:
    """Date everything alike and long ago, so that no later edit can look untouched.

    The sealed repository compares whole seconds and sizes only, as a copied or
    overlaid tree keeps nothing else.
    """
    for folder, names, files in os.walk(tree):
        if folder == str(tree):
            names.remove(".git")
        for name in (*files, *names):
            path = f"{folder}/{name}"
            os.utime(path, (_DATE_S, _DATE_S), follow_symlinks=False)
    os.utime(tree, (_DATE_S, _DATE_S))
