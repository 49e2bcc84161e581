"""No key leaves the process."""

import json
import random
import string
from collections.abc import Callable

import pytest

from agent.redaction import REDACTED, Redactor, declare_key, redact, redact_value

KEY = 'pw-"quoted"\n\\key/é'
_LETTERS = string.ascii_letters
_HEX = "0123456789abcdef"
_BASE_62 = _LETTERS + string.digits
_BASE_64 = _BASE_62 + "_-"


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
    text = Redactor({}).text(f"the key {key}, it says")
    assert text == f"the key {REDACTED}, it says"


@pytest.mark.parametrize(
    ("prefix", "alphabet", "length"),
    [
        ("sk-", _BASE_62, 48),
        ("sk-", _HEX, 32),
        ("sk-proj-", _BASE_64, 156),
        ("sk-or-v1-", _HEX, 64),
        ("sk-ant-api03-", _BASE_64, 93),
        ("pk-lf-1d9c4a75-3ae8-4b57-9c2d-", _HEX, 12),
        ("hf_", _LETTERS, 34),
        ("ghp_", _BASE_62, 36),
        ("github_pat_11", _BASE_62, 71),
        ("glpat-", _BASE_64, 20),
    ],
)
def test_keys_as_providers_draw_them_are_redacted(
    prefix: str, alphabet: str, length: int
) -> None:
    draw = random.Random(length)
    keys = [prefix + "".join(draw.choices(alphabet, k=length)) for _ in range(100)]

    left = [key for key in keys if Redactor({}).text(key) != REDACTED]

    assert left == []


@pytest.mark.parametrize(
    "path",
    [
        "src/models/hf_causal_language_model.py",
        "src/models/hf_masked_language_model.py",
        "src/models/hf_T5ForConditionalGeneration.py",
        "src/models/hf_wav2vec2conformer_pretraining.py",
        "src/models/hf_llama_3_8b_instruct_2024_07_23.py",
        "docs/hf-causal-lm-training-guide.md",
        "docs/sk-learn-migration-guide.md",
        "docs/sk-release-notes-2024-01-15.md",
        "css/sk-fading-circle-loader.css",
        "db/pk-fk-constraint-rewrite.sql",
        "ui/sk-Base64EncoderPanel-internationalization.tsx",
        "auth/github_pat_rotation_v2_service.py",
        "auth/ghs_internationalization_settings.py",
        "ci/glpat-token-scanner-rules.toml",
    ],
)
def test_names_of_files_that_begin_as_keys_do_stay(path: str) -> None:
    """Two gold files became the same `[redacted].py`, and no score fitted its row."""
    assert Redactor({}).text(path) == path


def test_a_password_in_an_address_is_redacted() -> None:
    text = Redactor({}).text("https://user:hunter2@example.org/x")
    assert text == f"https://{REDACTED}@example.org/x"


def test_a_token_alone_in_an_address_is_redacted() -> None:
    text = Redactor({}).text(f"clone https://{'0a' * 20}@example.org/x, then rest")
    assert text == f"clone https://{REDACTED}@example.org/x, then rest"


@pytest.mark.parametrize(
    "text",
    [
        "ssh://git@example.org/shop/till.git",
        "https://example.org/@scope/name@1.2",
        "[till](https://example.org), mail@example.org",
        "https://example.org?to=mail@example.org",
        '["https://example.org","mail@example.org"]',
    ],
)
def test_other_addresses_stay(text: str) -> None:
    assert Redactor({}).text(text) == text


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY",
        "GITHUB_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "db_password",
        "APIKEY",
        "GOOGLE_CREDENTIAL",
    ],
)
def test_values_of_secret_variables_are_replaced_by_their_names(name: str) -> None:
    redactor = Redactor({name: "plain words here"})
    assert redactor.text("a plain words here b") == f"a [redacted {name}] b"


@pytest.mark.parametrize(
    "name", ["HOME", "MONKEY", "KEYBOARD", "TOKENIZERS_PARALLELISM_MODE"]
)
def test_other_variables_are_left_alone(name: str) -> None:
    assert Redactor({name: "verysecret123"}).text("verysecret123") == "verysecret123"


