"""Baselines from history alone: no agent, no model, not a word of the query is read.

Both read the history that the sealed checkout holds, so they know what an agent could
find out with `git log`, and nothing later.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sandbox.contract import Sandbox
from sandbox.errors import SandboxLostError

__all__ = ["History", "rank_by_co_change", "rank_by_popularity", "read_history"]

COMMITS = 5000
"""How far back, in commits; older ones say little of today's files."""

LARGEST_COMMIT = 50
"""Files; a commit that touches more renames or reformats, and relates nothing."""

READ_TIMEOUT_S = 300.0
LIMIT_BYTES = 256 * 1024 * 1024

COMMIT = "/"
"""Stands for a commit in the log; no name in a tree begins or ends with it."""
LOG = (
    "git log -z --no-merges --no-renames --name-only "
    f"--max-count={COMMITS} --format=tformat:{COMMIT}"
)
FILES = "git ls-files -z"


@dataclass(frozen=True, slots=True)
class History:
    """Which files changed together, up to a base commit."""

    files: frozenset[str]
    """Files of the base commit."""
    commits: tuple[frozenset[str], ...]
    """Files of each commit that are still there; the latest first."""


def read_history(sandbox: Sandbox) -> History:
    """Read the history of a fresh sandbox.

    Raises:
        SandboxLostError: It could not be read.
    """
    files = frozenset(_read(sandbox, FILES).split("\0")) - {""}
    commits = []
    for block in _read(sandbox, LOG).split(f"{COMMIT}\0"):
        # Names end with a NUL, and git parts them from the commit by a line break.
        changed = set(block.removeprefix("\n").split("\0")) - {""}
        if 0 < len(changed) <= LARGEST_COMMIT and changed & files:
            commits.append(frozenset(changed & files))
    return History(files, tuple(commits))


def rank_by_popularity(history: History, *, limit: int = 5) -> tuple[str, ...]:
    """The files that most commits changed, best first."""
    counts = Counter(file for commit in history.commits for file in commit)
    return _best(counts.items(), limit)


def rank_by_co_change(
    history: History, seeds: Collection[str], *, limit: int = 5
) -> tuple[str, ...]:
    """The files that changed together with given ones, best first.

    Each commit shares out one point for every seed in it, among its files: a commit of
    two files says more of them than one of forty.

    Args:
        history: What changed together.
        seeds: Files that related pull requests modified. They rank with the others;
            without any of them in the history, popularity decides.
        limit: Files to return.
    """
    known = frozenset(seeds)
    weights: dict[str, float] = {}
    for commit in history.commits:
        share = len(commit & known) / len(commit)
        if share:
            for file in commit:
                weights[file] = weights.get(file, 0.0) + share
    if not weights:
        return rank_by_popularity(history, limit=limit)
    return _best(weights.items(), limit)


def _best(scores: Iterable[tuple[str, float]], limit: int) -> tuple[str, ...]:
    ranked = sorted(scores, key=lambda item: (-item[1], item[0]))
    return tuple(file for file, _ in ranked[:limit])


def _read(sandbox: Sandbox, command: str) -> str:
    result = sandbox.run(
        command, timeout_s=READ_TIMEOUT_S, output_limit_bytes=LIMIT_BYTES
    )
    if result.exit_code != 0 or result.omitted_bytes:
        said = result.stderr.decode("utf-8", "replace").strip()[:200]
        msg = f"the history cannot be read (exit {result.exit_code}: {said!r})"
        raise SandboxLostError(msg)
    return result.stdout.decode("utf-8", "surrogateescape")
