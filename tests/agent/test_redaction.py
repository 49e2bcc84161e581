"""No key leaves the process."""

import pytest

from agent.redaction import REDACTED, redact


@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-abcDEF0123456789_-x",
        "sk-ant-api03-abcdefghijklmnop",
        "ghp_abcdefghijklmnop0123456789",
        "github_pat_abcdefghijklmnop0123456789",
        "hf_abcdefghijklmnop0123",
        "AIzaabcdefghijklmnopqrstuvwxyz0123456789",
        "AKIAABCDEFGHIJKLMNOP",
        "xoxb-1234567890-abcdefghij",
    ],
)
def test_well_known_shapes_are_redacted(key: str) -> None:
    assert redact(f"the key {key}, it says", {}) == f"the key {REDACTED}, it says"


def test_values_of_variables_with_secret_names_are_redacted() -> None:
    environ = {"MY_API_KEY": "plain words here", "DB_PASSWORD": "hunter2hunter2"}

    text = redact("plain words here and hunter2hunter2", environ)

    assert text == f"{REDACTED} and {REDACTED}"


def test_a_secret_that_contains_another_goes_whole() -> None:
    environ = {"A_TOKEN": "abcdefgh", "B_TOKEN": "abcdefgh-and-more"}

    assert redact("abcdefgh-and-more", environ) == REDACTED


@pytest.mark.parametrize(
    "text",
    ["a monkey and a turkey", "risk-averse-and-very-long-words", "HOME is fine, too"],
)
def test_other_words_stay(text: str) -> None:
    environ = {"HOME": "HOME is fine", "MONKEY": "monkey and", "SHORT_KEY": "a"}

    assert redact(text, environ) == text


def test_a_password_in_an_address_is_redacted() -> None:
    address = "https://user:hunter2@example.org/x"

    assert redact(address, {}) == f"https://{REDACTED}@example.org/x"
