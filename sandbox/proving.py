"""Prove that a repository holds the ancestors of one commit and nothing else.

The object store is enumerated, all of it, and compared with what the base commit
reaches; dates decide nothing. Every file of the git directory has to be one that the
seal knows, with the content it would write, so there is no place left for a remote, a
reflog, an alternate, a graft, a replacement, a hook or an included configuration.
"""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from sandbox.contract import SealProof
from sandbox.errors import SealError
from sandbox.git_program import end_git, finish_git, git_environment, run_git, start_git

__all__ = [
    "ATTRIBUTES",
    "BRANCH",
    "SEAL_FORMAT",
    "prove",
    "sealed_config",
]

SEAL_FORMAT = 1
BRANCH = "main"

# Content reaches the tree as the blob has it: no line ends, filters or keywords.
ATTRIBUTES = "* -text -eol -ident -filter -working-tree-encoding\n"

_SEALED_CONFIG = """\
[core]
\trepositoryformatversion = {version}
\tfilemode = true
\tbare = false
\tlogallrefupdates = false
\tcheckStat = minimal
\ttrustctime = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[user]
\tname = Developer
\temail = developer@localhost
[advice]
\tdetachedHead = false
"""
_SHA256_CONFIG = "[extensions]\n\tobjectformat = sha256\n"
_ENUMERATE = ("rev-list", "--objects", "--missing=print")
_INDEX_MAGIC = b"\xfftOc"
_FAN_OUT_BYTES = 4 * 256
_KNOWN_FILES = {
    "HEAD",
    "config",
    "index",
    "info/attributes",
    "packed-refs",
    f"refs/heads/{BRANCH}",
}
_KNOWN_FOLDERS = {
    "info",
    "objects",
    "objects/info",
    "objects/pack",
    "refs",
    "refs/heads",
    "refs/tags",
}


def sealed_config(ids: str) -> str:
    """The whole configuration of a sealed repository whose ids are of this format."""
    if ids == "sha256":
        return _SEALED_CONFIG.format(version=1) + _SHA256_CONFIG
    return _SEALED_CONFIG.format(version=0)


@dataclass(frozen=True, slots=True)
class _Reached:
    commits: set[str]
    present: set[str]
    missing: set[str]


def prove(git_dir: Path, base_commit: str) -> SealProof:
    """Enumerate a sealed repository and say what was found.

    Args:
        git_dir: The `.git` folder of the sealed checkout.
        base_commit: Full id of the commit it was sealed at.

    Raises:
        SealError: Something is in it that should not be, or is not that should.
    """
    environment = git_environment(git_dir)
    listing = start_git([*_ENUMERATE, base_commit], environment)
    try:
        tree = run_git(["rev-parse", f"{base_commit}^{{tree}}"], environment)
        _prove_layout(git_dir, base_commit)
        stored = _stored_ids(git_dir, len(base_commit) // 2)
        reached = _reached_ids(finish_git(listing, _ENUMERATE))
    finally:
        end_git(listing)
    _prove_tags(git_dir, reached.commits)
    if stored != reached.present:
        extra, lacking = stored - reached.present, reached.present - stored
        message = (
            f"seal of {base_commit[:12]} does not hold: {len(extra)} objects that it "
            f"does not reach, {len(lacking)} that it lacks: remove the entry"
        )
        raise SealError(message)
    if reached.missing:
        _prove_only_blobs_missing(base_commit, environment)
    names = "".join(f"{name}\n" for name in sorted(stored))
    return SealProof(
        base_commit=base_commit,
        tree=tree.decode().strip(),
        objects=len(stored),
        objects_digest=hashlib.sha256(names.encode()).hexdigest(),
        commits=len(reached.commits),
        missing_paths=_missing_paths(base_commit, reached.missing, environment),
        missing_objects=len(reached.missing),
        format=SEAL_FORMAT,
    )


def _prove_layout(git_dir: Path, base_commit: str) -> None:
    for path in git_dir.rglob("*"):
        name = path.relative_to(git_dir).as_posix()
        is_known = (
            name in _KNOWN_FOLDERS
            if path.is_dir() and not path.is_symlink()
            else name in _KNOWN_FILES
            or (path.parent.name == "pack" and path.suffix in {".pack", ".idx"})
        )
        if not is_known or path.is_symlink():
            message = f"seal of {base_commit[:12]} does not hold: {path} is not ours"
            raise SealError(message)
    ids = "sha256" if len(base_commit) > 40 else "sha1"  # noqa: PLR2004 - hex digits
    expected = {
        "HEAD": f"ref: refs/heads/{BRANCH}\n",
        "config": sealed_config(ids),
        f"refs/heads/{BRANCH}": f"{base_commit}\n",
        "info/attributes": ATTRIBUTES,
    }
    for name, content in expected.items():
        if (git_dir / name).read_text() != content:
            message = f"seal of {base_commit[:12]} does not hold: {name} was changed"
            raise SealError(message)


def _prove_tags(git_dir: Path, commits: set[str]) -> None:
    for line in (git_dir / "packed-refs").read_text(errors="replace").splitlines():
        target, _, name = line.partition(" ")
        if target not in commits or not name.startswith("refs/tags/"):
            message = f"seal does not hold: {name} is no tag of an ancestor"
            raise SealError(message)


def _stored_ids(git_dir: Path, id_bytes: int) -> set[str]:
    ids: set[str] = set()
    for path in (git_dir / "objects" / "pack").glob("*.idx"):
        content = path.read_bytes()
        magic, version = struct.unpack_from("!4sI", content)
        if magic != _INDEX_MAGIC or version != 2:  # noqa: PLR2004 - git's number
            message = f"unknown pack index {path}: seal again with a newer git"
            raise SealError(message)
        (count,) = struct.unpack_from("!I", content, 8 + _FAN_OUT_BYTES - 4)
        start = 8 + _FAN_OUT_BYTES
        names = content[start : start + count * id_bytes].hex()
        width = id_bytes * 2
        ids.update(names[at : at + width] for at in range(0, len(names), width))
    return ids


def _reached_ids(listing: bytes) -> _Reached:
    """Sort what git listed: commits stand alone, other objects have a path behind."""
    commits, present, missing = set(), set(), set()
    for line in listing.decode(errors="replace").splitlines():
        name, space, _ = line.partition(" ")
        if name.startswith("?"):
            missing.add(name[1:])
        else:
            present.add(name)
            if not space:
                commits.add(name)
    return _Reached(commits - missing, present - missing, missing)


def _prove_only_blobs_missing(base_commit: str, environment: dict[str, str]) -> None:
    listed = run_git([*_ENUMERATE, "--filter=blob:none", base_commit], environment)
    trees = [line for line in listed.splitlines() if line.startswith(b"?")]
    if trees:
        message = (
            f"{len(trees)} folders of the history of {base_commit[:12]} are missing "
            "from the source: fetch them, or give a complete clone"
        )
        raise SealError(message)


def _missing_paths(
    base_commit: str, missing: set[str], environment: dict[str, str]
) -> tuple[str, ...]:
    if not missing:
        return ()
    listing = run_git(["ls-tree", "-r", "-z", "--full-tree", base_commit], environment)
    paths = []
    for line in listing.split(b"\0")[:-1]:
        facts, _, name = line.partition(b"\t")
        if facts.split(b" ")[2].decode() in missing:
            paths.append(name.decode(errors="surrogateescape"))
    return tuple(sorted(paths))
