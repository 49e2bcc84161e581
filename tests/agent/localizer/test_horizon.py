"""Clones of one repository that know a different past of the same commit."""

from pathlib import Path

import pytest

from agent.errors import LocalizerError
from agent.localizer.horizon import horizon_of, is_shallow
from agent.localizer.journal import ChangeRow
from agent.localizer.learning import learn
from agent.localizer.store import IndexStore
from tests.agent.localizer.pasts import git, shop

TITLE = "Add a retry option to the router"


def test_a_shallow_clone_has_an_index_of_its_own(
    shop_repository: Path, tmp_path: Path
) -> None:
    store = IndexStore(tmp_path / "indexes")
    shallow = tmp_path / "shallow"
    address = f"file://{shop_repository}"
    git(tmp_path, "clone", "-q", "--depth", "3", address, str(shallow))
    little = learn(shallow, store=store)
    everything = learn(shop_repository, store=store)
    assert is_shallow(shallow)
    assert not is_shallow(shop_repository)
    assert len(little.index.changes) == 3
    assert len(everything.index.changes) == 49
    git(shallow, "fetch", "-q", "--unshallow")
    assert len(learn(shallow, store=store).index.changes) == 49


def test_heads_that_came_later_are_learned_too(tmp_path: Path) -> None:
    past = shop(tmp_path / "one", rounds=3)
    repo = past.write()
    store = IndexStore(tmp_path / "indexes")
    assert not any(one.is_head for one in _changes(repo, store))
    idea = {"shop/cache.py": "# frobnicate\n"}
    past.commit("An idea", idea, ref="refs/pull/3/head", parents=(5,), day=9)
    past.write()
    assert [one.title for one in _changes(repo, store) if one.is_head] == ["An idea"]
    # What is not asked for does not make another past.
    assert horizon_of(repo, with_heads=False) == "chain"


def _changes(repo: Path, store: IndexStore) -> list[ChangeRow]:
    return learn(repo, store=store, with_heads=True).index.changes


def test_a_commit_that_stands_in_for_another_is_not_believed(tmp_path: Path) -> None:
    repo = shop(tmp_path / "one", rounds=3).write()
    plain = learn(repo).rank(TITLE)
    git(repo, "replace", "--graft", "main~2")
    assert learn(repo).rank(TITLE) == plain


def test_a_graft_is_not_believed(tmp_path: Path) -> None:
    repo = shop(tmp_path / "one", rounds=3).write()
    plain = learn(repo).rank(TITLE)
    (repo / ".git" / "info").mkdir(exist_ok=True)
    (repo / ".git" / "info" / "grafts").write_text(
        git(repo, "rev-parse", "main") + "\n"
    )
    assert learn(repo).rank(TITLE) == plain


@pytest.mark.parametrize("merged", [True, False])
def test_a_head_that_no_longer_is_one_is_forgotten(
    tmp_path: Path, *, merged: bool
) -> None:
    past = shop(tmp_path / "one", rounds=3)
    last = past.marks
    idea = {"shop/cache.py": "# frobnicate\n"}
    head = past.commit("An idea", idea, ref="refs/pull/3/head", parents=(5,), day=90)
    past.commit("A clock ahead", {"a.md": "1\n"}, parents=(last,), day=99)
    repo = past.write()
    store = IndexStore(tmp_path / "indexes")
    assert [one.title for one in _changes(repo, store) if one.is_head] == ["An idea"]
    if merged:
        past.commit("Merge pull request #3", idea, parents=(head + 1, head), day=100)
    else:
        past.commit("A right clock", {"a.md": "2\n"}, parents=(head + 1,), day=80)
    past.write()
    grown = learn(repo, store=store, with_heads=True)
    assert not any(one.is_head for one in grown.index.changes)
    assert grown.rank(TITLE) == learn(repo, with_heads=True).rank(TITLE)


def test_a_partial_clone_is_told_what_it_lacks(tmp_path: Path) -> None:
    repo = shop(tmp_path / "one", rounds=1).write()
    git(repo, "config", "uploadpack.allowFilter", "true")
    for kind in ("blob:none", "tree:0"):
        clone = tmp_path / kind[:4]
        options = ("--bare", f"--filter={kind}", f"file://{repo}", str(clone))
        git(tmp_path, "clone", "-q", *options)
        with pytest.raises(LocalizerError, match="--refetch --no-filter"):
            learn(clone)
    git(clone, "fetch", "-q", "--refetch", "--no-filter")
    assert learn(clone).rank(TITLE) == learn(repo).rank(TITLE)


def test_a_damaged_repository_is_no_unknown_commit(tmp_path: Path) -> None:
    repo = shop(tmp_path / "one", rounds=1).write()
    config = repo / ".git" / "config"
    config.write_text("[broken\n", encoding="utf-8")
    with pytest.raises(LocalizerError, match="bad config line 1"):
        learn(repo)


def test_a_store_that_cannot_be_written_says_what_to_do(
    shop_repository: Path, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(LocalizerError, match="name another folder"):
        learn(shop_repository, store=IndexStore(file / "indexes"))
