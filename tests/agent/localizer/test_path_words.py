import numpy as np

from agent.localizer.path_words import PathWords

_WORDS = PathWords.of([("test", "io"), ("io",), (), ("net", "io")])


def test_a_word_is_counted_in_the_paths_that_exist() -> None:
    assert _WORDS.count("io", np.array([1, 0, 1, 1])) == 2
    assert _WORDS.count("unheard", np.ones(4, np.int64)) == 0


def test_a_path_weighs_as_much_as_its_words() -> None:
    value = {"io": 2.0, "net": 0.5, "unheard": 9.0}
    np.testing.assert_array_equal(_WORDS.weigh(value), [2.0, 2.0, 0.0, 2.5])


def test_words_alike_are_counted_in_the_paths_of_the_past() -> None:
    words = PathWords.of([("auth",), ("authority",), ("authentication",), ("auth",)])
    assert words.like("authent", 4, before=4) == {"authentication": 1, "auth": 2}
    assert words.like("authent", 4, before=2) == {"auth": 1}
    assert words.like("auth", 4, before=1) == {}
