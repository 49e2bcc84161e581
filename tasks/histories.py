"""Ask a history in memory, where asking git each time would take too long."""

from collections.abc import Iterable, Sequence

from tasks.commit_graph import CommitGraph, read_commit_graph
from tasks.errors import RepositoryError
from tasks.pull_requests import PullRequest
from tasks.relating import History
from tasks.repository import Repository

__all__ = ["GraphHistory", "Histories", "read_history"]

_FEW = 8
"""So few pull requests are asked of git itself."""


class GraphHistory:
    """A history that answers from memory what a repository asks git for."""

    def __init__(self, graph: CommitGraph) -> None:
        self._graph = graph

    def find_commit(self, revision: str) -> str | None:
        """The same full id, where the history has it."""
        return revision if self._graph.has(revision) else None

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether `ancestor` is `descendant` or in its history."""
        graph = self._graph
        return graph.is_ancestor(graph.number(ancestor), graph.number(descendant))

    def commit_time(self, commit: str) -> int:
        """Committer's clock, in seconds since 1970."""
        return self._graph.times[self._graph.number(commit)]


class Histories:
    """The history of each repository of a suite, read once where that pays."""

    def __init__(self, pull_requests: Sequence[PullRequest]) -> None:
        self._pull_requests = pull_requests
        self._known: dict[Repository, History] = {}

    def of(self, repository: Repository) -> History:
        """Where the commits of a repository can be looked up."""
        if repository not in self._known:
            self._known[repository] = self._read(repository)
        return self._known[repository]

    def _read(self, repository: Repository) -> History:
        named = {
            commit
            for one in self._pull_requests
            for commit in (one.base_commit, one.head_commit, one.merge_commit)
            if commit is not None
        }
        if len(self._pull_requests) <= _FEW:
            return repository
        held = repository.find_commits(named)
        tip = repository.find_commit("HEAD")
        tips = [*([tip] if tip else []), *sorted(held)]
        try:
            return read_history(repository, tips)
        except RepositoryError:  # damaged somewhere; what is asked may still be there
            return repository


def read_history(repository: Repository, tips: Iterable[str]) -> GraphHistory:
    """Read all ancestors of commits.

    Args:
        repository: Where they are.
        tips: Full ids; the first one is the newest commit of the main line.
    """
    return GraphHistory(read_commit_graph(repository, tips))
