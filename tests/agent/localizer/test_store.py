from pathlib import Path

import numpy as np
import pytest

from agent.errors import LocalizerError
from agent.localizer.learning import learn
from agent.localizer.localizer import Localizer
from agent.localizer.store import IndexStore
from tests.agent.localizer.pasts import git, merge_a_branch, shop

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
    anew = learn(repo, with_heads=with_heads, prior=grown.prior)
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
    same = Localizer(
        anew.index, grown.prior, grown.record, commit=anew.commit, repo=repo
    )
    assert grown.rank(TITLE) == same.rank(TITLE)


def test_a_stored_index_answers_as_the_one_that_was_stored(
    shop_repository: Path, tmp_path: Path
) -> None:
    store = IndexStore(tmp_path)
    first = learn(shop_repository, store=store).rank(TITLE)
    again = learn(shop_repository, store=store).rank(TITLE)
    assert [one.path for one in first.candidates] == [
        one.path for one in again.candidates
    ]
    np.testing.assert_allclose(
        [one.probability for one in first.candidates],
        [one.probability for one in again.candidates],
        atol=1e-3,
    )


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
