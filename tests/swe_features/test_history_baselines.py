from contextlib import closing
from pathlib import Path

import pytest

from sandbox.opening import open_driver
from sandbox.sealing import seal
from swe_features.history_baselines import (
    History,
    rank_by_co_change,
    rank_by_popularity,
    read_history,
)
from tests.tasks.histories import History as Written

HISTORY = History(
    frozenset("abcdef"),
    (
        frozenset("ab"),
        frozenset("ab"),
        frozenset("cd"),
        frozenset("c"),
        frozenset("c"),
        frozenset("aef"),
    ),
)


def test_popular_files_are_those_of_most_commits() -> None:
    assert rank_by_popularity(HISTORY, limit=3) == ("a", "c", "b")


def test_files_that_changed_with_the_seeds_come_first() -> None:
    assert rank_by_co_change(HISTORY, {"b"}) == ("a", "b")
    assert rank_by_co_change(HISTORY, {"d"}, limit=1) == ("c",)


def test_small_commits_say_more_than_large_ones() -> None:
    assert rank_by_co_change(HISTORY, {"a"}) == ("a", "b", "e", "f")


def test_without_known_seeds_popularity_decides() -> None:
    for seeds in (set[str](), {"unknown"}):
        assert rank_by_co_change(HISTORY, seeds) == rank_by_popularity(HISTORY)


@pytest.mark.parametrize(
    "name",
    ["two\nlines.py", 'q"uote.py', "form\x0cfeed.py", "back\\slash.py", "ü ü.py"],
)
def test_file_of_an_odd_name_has_a_history(tmp_path: Path, name: str) -> None:
    written = Written(tmp_path / "repository")
    written.write("a.py", "one\n")
    written.commit()
    written.write(name, "one\n")
    written.commit()
    written.commit("empty")
    written.write("a.py", "two\n")
    written.write(name, "two\n")
    head = written.commit()
    sealed = seal(written.path, head, tmp_path / "sealed")
    driver = open_driver("subprocess", run_id="test")
    with closing(driver), driver.open(sealed) as sandbox:
        history = read_history(sandbox)
    assert history.files == {"a.py", name}
    assert [set(files) for files in history.commits] == [
        *({"a.py", name}, {name}, {"a.py"})
    ]


def test_empty_history_ranks_nothing() -> None:
    assert rank_by_popularity(History(frozenset("a"), ())) == ()
