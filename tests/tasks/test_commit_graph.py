"""The graph in memory must say what is so, however odd the history."""

import random

import pytest

from tasks.commit_graph import CommitGraph, read_commit_graph
from tasks.errors import RepositoryError
from tasks.repository import Repository
from tests.tasks.histories import History


def read(history: History, *tips: str) -> CommitGraph:
    return read_commit_graph(Repository.open(history.path), tips)


def tangle(history: History, seed: int) -> list[str]:
    """Thirty commits with random parents; no tree matters."""
    choose = random.Random(seed)
    tree = history.git("write-tree")
    commits: list[str] = []
    for number in range(30):
        count = min(len(commits), choose.choice([1, 1, 1, 2, 2, 3]))
        parents = choose.sample(commits[-8:], min(count, len(commits[-8:])))
        options = [word for parent in parents for word in ("-p", parent)]
        day = 1 + choose.randrange(28)  # clocks in no order
        message = f"commit {number}".encode()
        commit = history.git("commit-tree", tree, *options, stdin=message, day=day)
        commits.append(commit)
    return commits


def ancestors(history: History, commit: str) -> set[str]:
    return set(history.git("rev-list", commit).split())


@pytest.mark.parametrize("seed", range(4))
def test_ancestry_and_merge_bases_hold_whatever_the_clocks_say(
    history: History, seed: int
) -> None:
    commits = tangle(history, seed)
    graph = read(history, commits[-1], *commits)
    repository = Repository.open(history.path)
    choose = random.Random(seed)
    assert len(graph) == 30
    for _ in range(6):
        one, other = choose.sample(commits, 2)
        first, second = graph.number(one), graph.number(other)
        found = repository.is_ancestor(one, other)
        assert graph.is_ancestor(first, second) is found
        alone = [graph.id(commit) for commit in graph.only_in(first, second)]
        assert set(alone) == ancestors(history, one) - ancestors(history, other)
        base = graph.merge_base(first, second)
        shared = ancestors(history, one) & ancestors(history, other)
        if base is None:
            assert not shared
            continue
        # Not git merge-base, which clocks that run backwards can mislead.
        above = {commit for commit in shared if commit != graph.id(base)}
        assert graph.id(base) in shared
        assert not any(graph.id(base) in ancestors(history, one) for one in above)


def test_the_main_line_follows_first_parents(history: History) -> None:
    root = history.add({"a.py": "one\n"})
    history.git("checkout", "-q", "-b", "branch")
    side = history.add({"b.py": "one\n"})
    history.git("checkout", "-q", "main")
    history.git("merge", "-q", "--no-ff", "-m", "merge", "branch")
    tip = history.git("rev-parse", "HEAD")
    graph = read(history, tip)

    assert [graph.id(commit) for commit in graph.main_line] == [root, tip]
    assert graph.introduced[graph.number(side)] == 1
    assert not graph.is_on_main_line(graph.number(side))
    assert [graph.id(p) for p in graph.parents(graph.number(tip))] == [root, side]


def test_what_is_not_there_is_not_in_the_graph(history: History) -> None:
    tip = history.add({"a.py": "one\n"})
    graph = read(history, tip)
    assert graph.has(tip)
    assert not graph.has("0" * 40)
    assert not graph.has("HEAD")


def test_messages_come_with_their_commits_parents_first(history: History) -> None:
    first = history.add({"a.py": "one\n"}, "one\n\nbody")
    second = history.add({"a.py": "two\n"}, "two")
    heard: list[tuple[int, bytes]] = []

    graph = read_commit_graph(
        Repository.open(history.path),
        [second],
        lambda _, start, messages: heard.extend(enumerate(messages, start)),
    )

    assert [(graph.id(commit), text) for commit, text in heard] == [
        (first, b"one\n\nbody\n"),
        (second, b"two\n"),
    ]


def test_a_missing_commit_is_an_error(history: History) -> None:
    lost = history.add({"a.py": "one\n"})
    tip = history.add({"a.py": "two\n"})
    history.forget(lost)
    with pytest.raises(RepositoryError, match="git log failed"):
        read(history, tip)
