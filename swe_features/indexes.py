"""Indexes of the past that sleep phases leave beside their text.

Learned from the sealed checkout, in which the future is absent, and without a model.
"""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from agent.localizer.finder import LocalizerFinder
from agent.localizer.learning import learn
from agent.localizer.proposals import taught_by
from agent.localizer.store import IndexStore
from tasks.pull_requests import PullRequest

__all__ = ["Indexes"]

_OPEN = 8


class Indexes:
    """Finders by base commit; the last few stay open. Thread-safe."""

    def __init__(self, cache: Path) -> None:
        self._store = IndexStore(cache / "indexes")
        self._open: dict[tuple[str, ...], LocalizerFinder] = {}
        # One at a time: workers of one run mostly want the same few.
        self._lock = Lock()

    def finder(
        self, checkout: Path, commit: str, studied: Sequence[PullRequest] = ()
    ) -> LocalizerFinder:
        """The finder of a base commit, learned now unless it was before.

        Args:
            checkout: The sealed checkout's tree.
            commit: Full id of its base commit.
            studied: Pull requests that the sleep phase read: examples too.

        Raises:
            LocalizerError: Its past cannot be read.
        """
        with self._lock:
            key = (commit, *(f"{one.repo}#{one.pr_number}" for one in studied))
            if key not in self._open:
                while len(self._open) >= _OPEN:
                    self._open.pop(next(iter(self._open)))
                localizer = learn(checkout, commit, store=self._store)
                self._open[key] = LocalizerFinder(taught_by(localizer, studied))
            return self._open[key]
