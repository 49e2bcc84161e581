"""A repository to seal from: where its objects and refs lie, and nothing else of it.

The source's own configuration, hooks, grafts and replacements are never read. All work
happens through a private git directory that only borrows the source's objects, so the
source may be bare or not, a linked worktree, owned by somebody else, read-only, partial
or without any `config` file.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SealError, SourceError
from sandbox.git_program import git_environment, run_git
from sandbox.workspace import Workspace

__all__ = ["Source", "object_format", "private_config"]

_FULL_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHA256_SETTING = re.compile(rb"^\s*objectformat\s*=\s*sha256\s*$", re.I | re.M)
_ALTERNATES_DEPTH = 5  # git itself follows no deeper


@dataclass(frozen=True, slots=True)
class Source:
    """The parts of a git repository that sealing reads."""

    git_dir: Path
    """Holds HEAD; of a linked worktree its own directory."""
    common_dir: Path
    """Holds objects and refs."""
    object_dirs: tuple[Path, ...]
    """Its object store and the alternates of it."""

    @classmethod
    def open(cls, path: Path) -> "Source":
        """Find the repository at a path: a working tree's root or a git directory.

        Raises:
            SourceError: There is no git repository.
        """
        git_dir = _find_git_dir(path.expanduser().resolve())
        common_dir = git_dir
        if (git_dir / "commondir").is_file():
            relative = (git_dir / "commondir").read_text().strip()
            common_dir = (git_dir / relative).resolve()
        objects = common_dir / "objects"
        if not objects.is_dir():
            message = f"not a git repository: {path}: give its root or its .git folder"
            raise SourceError(message)
        return cls(git_dir, common_dir, tuple(_with_alternates(objects)))

    def fingerprint(self) -> str:
        """Changes whenever objects may have come or gone."""
        digest = hashlib.sha256()
        for directory in self.object_dirs:
            digest.update(bytes(directory) + b"\0")
            packs = directory / "pack"
            names = sorted(p.name for p in packs.iterdir()) if packs.is_dir() else []
            digest.update("\0".join(names).encode(errors="surrogateescape") + b"\0")
            for number in range(256):
                try:
                    changed = (directory / f"{number:02x}").stat().st_mtime_ns
                except OSError:
                    continue
                digest.update(f"{number} {changed}\0".encode())
        return digest.hexdigest()

    @contextmanager
    def borrowed(self) -> Iterator[dict[str, str]]:
        """A git environment that sees the source's objects and refs, and only those."""
        # Its name tells whose it is, so that `clean` finds it after a kill.
        workspace = Workspace("source")
        try:
            workspace.path.chmod(0o700)
            self._lend(workspace.path)
            yield git_environment(workspace.path)
        finally:
            workspace.remove()

    def _lend(self, private: Path) -> None:
        """Make a git directory that has objects and refs of the source, and no more."""
        (private / "objects" / "info").mkdir(parents=True)
        (private / "objects" / "pack").mkdir()
        alternates = "".join(f"{_quoted(path)}\n" for path in self.object_dirs)
        (private / "objects" / "info" / "alternates").write_text(alternates)
        (private / "config").write_text(private_config(object_format(self)))
        head = self.git_dir / "HEAD"
        content = head.read_bytes() if head.is_file() else b"ref: refs/heads/main\n"
        (private / "HEAD").write_bytes(content)
        if (self.common_dir / "packed-refs").is_file():
            (private / "packed-refs").symlink_to(self.common_dir / "packed-refs")
        if (self.common_dir / "refs").is_dir():
            (private / "refs").symlink_to(self.common_dir / "refs")
        else:
            (private / "refs").mkdir()

    def resolve(self, revision: str) -> str:
        """Full id of the commit that a revision names.

        Raises:
            SourceError: It names no commit of this repository.
        """
        if _FULL_ID.fullmatch(revision):
            return revision
        arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options"]
        with self.borrowed() as environment:
            try:
                found = run_git([*arguments, f"{revision}^{{commit}}"], environment)
            except SealError:
                message = (
                    f"no commit {revision!r} in {self.common_dir}: "
                    "fetch it, or give the full id of a commit that is there"
                )
                raise SourceError(message) from None
        return found.decode().strip()


def _find_git_dir(path: Path) -> Path:
    dot_git = path / ".git"
    if dot_git.is_dir():
        return dot_git
    if dot_git.is_file():
        content = dot_git.read_text(errors="surrogateescape").strip()
        if content.startswith("gitdir:"):
            return (path / content.removeprefix("gitdir:").strip()).resolve()
    return path


def _with_alternates(objects: Path, depth: int = 0) -> Iterator[Path]:
    yield objects
    listing = objects / "info" / "alternates"
    if depth >= _ALTERNATES_DEPTH or not listing.is_file():
        return
    for line in listing.read_text(errors="surrogateescape").splitlines():
        if not line or line.startswith("#"):
            continue
        other = (objects / line).resolve()
        if other.is_dir():
            yield from _with_alternates(other, depth + 1)


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if escaped != str(path) or "\n" in escaped else escaped


def object_format(source: Source) -> str:
    """`sha1` or `sha256`; the one setting of the source that decides what an id is."""
    config = source.common_dir / "config"
    found = config.is_file() and _SHA256_SETTING.search(config.read_bytes())
    return "sha256" if found else "sha1"


def private_config(ids: str) -> str:
    """The least configuration that makes a directory a repository of these ids."""
    if ids == "sha256":
        return (
            "[core]\n\trepositoryformatversion = 1\n\tbare = true\n"
            "[extensions]\n\tobjectformat = sha256\n"
        )
    return "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