@pytest.mark.parametrize("show", [str, repr, json.dumps, ascii])
def test_a_key_of_two_lines_is_redacted_however_it_is_quoted(
    show: Callable[[str], str],
) -> None:
    """The repr of an exception showed all of it, and a log line its second half."""
    key = "first-part-of-é\nsecond-part-of-it"
    redactor = Redactor({"X_API_KEY": key})

    for text in (show(f"wrong: {key}!"), show(key.splitlines()[1])):
        assert "part-of" not in redactor.text(text)
        assert "[redacted X_API_KEY]" in redactor.text(text)


def test_a_private_key_in_a_variable_hides_other_ones_too() -> None:
    marks = "-----{} PRIVATE KEY-----"
    own, other = (
        "\n".join([marks.format("BEGIN"), 3 * body, marks.format("END")])
        for body in ("MIIownkey7", "MIIother8x")
    )
    redactor = Redactor({"SSH_KEY": own})

    assert redactor.text(f"{own} {other}") == f"[redacted SSH_KEY] {REDACTED}"
    assert redactor.text(f"line 2: {3 * 'MIIownkey7'}") == "line 2: [redacted SSH_KEY]"


def test_a_variable_that_was_declared_to_hold_a_key_is_redacted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its name said nothing, and the provider repeated what was in it."""
    monkeypatch.setenv("TEAM_LLM", "plain-value-of-the-team-7")
    said = "no such key: plain-value-of-the-team-7"
    assert redact(said) == said

    declare_key("TEAM_LLM")

    assert redact(said) == "no such key: [redacted TEAM_LLM]"


def test_a_password_that_is_a_word_leaves_the_names_of_files() -> None:
    """`django/db/backends/postgresql/base.py` lost its score to a database."""
    redactor = Redactor({"POSTGRES_PASSWORD": "postgres", "REDIS_PASSWORD": "till/cor"})
    paths = [
        "django/db/backends/postgresql/base.py",
        "db/postgres/base.py",
        "postgres.py",
        "till/core.py",
    ]
    assert redactor.value(paths) == paths


@pytest.mark.parametrize(
    "text",
    [
        "password={}",
        "the password {}.",
        "postgresql://shop:{}@db/till",
        '{{"password": "{}"}}',
        "{}",
        "{}\n",
        r"'first\n{}\nlast'",
        r"a tab:\t{}\r\n",
    ],
)
@pytest.mark.parametrize("password", ["swordfish", "correct-horse", "qwzxkvjhbnmd"])
def test_a_password_that_is_a_word_is_redacted_where_it_stands_alone(
    password: str, text: str
) -> None:
    redactor = Redactor({"DB_PASSWORD": password})
    assert password not in redactor.text(text.format(password))


def test_flags_are_no_secrets() -> None:
    assert Redactor({"USE_API_KEY": "1"}).text("101 lines") == "101 lines"


@pytest.mark.parametrize(
    "text", ["a monkey and a turkey", "risk-averse-and-very-long-words"]
)
def test_other_words_stay(text: str) -> None:
    assert Redactor({}).text(text) == text


def test_secret_is_found_at_any_depth_and_in_keys() -> None:
    redactor = Redactor({"X_API_KEY": KEY})
    value = {"a": [{"b": f"-{KEY}-"}], KEY: (1, None, True, 0.5)}
    assert json.loads(redactor.dump(value)) == {
        "a": [{"b": "-[redacted X_API_KEY]-"}],
        "[redacted X_API_KEY]": [1, None, True, 0.5],
    }


def test_longer_secret_goes_before_the_one_inside_it() -> None:
    redactor = Redactor({"A_TOKEN": "abcdefgh", "B_TOKEN": "abcdefgh-and-more"})
    assert redactor.text("abcdefgh-and-more") == "[redacted B_TOKEN]"


def test_paths_that_are_no_unicode_can_be_written() -> None:
    assert json.loads(Redactor({}).dump("a\udcff")) == "a\udcff"


def test_the_environment_is_read_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATE_TOKEN", "came after import")
    assert redact("it came after import") == "it [redacted LATE_TOKEN]"
    assert redact_value({"x": ["came after import"]}) == {
        "x": ["[redacted LATE_TOKEN]"]
    }
