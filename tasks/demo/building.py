"""Rebuild the demo's repository from the text that ships with the package.

Ids of git commits are hashes of everything below them, so a repository whose refs
have the recorded ids holds exactly the history that was written.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tasks.errors import RepositoryError

__all__ = ["REPOSITORY_NAME", "Demo", "build_demo"]

REPOSITORY_NAME = "swe-features-demo/larder"
"""What the rows of the demo call its repository."""

_SOURCE = Path(__file__).parent
_DIGEST_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo on disk, ready to be run."""

    suite: Path
    """Rows, in the published dataset's columns."""
    repository: Path
    """A bare git repository with `refs/heads/main` and `refs/pull/*/head`."""


def build_demo(destination: Path) -> Demo:
    """Build the demo below `destination`, or reuse the one that is there.

    The folder's name holds a digest of the demo's text, so an older demo stays
    untouched beside it. It appears whole or not at all, also when two processes build
    at the same time.

    Raises:
        RepositoryError: git is missing or refuses, the folder cannot be written, or
            what is there, or was built, does not have the recorded ids.
    """
    home = destination.absolute() / f"demo-{_digest()}"
    demo = Demo(suite=home / "larder.jsonl", repository=home / "larder.git")
    if not home.exists():
        try:
            _build(home)
        except OSError as error:
            reason = error.strerror or str(error)
            msg = f"cannot build the demo in {destination}: {reason}"
            raise RepositoryError(msg) from error
    _check(demo)
    return demo


def _digest() -> str:
    content = sha256()
    for name in ("larder.fast-export", "larder.refs", "larder.jsonl"):
        content.update((_SOURCE / name).read_bytes())
    return content.hexdigest()[:_DIGEST_CHARACTERS]


def _build(home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".demo-", dir=home.parent) as name:
        fresh = Path(name) / "fresh"
        repository = fresh / "larder.git"
        repository.mkdir(parents=True)
        _git(repository, "init", "--quiet", "--bare", "--template=")
        _git(repository, "symbolic-ref", "HEAD", "refs/heads/main")
        stream = (_SOURCE / "larder.fast-export").read_bytes()
        _git(repository, "fast-import", "--quiet", stdin=stream)
        shutil.copyfile(_SOURCE / "larder.jsonl", fresh / "larder.jsonl")
        try:
            fresh.rename(home)
        except OSError:
            if not home.is_dir():
                raise
            # Somebody else was faster; theirs is checked like ours.


def _check(demo: Demo) -> None:
    if not demo.repository.is_dir():
        msg = f"{demo.repository} is missing: remove {demo.repository.parent}"
        raise RepositoryError(msg)
    form = "--format=%(objectname) %(refname)"
    found = _git(demo.repository, "for-each-ref", form)
    recorded = (_SOURCE / "larder.refs").read_text(encoding="ascii")
    rows = demo.suite.read_bytes() if demo.suite.is_file() else b""
    same_rows = rows == (_SOURCE / "larder.jsonl").read_bytes()
    if found.strip() != recorded.strip() or not same_rows:
        msg = f"{demo.repository.parent} is not the demo as shipped: remove the folder"
        raise RepositoryError(msg)
    _git(demo.repository, "rev-list", "--quiet", "--objects", "--all")


def _git(repository: Path, *arguments: str, stdin: bytes = b"") -> str:
    """Run git on our own repository, deaf to the settings of whoever runs us."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_")
    }
    environment |= {
        "GIT_DIR": str(repository),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C",
    }
    command = ["git", "-c", "safe.directory=*", *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=repository,
            env=environment,
            input=stdin,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        msg = "the git program is not installed: install git and repeat"
        raise RepositoryError(msg) from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else f"exit code {done.returncode}"
        msg = f"git {arguments[0]} failed in {repository}: {reason}"
        raise RepositoryError(msg)
    return done.stdout.decode()
