"""Small git repositories, made for one test."""

import os
import re
import subprocess
from pathlib import Path


class History:
    """A git repository that a test writes; every commit is one day after the last."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True)
        self.path = path
        self.day = 1
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, stdin: bytes = b"", day: int | None = None) -> str:
        moment = f"2024-01-{day or self.day:02d}T12:00:00+00:00"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "A. Author",
            "GIT_AUTHOR_EMAIL": "author@example.org",
            "GIT_AUTHOR_DATE": moment,
            "GIT_COMMITTER_NAME": "C. Committer",
            "GIT_COMMITTER_EMAIL": "committer@example.org",
            "GIT_COMMITTER_DATE": moment,
            "GIT_ALLOW_PROTOCOL": "file",
        }
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.path,
            env=environment,
            input=stdin,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, name: str, content: str | bytes) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(data)

    def commit(self, message: str = "change", *, day: int | None = None) -> str:
        """Commit everything; the id of the commit."""
        self.day = day or self.day + 1
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-F", "-", stdin=message.encode())
        return self.git("rev-parse", "HEAD")

    def add(self, files: dict[str, str], message: str = "change") -> str:
        """Write files and commit them."""
        for name, content in files.items():
            self.write(name, content)
        return self.commit(message)

    def redate(self, commit: str, seconds: int | str) -> str:
        """The same commit with another committer's clock, which git itself refuses."""
        text = re.sub(
            r"(?m)^(committer .*> )\d+",
            rf"\g<1>{seconds}",
            self.git("cat-file", "commit", commit),
        )
        options = ("-t", "commit", "-w", "--literally", "--stdin")
        return self.git("hash-object", *options, stdin=f"{text}\n".encode())

    def forget(self, blob: str) -> None:
        """Lose one loose object, as a partial clone has never had it."""
        (self.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
