import pytest

from agent.localizer.tokens import count_terms, strip_noise, terms_of


@pytest.mark.parametrize("name", ["InputOutput", "input_output", "input-output"])
def test_one_name_in_three_spellings_is_one_compound(name: str) -> None:
    assert terms_of(name)[-1] == "=inputoutput"


def test_endings_are_folded() -> None:
    assert terms_of("models") == terms_of("model")
    assert terms_of("caching") == terms_of("cached") == ("cach",)
    assert terms_of("HTTPServer") == ("http", "server", "=httpserver")


def test_a_wall_of_letters_is_no_word() -> None:
    assert terms_of("a" * 100) == ()


def test_weights_add_up_and_stop_words_are_left_out() -> None:
    assert count_terms([("the cache", 3.0), ("a cache", 1.0)]) == {"cach": 4.0}


def test_lines_of_machines_are_left_out() -> None:
    text = "Real words\n* [pre-commit.ci] auto fixes\nCo-authored-by: A <a@b.c>\nMore"
    assert strip_noise(text).split() == ["Real", "words", "More"]
