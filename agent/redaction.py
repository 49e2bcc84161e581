"""Keys out of everything that is written or shown.

A provider repeats a key in its error, a model in its answer: whatever leaves the
process goes through here first.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = [
    "REDACTED",
    "Redactor",
    "declare_key",
    "is_secret_name",
    "redact",
    "redact_value",
]

REDACTED = "[redacted]"
"""What stands for a key that is known by its shape alone."""

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)(?:_|$)",
    re.IGNORECASE,
)
_SHORTEST = 8
"""Characters; shorter values are flags such as `1`, and would blank ordinary text."""
_WORD = re.compile(r"[a-z_./-]{8,15}")
"""Passwords such as `postgres`, which names of files and other words begin with.

No provider draws a key like that. They are taken out where they stand alone.
"""
_ALONE = r"(?:(?<![\w./-])|(?<=\\[nrt]))"
"""Where a word begins; in JSON text a line ends with the letter of `\\n`."""
_declared: set[str] = set()
"""Variables that hold keys, whatever their names say."""
_SHAPES = re.compile(
    # Names of files begin as keys do (sk-learn-guide.md, hf_masked_language_model.py),
    # but their parts are words: what is drawn at random has digits among its letters,
    # or capitals where nobody writes them.
    r"""
      \b(?:sk|pk|rk)-                                 # OpenAI and its kin
      (?=[\w-]{0,200}?(?<![A-Za-z0-9])(?:
          (?=[A-Za-z0-9]{10})(?:[A-Za-z]*[0-9]){4}
        | (?=[A-Za-z0-9]{32})(?=[a-z0-9]*[A-Z])[A-Z0-9]*[a-z]
        | [0-9a-f]{4}-[0-9a-f]{12}\b
      ))[A-Za-z0-9_-]{12,}
    | \bsk-ant-[a-z]+[0-9]{2}-[A-Za-z0-9_-]{12,}      # Anthropic
    | \bhf_(?:                                        # Hugging Face
          (?=(?:[A-Za-z]*[0-9]){4})[A-Za-z0-9]{16,}
        | (?=[a-z0-9]*[A-Z])[A-Za-z0-9]{34}\b
      )
    | \b(?:gh[opsur]|github_pat)_                     # GitHub
      (?=[A-Za-z]*[0-9]|[A-Za-z]{36})[A-Za-z0-9]{16,}(?:_[A-Za-z0-9]+)*
    | \bglpat-(?=[a-z_-]{0,40}[A-Z0-9])[A-Za-z0-9_-]{16,}  # GitLab
    | \bxox[abprs]-[A-Za-z0-9_-]{16,}                 # Slack
    | \bAIza[A-Za-z0-9_-]{30,}                        # Google
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b                   # Amazon
    | (?<=Bearer\ )[A-Za-z0-9._~+/=-]{12,}
    | (?<=://)(?:                                     # in an address:
          [^\s/:@]+:[^\s/@]+                          # user and password
        | (?:(?<=http://)|(?<=https://))[^\s/?#@<>()"'`]+  # or a token alone
      )(?=@)
    | -----BEGIN[ A-Z]*PRIVATE\ KEY-----.*?-----END[ A-Z]*PRIVATE\ KEY-----
    """,
    re.VERBOSE | re.DOTALL,
)


class Redactor:
    """Takes out the values of secret environment variables, and keys by their shape."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        secrets = {
            spelled: f"[redacted {name}]"
            for name, value in environment.items()
            if is_secret_name(name) or name in _declared
            for spelled in _spell(value)
            if len(spelled) >= _SHORTEST
        }
        # A secret that contains another one goes first, or its rest would stay.
        ordered = sorted(secrets.items(), key=lambda item: -len(item[0]))
        self._secrets = [each for each in ordered if not _WORD.fullmatch(each[0])]
        self._words = [
            (re.compile(rf"{_ALONE}{re.escape(word)}(?![\w/-]|\.\w)"), name)
            for word, name in ordered
            if _WORD.fullmatch(word)
        ]

    def text(self, text: str) -> str:
        """Plain text without keys; a variable's value becomes its name."""
        for secret, name in self._secrets:
            text = text.replace(secret, name)
        for word, name in self._words:
            text = word.sub(name, text)
        return _SHAPES.sub(REDACTED, text)

    def value(self, value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
        """A JSON value with the keys taken out of every text in it."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(name)): self.value(v) for name, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(each) for each in value]
        return value

    def dump(self, value: Any, indent: int | None = None) -> str:  # noqa: ANN401
        """A JSON value as text, without keys.

        Args:
            value: What `json` can write, text with lone surrogates included. Any: JSON.
            indent: Spaces a level; None keeps it on one line.
        """
        # Cleaned before it is written: quotes and newlines of a secret look different
        # afterwards.
        clean = self.value(value)
        return json.dumps(clean, ensure_ascii=True, allow_nan=False, indent=indent)


def _spell(secret: str) -> Iterator[str]:
    """A secret as it is, as errors and JSON quote it, and each of its lines."""
    yield secret
    yield from (quote(secret)[1:-1] for quote in (repr, ascii, json.dumps))
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    for line in map(str.strip, secret.splitlines()):
        # The marks around one private key are those around any other.
        if not line.startswith("-----"):
            yield line


def declare_key(variable: str) -> None:
    """Count a variable among those that hold keys, whatever its name says.

    For the whole process, and for all that is redacted from now on.
    """
    _declared.add(variable)


def is_secret_name(name: str) -> bool:
    """Whether a variable or an option of such a name holds a key."""
    return _SECRET_NAME.search(name) is not None


def redact(text: str) -> str:
    """A text without the keys of this process's environment as it is now."""
    return Redactor(os.environ).text(text)


def redact_value(value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """A JSON value without the keys of this process's environment as it is now."""
    return Redactor(os.environ).value(value)
