"""Get hold of a repository that is named by a path or by a URL."""

import hashlib
import os
import re
import subprocess
from pathlib import Path

from tasks.errors import RepositoryError

__all__ = ["is_url", "obtain"]

# `ext::` and other remote helpers run commands, so only plain transports are a URL.
_URL = re.compile(r"(https?|ssh|git|file)://.+|[\w.-]+@[\w.-]+:.+")
_REFS = (
    "+refs/heads/*:refs/heads/*",
    "+refs/tags/*:refs/tags/*",
    "+refs/pull/*/head:refs/pull/*/head",
    "+refs/merge-requests/*/head:refs/merge-requests/*/head",
)


def is_url(path_or_url: str) -> bool:
    """Whether the text names a repository elsewhere, not a path of this machine."""
    return _URL.fullmatch(path_or_url) is not None


def obtain(path_or_url: str | Path, cache: Path) -> Path:
    """Path of the repository; one that is named by a URL is cloned below `cache` first.

    The clone is bare and holds branches, tags and the heads of pull and merge requests.
    A clone that is there already is used as it is: delete it to get a newer one.

    Raises:
        RepositoryError: The clone failed.
    """
    text = str(path_or_url)
    if not is_url(text):
        return Path(path_or_url)
    name = re.sub(r"[^\w.-]+", "-", text.rsplit("://", maxsplit=1)[-1]).strip("-")[-80:]
    target = cache / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}.git"
    if target.exists():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    partial = cache / f".{target.name}.{os.getpid()}"
    _run(text, ["init", "--quiet", "--bare", str(partial)])
    _run(text, ["-C", str(partial), "fetch", "--quiet", "--no-tags", text, *_REFS])
    _point_head(text, partial)
    try:
        partial.rename(target)
    except OSError:
        if not target.exists():  # otherwise another process was first, which is as good
            raise
    return target


def _point_head(url: str, clone: Path) -> None:
    """Make the clone's HEAD the branch that is the remote's."""
    answer = _run(url, ["ls-remote", "--symref", url, "HEAD"])
    match = re.match(r"ref: (refs/heads/\S+)\tHEAD", answer)
    if match:
        _run(url, ["-C", str(clone), "symbolic-ref", "HEAD", match[1]])


def _run(url: str, arguments: list[str]) -> str:
    environment = os.environ | {"GIT_TERMINAL_PROMPT": "0"}
    try:
        answer = subprocess.run(
            ["git", "-c", "core.hooksPath=/dev/null", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        message = "the git program is not installed: install git and repeat"
        raise RepositoryError(message) from error
    if answer.returncode:
        lines = answer.stderr.strip().splitlines() or ["no message"]
        shown = re.sub(r"//[^/@\s]+@", "//", url)
        message = f"cannot clone {shown}: {lines[-1]}; check the address, or clone it"
        raise RepositoryError(message)
    return answer.stdout
