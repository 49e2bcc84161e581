from collections import Counter

import pytest

from agent.code_tokens import count_tokens, split_identifier, tokenize


@pytest.mark.parametrize(
    ("word", "tokens"),
    [
        ("InputOutput", ("inputoutput", "input", "output")),
        ("read_text", ("read_text", "read", "text")),
        ("HTTPServer2", ("httpserver2", "http", "server")),
        ("parseURL", ("parseurl", "parse", "url")),
        ("plain", ("plain",)),
        ("__init__", ("init",)),
        ("größe_ändern", ("größe_ändern", "größe", "ändern")),
        ("日本語", ("日本語",)),
    ],
)
def test_an_identifier_counts_as_itself_and_its_parts(
    word: str, tokens: tuple[str, ...]
) -> None:
    assert split_identifier(word) == tokens


def test_encoded_data_is_no_word() -> None:
    assert tokenize("a" * 61 + " word") == ["word"]


def test_counting_agrees_with_tokenizing() -> None:
    text = "def read_text(self): return self.read_text or readText(read)"
    assert count_tokens(text) == Counter(tokenize(text))
