"""Learn a repository's past, or what is new in it since the last time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.localizer.changes import Change
from agent.localizer.diffs import read_diffs
from agent.localizer.git import run_git
from agent.localizer.history import list_changes, resolve_commit
from agent.localizer.horizon import horizon_of
from agent.localizer.index import Index, freeze
from agent.localizer.journal import MOST_OF_TITLE, Journal
from agent.localizer.localizer import Localizer
from agent.localizer.practice import plan_practice, practise
from agent.localizer.prior import Prior, shipped_prior
from agent.localizer.store import IndexStore, StoredIndex

__all__ = ["Past", "learn", "read_past"]

_LONGEST_UPDATE = 3_000


@dataclass(frozen=True, slots=True)
class Past:
    """Everything that the ancestors of a commit tell."""

    commit: str
    changes: tuple[Change, ...]
    """Oldest first, with their full texts; the index numbers them so."""
    index: Index


def learn(
    repo: Path,
    revision: str = "HEAD",
    *,
    store: IndexStore | None = None,
    with_heads: bool = False,
    prior: Prior | None = None,
) -> Localizer:
    """Learn everything that the ancestors of a commit tell, and nothing else.

    Args:
        repo: A work tree or a bare repository.
        revision: The base commit; only it and its ancestors are read.
        store: Where indexes are kept; one of this commit is used as it is, one of an
            ancestor is brought up to date. Nothing is kept when None.
        with_heads: Learn from pull request heads too, where the repository has them
            (`refs/pull/<n>/head`) and they are not younger than the base commit.
        prior: Coefficients to start from; the shipped ones when None.

    Raises:
        LocalizerError: The repository or the commit cannot be read, or the store cannot
            be written.
    """
    commit = resolve_commit(repo, revision)
    horizon = horizon_of(repo, with_heads=with_heads)
    stored = store.load(commit, horizon) if store else None
    if stored is not None:
        return _as_localizer(stored, repo)
    lesson = _Lesson(repo=repo, commit=commit, horizon=horizon, with_heads=with_heads)
    start = shipped_prior() if prior is None else prior
    known = _newest_known(repo, commit, horizon, store) if store else None
    stored = lesson.build(start) if known is None else lesson.update(known, start)
    if store is not None:
        store.save(stored)
    return _as_localizer(stored, repo)


def read_past(repo: Path, revision: str = "HEAD", *, with_heads: bool = False) -> Past:
    """Read all of a past, without fitting anything to it.

    Raises:
        LocalizerError: The repository or the commit cannot be read.
    """
    commit = resolve_commit(repo, revision)
    changes = list_changes(repo, commit, with_heads=with_heads)
    return Past(commit, tuple(changes), _write_down(repo, changes, Journal()))


def _write_down(repo: Path, changes: Sequence[Change], journal: Journal) -> Index:
    """Write changes down after those that the journal has, and freeze it."""
    for change, diff in zip(changes, read_diffs(repo, changes), strict=True):
        journal.add(change, diff)
    journal.flush()
    return freeze(journal)


def _as_localizer(stored: StoredIndex, repo: Path) -> Localizer:
    return Localizer(
        stored.index,
        stored.prior,
        stored.practice.record,
        commit=stored.commit,
        repo=repo,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lesson:
    """What is to be learned."""

    repo: Path
    commit: str
    horizon: str
    with_heads: bool

    def build(self, prior: Prior) -> StoredIndex:
        """Learn it from nothing."""
        past = read_past(self.repo, self.commit, with_heads=self.with_heads)
        return self._practised(past.index, past.changes, prior)

    def update(self, known: StoredIndex, start: Prior) -> StoredIndex:
        """Add what is new; fit anew only where there are ten more examples."""
        new = self._new_since(known)
        if new is None:
            return self.build(start)
        index = _write_down(self.repo, new, known.index.as_journal())
        return self._practised(index, new, start, known=known)

    def _new_since(self, known: StoredIndex) -> list[Change] | None:
        """What came after a stored past; None where that is not how this one begins.

        With heads it may not: one was merged since, or stands elsewhere by a clock that
        was set back.
        """
        if not self.with_heads:
            return list_changes(self.repo, self.commit, after=known.commit)
        changes = list_changes(self.repo, self.commit, with_heads=True)
        rows = known.index.changes
        begins_so = len(rows) <= len(changes) and all(
            (one.commit, one.title[:MOST_OF_TITLE], one.is_head)
            == (row.commit, row.title, row.is_head)
            for one, row in zip(changes, rows, strict=False)
        )
        return changes[len(rows) :] if begins_so else None

    def _practised(
        self,
        index: Index,
        changes: Sequence[Change],
        start: Prior,
        *,
        known: StoredIndex | None = None,
    ) -> StoredIndex:
        plan = plan_practice(index)
        before = known.practice if known is not None else None
        practice = practise(
            index, changes, start, known=before, first=plan.first, rows=plan.rows
        ).newest()
        if known is not None and known.fitted == plan.fitted:
            prior = known.prior
        else:
            prior = practice.fitted(start, before=plan.border)
        return StoredIndex(
            commit=self.commit,
            horizon=self.horizon,
            index=index,
            prior=prior,
            practice=practice,
            fitted=plan.fitted,
        )


def _newest_known(
    repo: Path, commit: str, horizon: str, store: IndexStore
) -> StoredIndex | None:
    """The stored index of the nearest commit on the same first-parent chain."""
    known = store.commits(horizon)
    if not known:
        return None
    listed = run_git(
        repo, ("rev-list", "--first-parent", f"-n{_LONGEST_UPDATE}", commit)
    )
    for name in listed.decode().split():
        if name in known:
            return store.load(name, horizon)
    return None
