"""Small repositories with a past, written by one `git fast-import` each."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

START = 1_600_000_000
DAY = 86_400


@dataclass
class Past:
    """Commits to be; each one is a day after the one before."""

    folder: Path
    script: list[bytes] = field(default_factory=list)
    marks: int = 0

    def commit(
        self,
        message: str,
        files: Mapping[str, str | bytes | None],
        *,
        ref: str = "refs/heads/main",
        parents: tuple[int, ...] | None = None,
        day: int | None = None,
    ) -> int:
        """Add a commit; a file without content is deleted. Returns its mark."""
        self.marks += 1
        when = START + DAY * (self.marks if day is None else day)
        text = message.encode()
        lines = [
            f"commit {ref}\nmark :{self.marks}\n"
            f"committer A <a@b.c> {when} +0000\ndata {len(text)}\n".encode()
            + text
        ]
        before = (self.marks - 1,) if self.marks > 1 else ()
        chain = before if parents is None else parents
        for position, parent in enumerate(chain):
            lines.append(f"{'merge' if position else 'from'} :{parent}".encode())
        for path, content in files.items():
            if content is None:
                lines.append(f"D {path}".encode())
                continue
            data = content.encode() if isinstance(content, str) else content
            head = f"M 100644 inline {path}\ndata {len(data)}\n".encode()
            lines.append(head + data)
        self.script.append(b"\n".join(lines) + b"\n")
        return self.marks

    def write(self) -> Path:
        """Make the repository, or bring it up to date."""
        git(self.folder.parent, "init", "-q", "-b", "main", str(self.folder))
        subprocess.run(
            ["git", "fast-import", "--quiet", "--force"],
            cwd=self.folder,
            input=b"".join(self.script),
            check=True,
        )
        return self.folder


def git(folder: Path, *arguments: str) -> str:
    """What a git command prints."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True
    )
    return done.stdout.decode(errors="replace").strip()


def merge_a_branch(past: Past, *, since: int) -> None:
    """Two commits on a branch, and their merge into the chain, which ended there."""
    files: tuple[dict[str, str | bytes | None], ...] = (
        {"shop/cache.py": "# quux the cache\n"},
        {"shop/client.py": "# quux the client\n"},
    )
    past.commit("Quux one", files[0], ref="refs/heads/side", parents=(since,))
    last = past.commit("Quux two", files[1], ref="refs/heads/side")
    past.commit(
        "Merge pull request #90 from someone/side\n\nQuux everything",
        {**files[0], **files[1]},
        parents=(since, last),
    )


_PARTS = ("loader", "printer", "router", "cache", "parser", "client")


def shop(folder: Path, rounds: int = 8) -> Past:
    """A project whose parts each change with their test, and all with a changelog."""
    past = Past(folder)
    files: dict[str, str | bytes | None] = {
        "README.md": "# Shop\n\nA shop.\n",
        "CHANGELOG.md": "# Changes\n",
        "pyproject.toml": '[project]\nname = "shop"\n',
        "logo.png": b"\x89PNG\x00\x01",
    }
    for part in _PARTS:
        files[f"shop/{part}.py"] = (
            f"class {part.title()}:\n    def run(self):\n        pass\n"
        )
        files[f"tests/test_{part}.py"] = f"from shop.{part} import {part.title()}\n"
    past.commit("Begin", files)
    for number in range(rounds * len(_PARTS)):
        part = _PARTS[number % len(_PARTS)]
        other = _PARTS[(number + 1) % len(_PARTS)]
        source = f"class {part.title()}:\n    def run(self):\n        return {number}\n"
        test = f"from shop.{part} import {part.title()}\n\nassert {number}\n"
        past.commit(
            f"Add option {number} to the {part} (#{number + 10})\n\nFor the {other}.",
            {
                f"shop/{part}.py": source + f"\n\ndef {part}_option_{number}(): ...\n",
                f"tests/test_{part}.py": test,
                "CHANGELOG.md": f"# Changes\n\n- option {number}\n",
            },
        )
    return past
