"""Keep the host's keys out of every file that is written.

All writing of an experiment goes through one `Redactor`, so a key that a provider
repeats in an error message, or a model in an answer, still ends here.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["Redactor"]

SECRET_NAME = re.compile(
    r"(^|_)(API_?KEY|KEY|SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIALS?)(_|$)",
    re.IGNORECASE,
)
"""Environment variables whose value is a secret, by their name."""

SHORTEST_SECRET = 8
"""Characters; shorter values are flags such as `1`, and would blank ordinary text."""


class Redactor:
    """Replaces the values of secret environment variables by their names."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        secrets = {
            value: f"[redacted {name}]"
            for name, value in environment.items()
            if SECRET_NAME.search(name) and len(value) >= SHORTEST_SECRET
        }
        # A secret that contains another one goes first, or its rest would stay.
        self._secrets = sorted(secrets.items(), key=lambda item: -len(item[0]))

    def text(self, text: str) -> str:
        """Plain text without the secrets."""
        for secret, name in self._secrets:
            text = text.replace(secret, name)
        return text

    def dump(self, value: Any, indent: int | None = None) -> str:  # noqa: ANN401
        """A JSON value without the secrets.

        Args:
            value: What `json` can write, text with lone surrogates included. Any: JSON.
            indent: Spaces a level; None keeps it on one line.
        """
        # Cleaned before it is written: quotes and newlines of a secret look different
        # afterwards.
        clean = self._clean(value)
        return json.dumps(clean, ensure_ascii=True, allow_nan=False, indent=indent)

    def _clean(self, value: Any) -> Any:  # noqa: ANN401  # JSON in, JSON out
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self._clean(v) for key, v in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(item) for item in value]
        return value
