import json

import pytest

from swe_features.redaction import Redactor

KEY = 'sk-"quoted"\n\\key/é'


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY",
        "GITHUB_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "db_password",
        "APIKEY",
    ],
)
def test_values_of_secret_variables_are_replaced_by_their_names(name: str) -> None:
    redactor = Redactor({name: "verysecret123"})
    assert redactor.text("a verysecret123 b") == f"a [redacted {name}] b"


@pytest.mark.parametrize("name", ["HOME", "KEYBOARD", "TOKENIZERS_PARALLELISM_MODE"])
def test_other_variables_are_left_alone(name: str) -> None:
    assert Redactor({name: "verysecret123"}).text("verysecret123") == "verysecret123"


def test_flags_are_no_secrets() -> None:
    assert Redactor({"USE_API_KEY": "1"}).text("101 lines") == "101 lines"


def test_secret_is_found_at_any_depth_and_in_keys() -> None:
    redactor = Redactor({"X_API_KEY": KEY})
    value = {"a": [{"b": f"-{KEY}-"}], KEY: (1, None, True, 0.5)}
    read = json.loads(redactor.dump(value))
    assert read == {
        "a": [{"b": "-[redacted X_API_KEY]-"}],
        "[redacted X_API_KEY]": [1, None, True, 0.5],
    }


def test_longer_secret_goes_before_the_one_inside_it() -> None:
    redactor = Redactor({"A_TOKEN": "abcdefgh", "B_TOKEN": "abcdefgh-and-more"})
    assert redactor.text("abcdefgh-and-more") == "[redacted B_TOKEN]"


def test_paths_that_are_no_unicode_can_be_written() -> None:
    assert json.loads(Redactor({}).dump("a\udcff")) == "a\udcff"
