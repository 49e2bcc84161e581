"""What bounds a past besides its newest commit: where a clone ends, which heads it has.

Two clones can have the same commit and know a different past of it: a shallow one ends
somewhere, and only some have the heads of pull requests. An index is of one such past.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from agent.localizer.git import run_git

__all__ = ["horizon_of", "is_shallow", "pull_heads"]

_PULL_REF = re.compile(r"^refs/pull/(\d+)/head$")
_DIGITS = 12


def horizon_of(repo: Path, *, with_heads: bool) -> str:
    """A short name of all that bounds the past, fit for a file's name.

    Args:
        repo: Where the history is.
        with_heads: Whether heads of pull requests belong to the past.
    """
    name = "heads-" + _digest(sorted(pull_heads(repo))) if with_heads else "chain"
    ends, attributes = _read(repo, "shallow", "info/attributes")
    if ends:
        name += f"-shallow-{_digest(sorted(ends.split()))}"
    # They say which files git takes for texts, and no commit has them.
    return f"{name}-attributes-{_digest([attributes])}" if attributes else name


def is_shallow(repo: Path) -> bool:
    """Whether a clone knows its newest commits only."""
    (ends,) = _read(repo, "shallow")
    return bool(ends)


def pull_heads(repo: Path) -> Mapping[str, int]:
    """Heads of pull requests (`refs/pull/<n>/head`) and their numbers."""
    listed = run_git(repo, ("for-each-ref", "--format=%(objectname) %(refname)"))
    heads: dict[str, int] = {}
    for line in listed.decode(errors="replace").splitlines():
        name, _, ref = line.partition(" ")
        match = _PULL_REF.match(ref)
        if match:
            heads[name] = int(match[1])
    return heads


def _read(repo: Path, *names: str) -> list[str]:
    """Some of git's own files beside the objects; nothing of one that is not there.

    `shallow` has the oldest commits of a shallow clone.
    """
    asked = [word for name in names for word in ("--git-path", name)]
    paths = run_git(repo, ("rev-parse", *asked)).decode().splitlines()
    files = [repo / path for path in paths]
    return [
        file.read_text("utf-8", "replace").strip() if file.is_file() else ""
        for file in files
    ]


def _digest(names: list[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:_DIGITS]
