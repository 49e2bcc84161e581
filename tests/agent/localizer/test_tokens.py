import pytest

from agent.localizer.tokens import count_terms, strip_noise, terms_of


@pytest.mark.parametrize("name", ["InputOutput", "input_output", "input-output"])
def test_one_name_in_three_spellings_is_one_compound(name: str) -> None:
    assert terms_of(name)[-1] == "=inputoutput"


def test_endings_are_folded() -> None:
    assert terms_of("models") == terms_of("model")
    assert terms_of("caching") == terms_of("cached") == ("cach",)
    assert terms_of("embeddings") == terms_of("embedding")
    assert terms_of("strings") == terms_of("string") != terms_of("str")
    assert terms_of("typing") == terms_of("types") == terms_of("type")
    assert terms_of("HTTPServer") == ("http", "server", "=httpserver")


def test_a_wall_of_letters_is_no_word() -> None:
    assert terms_of("a" * 100) == ()


def test_weights_add_up_and_stop_words_are_left_out() -> None:
    assert count_terms([("the cache", 3.0), ("a cache", 1.0)]) == {"cach": 4.0}


def test_lines_of_machines_are_left_out() -> None:
    text = "Real words\n* [pre-commit.ci] auto fixes\nCo-authored-by: A <a@b.c>\nMore"
    assert strip_noise(text).split() == ["Real", "words", "More"]


def test_what_a_template_asks_and_where_it_links_are_left_out() -> None:
    text = "Real <!-- Describe\nyour change --> words https://example.org/a/b"
    assert strip_noise(text).split() == ["Real", "words", "/a/b"]


@pytest.mark.parametrize("text", ["\n", "-\n", "<!--", "merge "])
def test_a_long_text_without_noise_is_kept_as_it_is(text: str) -> None:
    """Rows of blank lines took seconds: each began a search of its own."""
    assert strip_noise(text * 20_000) == text * 20_000


def test_words_that_run_together_are_found_by_their_pairs() -> None:
    assert set(terms_of("登录")) <= set(terms_of("用户登录页面"))
    assert terms_of("用户login")[:2] == ("用户", "login")


def test_letters_beyond_ascii_do_not_split_a_word() -> None:
    assert terms_of("Übersetzung") == ("übersetzung",)
    assert terms_of("naïveBayes")[-1] == "=naïvebayes"


def test_a_long_name_of_many_words_is_known_by_its_words() -> None:
    name = "a-component-whose-name-somebody-wrote-down-in-one-long-row-of-words"
    assert "component" in terms_of(name)
