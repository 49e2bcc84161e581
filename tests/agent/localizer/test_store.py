from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from agent.errors import LocalizerError
from agent.localizer.learning import learn
from agent.localizer.practice import as_arrays
from agent.localizer.store import IndexStore
from tests.agent.localizer.pasts import Past, git, merge_a_branch, shop

TITLE = "Add a retry option to the router"


@pytest.mark.parametrize("with_heads", [False, True])
def test_growing_equals_learning_anew(tmp_path: Path, with_heads: bool) -> None:  # noqa: FBT001
    past = shop(tmp_path / "one")
    change = {"shop/cache.py": "# frobnicate\n"}
    past.commit("Old idea", change, ref="refs/pull/3/head", parents=(5,), day=20)
    past.commit("New idea", change, ref="refs/pull/4/head", parents=(5,), day=44)
    merge_a_branch(past, since=49)
    repo = past.write()
    store = IndexStore(tmp_path / "indexes")
    learn(repo, "main~8", store=store, with_heads=with_heads)
    grown = learn(repo, store=store, with_heads=with_heads)
    anew = learn(repo, with_heads=with_heads)
    assert grown.index.changes == anew.index.changes
    assert sum(one.is_part for one in grown.index.changes) == 2
    assert grown.index.paths == anew.index.paths
    assert grown.index.facts == anew.index.facts
    for name in (
        "touch_starts",
        "touch_file",
        "touch_status",
        "touch_length",
        "namings",
    ):
        np.testing.assert_array_equal(
            getattr(grown.index, name), getattr(anew.index, name)
        )
    assert grown.rank(TITLE) == anew.rank(TITLE)


def test_how_it_grew_is_seen_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The examples that are practised move on, and weights are fitted again."""
    monkeypatch.setattr("agent.localizer.practice.MOST_REMEMBERED", 22)
    monkeypatch.setattr("agent.localizer.track_record.MOST_REMEMBERED", 22)
    monkeypatch.setattr("agent.localizer.practice._UNUSABLE", 2)
    repo = shop(tmp_path / "one", rounds=14).write()
    stores = [IndexStore(tmp_path / name) for name in ("grown", "anew")]
    for back in (35, 31, 29, 12, 11, 3, 0):
        learn(repo, f"main~{back}", store=stores[0])
    anew = learn(repo, store=stores[1])
    commit = git(repo, "rev-parse", "main")
    first, second = (store.load(commit, "chain") for store in stores)
    assert first is not None
    assert second is not None
    assert len(first.practice.rows) == 32
    assert first.fitted == second.fitted == 50
    assert first.prior.as_record() == second.prior.as_record()
    arrays = as_arrays(second.practice)
    for name, array in as_arrays(first.practice).items():
        np.testing.assert_array_equal(array, arrays[name])
    # Read back it says what it said when it was learned, to the last digit.
    assert learn(repo, store=stores[1]).rank(TITLE) == anew.rank(TITLE)


def test_a_stored_index_answers_as_the_one_that_was_stored(
    shop_repository: Path, tmp_path: Path
) -> None:
    store = IndexStore(tmp_path)
    first = learn(shop_repository, store=store).rank(TITLE)
    assert learn(shop_repository, store=store).rank(TITLE) == first


def test_a_broken_index_says_what_to_do(shop_repository: Path, tmp_path: Path) -> None:
    store = IndexStore(tmp_path)
    learn(shop_repository, store=store)
    (broken,) = tmp_path.glob("*/words.json")
    broken.write_text("[")
    with pytest.raises(LocalizerError, match="delete it"):
        learn(shop_repository, store=store)


def test_the_indexes_that_nobody_uses_make_room(tmp_path: Path) -> None:
    repo = shop(tmp_path / "one", rounds=3).write()
    store = IndexStore(tmp_path / "indexes")
    for back in range(14, 0, -1):
        learn(repo, f"main~{back}", store=store)
    kept = store.commits("chain")
    assert len(kept) == 12
    assert git(repo, "rev-parse", "main~1") in kept
    assert git(repo, "rev-parse", "main~14") not in kept


def test_no_history_makes_room_for_another(tmp_path: Path) -> None:
    """Whoever indexed thirteen repositories ahead of time lost the first one's."""
    store = IndexStore(tmp_path / "indexes")
    other = Past(tmp_path / "other")
    other.commit("Another beginning", {"a.py": "x = 1\n"})
    learn(other.write(), store=store)
    (known,) = store.commits("chain")
    repo = shop(tmp_path / "one", rounds=3).write()
    for back in range(14, 0, -1):
        learn(repo, f"main~{back}", store=store)
    kept = store.commits("chain")
    assert known in kept
    assert len(kept) == 1 + 12


def test_indexes_of_an_older_format_make_room(tmp_path: Path) -> None:
    repo = shop(tmp_path / "one", rounds=3).write()
    root = tmp_path / "indexes"
    for number in range(13):
        (root / f"{number:040x}-1-chain").mkdir(parents=True)
    learn(repo, store=IndexStore(root))
    assert len(list(root.glob("*-1-chain"))) == 11


def test_programs_that_make_room_at_once_do_not_disturb_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs that share a cache took indexes from each other while they read them."""
    monkeypatch.setattr("agent.localizer.store._KEPT", 1)
    repo = shop(tmp_path / "one", rounds=3).write()
    root = tmp_path / "indexes"

    def work(offset: int) -> None:
        for back in range(12):
            learn(repo, f"main~{1 + (back + offset) % 4}", store=IndexStore(root))

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, number) for number in range(4)]:
            done.result()


def test_making_room_removes_nothing_but_indexes(tmp_path: Path) -> None:
    """`predict --cache .` deleted all folders of the current one but twelve."""
    repo = shop(tmp_path / "one", rounds=3).write()
    root = tmp_path / "home"
    for number in range(14):
        (root / f"project-{number}").mkdir(parents=True)
        (root / f"project-{number}" / "work.txt").write_text("mine")
    store = IndexStore(root)
    for back in range(14, 0, -1):
        learn(repo, f"main~{back}", store=store)
    assert len(store.commits("chain")) == 12
    assert len(list(root.glob("project-*/work.txt"))) == 14
