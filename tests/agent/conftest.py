"""A small repository in a real sandbox, and short ways to script a model."""

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import pytest

from sandbox.contract import (
    COMMAND_TIMEOUT_S,
    OUTPUT_LIMIT_BYTES,
    Change,
    ChangeKind,
    CommandResult,
    SealProof,
)

FILES = {
    "README.md": "# Shop\n\nA small shop. See docs/orders.md.\n",
    "shop/__init__.py": "",
    "shop/orders.py": (
        '"""Orders."""\n\nfrom shop.prices import total\n\n\n'
        "def place_order(items):\n    return total(items)\n"
    ),
    "shop/prices.py": '"""Prices."""\n\n\ndef total(items):\n    return sum(items)\n',
    "tests/test_orders.py": (
        "from shop.orders import place_order\n\n\n"
        "def test_total():\n    assert place_order([1, 2]) == 3\n"
    ),
    "docs/orders.md": "# Orders\n\nHow to place_order.\n",
    "odd names/it's $HOME `x`.txt": "a strange needle\n",
    "-n.txt": "a dashed needle\n",
}
_IDENTITY = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, untouched by the settings of whoever runs the tests."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z",
        "GIT_COMMITTER_DATE": "2024-01-01T00:00:00Z",
    }
    command = ["git", *_IDENTITY, *arguments]
    done = subprocess.run(
        command, cwd=folder, check=True, capture_output=True, env=environment
    )
    return done.stdout.decode()


def build_repository(folder: Path, files: Mapping[str, str]) -> str:
    """Make a repository of one commit; its id."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Open the shop")
    return git(folder, "rev-parse", "HEAD").strip()


class FolderSandbox:
    """A folder that keeps the sandbox contract, without any isolation."""

    driver = "folder"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        commit = git(folder, "rev-parse", "HEAD").strip()
        self.proof = SealProof(commit, "0" * 40, 1, "0" * 64, 1)
        self.path = os.environ["PATH"]

    def run(
        self,
        command: str,
        *,
        timeout_s: float = COMMAND_TIMEOUT_S,
        output_limit_bytes: int = OUTPUT_LIMIT_BYTES,
    ) -> CommandResult:
        process = subprocess.Popen(
            ["bash", "-c", command],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={"PATH": self.path, "HOME": str(self.folder)},
        )
        timed_out = False
        try:
            stdout, stderr = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            timed_out = True
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
        omitted = max(0, len(stdout) - output_limit_bytes)
        return CommandResult(
            124 if timed_out else process.returncode,
            stdout[:output_limit_bytes],
            stderr,
            timed_out=timed_out,
            omitted_bytes=omitted,
        )

    def read(self, path: str) -> bytes:
        target = (self.folder / path).resolve()
        if not target.is_relative_to(self.folder.resolve()) or not target.is_file():
            raise FileNotFoundError(path)
        return target.read_bytes()

    def write(self, path: str, content: bytes) -> None:
        target = (self.folder / path).resolve()
        if not target.is_relative_to(self.folder.resolve()):
            msg = f"{path} leads out of the tree"
            raise OSError(msg)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def changes(self) -> tuple[Change, ...]:
        kinds = {
            "??": ChangeKind.ADDED,
            " M": ChangeKind.MODIFIED,
            " D": ChangeKind.DELETED,
        }
        lines = git(self.folder, "status", "--porcelain", "-z", "-uall").split("\0")
        found = [Change(line[3:], kinds[line[:2]]) for line in lines if line]
        return tuple(sorted(found, key=lambda change: change.path))

    def close(self) -> None:
        """Leave the folder to pytest."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


@pytest.fixture
def sandbox(tmp_path: Path) -> FolderSandbox:
    build_repository(tmp_path / "repository", FILES)
    return FolderSandbox(tmp_path / "repository")
