"""The git program, run so that no configuration but ours has a say.

Nothing of the user's, the machine's or the source repository's configuration is read,
no replacement objects are followed, and no transport is allowed, so nothing can be
fetched and no hook or filter can run.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.errors import SealError

__all__ = ["end_git", "finish_git", "git_environment", "run_git", "start_git"]

_CONFIG = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.attributesFile": "/dev/null",
    "core.excludesFile": "/dev/null",
    "core.commitGraph": "false",
    "core.quotePath": "true",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "safe.directory": "*",
    "protocol.allow": "never",
    "pack.threads": "0",
    "checkout.workers": "0",
}


def git_environment(
    git_dir: Path, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Environment for git on one directory, with nothing of the host's but PATH."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "HOME": "/nonexistent",
        "GIT_DIR": str(git_dir),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_CONFIG_COUNT": str(len(_CONFIG)),
    }
    for number, (key, value) in enumerate(_CONFIG.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return {**environment, **(extra or {})}


def start_git(
    arguments: Sequence[str], environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    """Start git with all three streams piped.

    Raises:
        SealError: There is no git program.
    """
    try:
        return subprocess.Popen(
            ["git", *arguments],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,  # Ctrl-C in a terminal strikes the whole group
        )
    except FileNotFoundError:
        message = "no git program on PATH: install git, version 2.31 or later"
        raise SealError(message) from None


def run_git(
    arguments: Sequence[str], environment: Mapping[str, str], *, stdin: bytes = b""
) -> bytes:
    """Run git to its end and return what it printed.

    Raises:
        SealError: It failed; the message carries git's own last line.
    """
    return finish_git(start_git(arguments, environment), arguments, stdin=stdin)


def finish_git(
    process: "subprocess.Popen[bytes]", arguments: Sequence[str], *, stdin: bytes = b""
) -> bytes:
    """Wait for a started git, and return what it printed.

    Raises:
        SealError: It failed; the message carries git's own last line.
    """
    try:
        stdout, stderr = process.communicate(stdin)
    except BaseException:
        end_git(process)
        raise
    if process.returncode != 0:
        lines = stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        command = " ".join(arguments[:2])
        message = f"git {command} failed ({process.returncode}): {lines[-1]}"
        raise SealError(message)
    return stdout


def end_git(process: "subprocess.Popen[bytes]") -> None:
    """Leave nothing of a started git behind; again is harmless."""
    if process.poll() is None:
        process.kill()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    process.wait()
