from collections.abc import Sequence
from typing import Any

import pytest

from agent.localizer.learning import Past, read_past
from agent.localizer.prior import shipped_prior
from benchmarks.localizer_suites import ask_suite
from tests.agent.localizer.pasts import shop


@pytest.fixture(scope="module")
def shop_past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """More changes than are asked."""
    folder = tmp_path_factory.mktemp("long") / "repository"
    return read_past(shop(folder, rounds=11).write())


def _row(past: Past, change: int, modified: Sequence[str]) -> dict[str, Any]:
    """A suite's row of one change. Any: JSON values."""
    text = past.changes[change]
    return {
        "title": text.title,
        "body": None,
        "merge_commit": text.commit,
        "changed_files": [
            *({"filename": path, "status": "modified"} for path in modified),
            {"filename": "shop/new.py", "status": "added"},
        ],
    }


def test_the_newest_rows_are_asked_and_new_files_are_no_gold(shop_past: Past) -> None:
    rows = [_row(shop_past, at, ["CHANGELOG.md"]) for at in (*range(1, 66), 0)]
    asked = ask_suite(shop_past, rows, shipped_prior())
    assert [one.scores["gold"] for one in asked] == [1.0] * 60


def test_a_row_is_asked_of_the_tree_before_it(shop_past: Past) -> None:
    """The first commit brings every file, so before it there was none to edit."""
    first = _row(shop_past, 0, ["CHANGELOG.md", "shop/loader.py"])
    second = _row(shop_past, 1, ["CHANGELOG.md", "shop/loader.py"])
    asked = ask_suite(shop_past, [second, first], shipped_prior())
    assert [one.scores["gold"] for one in asked] == [2.0]
    assert len(asked[0].chances) == asked[0].hits.size
    assert asked[0].hits.sum() == 2


def test_what_the_chain_never_merged_is_not_asked(shop_past: Past) -> None:
    row = _row(shop_past, 1, ["CHANGELOG.md"])
    for commit in ("0" * 40, None):
        assert not ask_suite(
            shop_past, [row | {"merge_commit": commit}], shipped_prior()
        )
