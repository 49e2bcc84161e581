"""Read a git repository without touching it.

Bare or not, without a `config` file, owned by somebody else, shallow, or lacking blobs:
whatever can be read is read. Nothing is written, downloaded or executed, and neither
configuration, hooks, replace refs nor grafts of the repository change an answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Self

from tasks.diffs import (
    RawChange,
    attach_patches,
    pair_exact_renames,
    read_raw,
    to_changed_files,
)
from tasks.errors import RepositoryError
from tasks.git_program import run_git
from tasks.pull_requests import ChangedFile
from tasks.times import read_clock

__all__ = ["DIFF_OPTIONS", "RENAMES", "Repository"]

# A rename is a pair at least half alike, looked for among at most 1,000 files: the
# defaults of git, said aloud so that no configuration changes the gold files.
DIFF_OPTIONS = (
    "diff-tree",
    "-r",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--full-index",
    "--ignore-submodules=none",
    "--submodule=short",
    "-O/dev/null",
    "-l1000",
)
RENAMES = "-M50%"
_PATCH = (
    "-p",
    "--unified=3",
    "--inter-hunk-context=0",
    "--diff-algorithm=myers",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
_EXCLUDED_BYTES_LIMIT = 500_000
"""Bytes of pathspecs that one command line is given; systems allow about 2 MB."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What to tell of a file besides its status."""

    patches: bool
    counts: bool


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository, for reading only."""

    path: Path
    """Where the user said it is."""
    git_dir: Path = field(repr=False)

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open the repository at `path`: a work tree's root, or a bare repository.

        Raises:
            RepositoryError: There is none.
        """
        place = Path(path).expanduser().absolute()
        git_dir = _find_git_dir(place)
        answer = run_git(git_dir, ["rev-parse", "--git-dir"])
        if answer.returncode:
            reason = _last_line(answer.stderr)
            msg = f"cannot read the git repository at {place}: {reason}"
            raise RepositoryError(msg)
        return cls(path=place, git_dir=git_dir)

    def resolve(self, revision: str) -> str:
        """Full id of the commit that `revision` names: an id, a branch, a tag, a ref.

        Raises:
            RepositoryError: No commit of the repository has that name.
        """
        found = self.find_commit(revision)
        if found is None:
            hint = "deepen the shallow clone" if self.is_shallow() else "fetch it first"
            msg = f"no commit {revision!r} in {self.path}: {hint}"
            raise RepositoryError(msg)
        return found

    def find_commit(self, revision: str) -> str | None:
        """As `resolve`, with None where there is no such commit."""
        if not revision or "\n" in revision or "\0" in revision:
            return None
        answer = run_git(
            self.git_dir,
            [
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                f"{revision}^{{commit}}",
            ],
        )
        return answer.stdout.decode().strip() if answer.returncode == 0 else None

    def find_commits(self, commits: Iterable[str]) -> frozenset[str]:
        """Those full ids among `commits` that are commits of the repository."""
        answer = run_git(
            self.git_dir,
            ["cat-file", "--batch-check=%(objectname) %(objecttype)", "--buffer"],
            stdin="".join(f"{commit}\n" for commit in commits).encode(),
        )
        lines = answer.stdout.decode().splitlines()
        return frozenset(x.split(" ")[0] for x in lines if x.endswith(" commit"))

    def has_commit(self, commit: str) -> bool:
        """Whether the repository holds this commit."""
        return self.find_commit(commit) is not None

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether `ancestor` is `descendant` or in its history.

        Raises:
            RepositoryError: One of them is no commit of the repository.
        """
        return _is_ancestor(self.git_dir, ancestor, descendant)

    def merge_base(self, one: str, other: str) -> str | None:
        """Best common ancestor of two commits; None where they have none."""
        answer = run_git(self.git_dir, ["merge-base", one, other])
        return answer.stdout.decode().strip() or None

    def commit_time(self, commit: str) -> int:
        """When the commit was made: its committer's clock, in seconds since 1970, UTC.

        Raises:
            RepositoryError: There is no such commit.
        """
        return _commit_time(self.git_dir, commit)

    def damage_of(self, revision: str) -> str | None:
        """Why git cannot read what a branch or tag names; None where it names nothing.

        An id names nothing by itself.
        """
        named = run_git(
            self.git_dir,
            ["rev-parse", "--verify", "--quiet", "--end-of-options", revision],
        )
        target = named.stdout.decode().strip()
        if named.returncode or target == revision:
            return None
        answer = run_git(self.git_dir, ["cat-file", "-p", target])
        # The first complaint is the cause: those behind it are what followed from it.
        complaints = answer.stderr.decode(errors="replace").splitlines()
        return complaints[0] if answer.returncode and complaints else None

    def is_partial(self) -> bool:
        """Whether a remote holds back objects until they are asked for."""
        pattern = r"^(remote\..*\.promisor|extensions\.partialclone)$"
        return not run_git(self.git_dir, ["config", "--get-regexp", pattern]).returncode

    def is_shallow(self) -> bool:
        """Whether the history was cut off when it was cloned."""
        # git itself knows whose history a linked work tree has.
        answer = run_git(self.git_dir, ["rev-parse", "--is-shallow-repository"])
        return answer.stdout.strip() == b"true"

    def file_paths(self, commit: str) -> frozenset[str]:
        """Every file and symbolic link in the tree of `commit`; submodules left out.

        Raises:
            RepositoryError: The tree cannot be read.
        """
        answer = run_git(self.git_dir, ["ls-tree", "-r", "-z", commit])
        if answer.returncode:
            reason = _last_line(answer.stderr)
            msg = f"cannot list {commit} of {self.path}: {reason}"
            raise RepositoryError(msg)
        entries = (line.split(b"\t", 1) for line in answer.stdout.split(b"\0") if line)
        return frozenset(
            path.decode("utf-8", "surrogateescape")
            for meta, path in entries
            if b" blob " in meta
        )

    def changed_files(
        self,
        base: str,
        head: str,
        *,
        patches: bool,
        counts: bool = True,
        lacks_contents: bool = False,
    ) -> tuple[ChangedFile, ...]:
        """Files that differ between the trees of two commits, sorted by name.

        Where the repository lacks a file's content (a partial clone), its status is
        still right, but line counts and patch are None and a rename with edits shows
        as a removal and an addition. Without `counts`, lines are not counted, which
        takes most of the time; with `lacks_contents`, where that is known, no time is
        lost on trying.

        Raises:
            RepositoryError: One of the trees cannot be read.
        """
        wanted = _Wanted(patches=patches, counts=counts)
        found = None if lacks_contents else self._diff(base, head, wanted)
        if found is None:
            found = self._diff_without_missing(base, head, wanted)
        return tuple(sorted(found, key=lambda file: file.filename))

    def _diff(
        self, base: str, head: str, wanted: _Wanted, excluded: Sequence[str] = ()
    ) -> list[ChangedFile] | None:
        """All of it; None where some content is missing."""
        paths = [f":(top,exclude,literal){path}" for path in excluded]
        trees = [base, head, "--", *(paths and [":(top)", *paths])]
        forms = ["--raw", "-z", *(["--numstat"] if wanted.counts else [])]
        raw = run_git(self.git_dir, [*DIFF_OPTIONS, RENAMES, *forms, *trees])
        if raw.returncode:
            return None
        difference = read_raw(raw.stdout)
        entries = difference.entries
        files = to_changed_files(entries, difference.counts)
        if not wanted.patches or not files:
            return files
        patch = run_git(self.git_dir, [*DIFF_OPTIONS, RENAMES, *_PATCH, *trees])
        return (
            None if patch.returncode else attach_patches(files, entries, patch.stdout)
        )

    def _diff_without_missing(
        self, base: str, head: str, wanted: _Wanted
    ) -> list[ChangedFile]:
        raw = run_git(
            self.git_dir,
            [*DIFF_OPTIONS, "--no-renames", "--raw", "-z", base, head, "--"],
        )
        if raw.returncode:
            reason = _last_line(raw.stderr)
            msg = f"cannot compare {base} with {head}: {reason}"
            raise RepositoryError(msg)
        entries = read_raw(raw.stdout).entries
        missing = self._missing(i for entry in entries for i in entry.blob_ids)
        lost = [e for e in entries if not missing.isdisjoint(e.blob_ids)]
        return self._join(base, head, entries, lost, wanted)

    def _join(
        self,
        base: str,
        head: str,
        entries: list[RawChange],
        lost: list[RawChange],
        wanted: _Wanted,
    ) -> list[ChangedFile]:
        """What git can still compare, and what only the trees tell about the rest."""
        excluded = [entry.path for entry in lost]
        argument_bytes = sum(len(path) + 30 for path in excluded)
        if len(lost) == len(entries) or argument_bytes > _EXCLUDED_BYTES_LIMIT:
            return to_changed_files(pair_exact_renames(entries))
        whole = self._diff(base, head, wanted, excluded)
        if whole is None:
            return to_changed_files(pair_exact_renames(entries))
        return whole + to_changed_files(pair_exact_renames(lost))

    def _missing(self, ids: Iterable[str]) -> frozenset[str]:
        answer = run_git(
            self.git_dir,
            ["cat-file", "--batch-check", "--buffer"],
            stdin="".join(f"{i}\n" for i in set(ids)).encode(),
        )
        lines = answer.stdout.decode().splitlines()
        return frozenset(x.split(" ")[0] for x in lines if x.endswith(" missing"))


def _find_git_dir(place: Path) -> Path:
    inside = place / ".git"
    if inside.is_dir():
        return inside
    if inside.is_file():
        target = inside.read_text(errors="surrogateescape").removeprefix("gitdir:")
        return (place / target.strip()).resolve()
    if (place / "objects").is_dir() and (place / "HEAD").is_file():
        return place
    if not place.exists():
        msg = f"{place} does not exist: name a git repository"
        raise RepositoryError(msg)
    above = next((p for p in place.parents if (p / ".git").exists()), None)
    hint = f"its root is {above}" if above else "name a clone, or clone it first"
    msg = f"{place} is not the root of a git repository: {hint}"
    raise RepositoryError(msg)


@lru_cache(maxsize=65536)
def _is_ancestor(git_dir: Path, ancestor: str, descendant: str) -> bool:
    answer = run_git(git_dir, ["merge-base", "--is-ancestor", ancestor, descendant])
    if answer.returncode not in {0, 1}:
        reason = _last_line(answer.stderr)
        msg = f"cannot tell whether {ancestor} came before {descendant}: {reason}"
        raise RepositoryError(msg)
    return answer.returncode == 0


@lru_cache(maxsize=65536)
def _commit_time(git_dir: Path, commit: str) -> int:
    answer = run_git(
        git_dir, ["log", "-1", "--no-show-signature", "--format=%ct", commit, "--"]
    )
    if answer.returncode:
        reason = _last_line(answer.stderr)
        msg = f"cannot read commit {commit}: {reason}"
        raise RepositoryError(msg)
    return read_clock(answer.stdout)


def _last_line(stderr: bytes) -> str:
    text = stderr.decode(errors="replace").strip()
    return text.splitlines()[-1] if text else "git gave no reason"
