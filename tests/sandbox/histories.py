"""Small repositories with a past and a future, made with git as tests need them."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class History:
    """A repository whose base commit has a past, a future and a side branch."""

    path: Path
    base: str
    past: str
    future: str
    side: str

    def git(self, *arguments: str) -> str:
        return git(self.path, *arguments)


def git(
    folder: Path, *arguments: str, stdin: bytes = b"", seconds: int = 1_700_000_000
) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.invalid",
        "GIT_COMMITTER_NAME": "C",
        "GIT_COMMITTER_EMAIL": "c@example.invalid",
        "GIT_AUTHOR_DATE": f"{seconds} +0000",
        "GIT_COMMITTER_DATE": f"{seconds} +0000",
    }
    finished = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments],
        cwd=folder,
        env=environment,
        input=stdin,
        capture_output=True,
        check=True,
    )
    return finished.stdout.decode(errors="surrogateescape").strip()


def commit_all(folder: Path, message: str) -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def build_history(path: Path) -> History:
    """Past, base, a side branch and a future, with tags on all of them."""
    path.mkdir(parents=True)
    git(path, "init", "-q", "-b", "trunk")
    (path / "README.md").write_text("# Sample\n")
    (path / "pkg").mkdir()
    (path / "pkg" / "core.py").write_text("def core():\n    return 1\n")
    past = commit_all(path, "begin")
    git(path, "tag", "v1")
    (path / "pkg" / "tool.sh").write_text("#!/bin/sh\necho tool\n")
    (path / "pkg" / "tool.sh").chmod(0o755)
    (path / "link").symlink_to("pkg/core.py")
    (path / "data.bin").write_bytes(bytes(range(256)))
    base = commit_all(path, "the base")
    git(path, "tag", "-a", "v2", "-m", "second")
    git(path, "checkout", "-q", "-b", "side", past)
    (path / "side.py").write_text("side = 'side-secret'\n")
    side = commit_all(path, "on the side")
    git(path, "tag", "side-tag")
    git(path, "checkout", "-q", "trunk")
    (path / "pkg" / "core.py").write_text("def core():\n    return 'future-secret'\n")
    future = commit_all(path, "the future")
    git(path, "tag", "v3")
    git(path, "update-ref", "refs/pull/7/head", future)
    return History(path, base, past, future, side)
