from swe_features.history_baselines import (
    History,
    rank_by_co_change,
    rank_by_popularity,
)

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


def test_empty_history_ranks_nothing() -> None:
    assert rank_by_popularity(History(frozenset("a"), ())) == ()
