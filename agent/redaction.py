"""Keys out of everything that is written or shown."""

import os
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["REDACTED", "redact", "redact_value"]

REDACTED = "[redacted]"

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS)(?:_|$)",
    re.IGNORECASE,
)
_SHORTEST = 8
_SHAPES = re.compile(
    r"""
      \b(?:sk|pk|rk)-[A-Za-z0-9_-]{12,}               # OpenAI, Anthropic and their kin
    | \b(?:gh[opsur]|github_pat|glpat|hf|xox[abprs])[_-][A-Za-z0-9_-]{16,}
    | \bAIza[A-Za-z0-9_-]{30,}                        # Google
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b                   # Amazon
    | (?<=Bearer\ )[A-Za-z0-9._~+/=-]{12,}
    | (?<=://)[^\s/:@]+:[^\s/@]+(?=@)                 # user and password in an address
    | -----BEGIN[ A-Z]*PRIVATE\ KEY-----.*?-----END[ A-Z]*PRIVATE\ KEY-----
    """,
    re.VERBOSE | re.DOTALL,
)


def redact(text: str, environ: Mapping[str, str] | None = None) -> str:
    """Replace every key in a text.

    Found are values of environment variables whose names speak of secrets, and whatever
    has the shape of a well-known kind of key.

    Args:
        text: Anything that is about to be written or shown.
        environ: Where secrets are looked up; None stands for the process's own.
    """
    environ = os.environ if environ is None else environ
    secrets = {
        value
        for name, value in environ.items()
        if len(value) >= _SHORTEST and _SECRET_NAME.search(name)
    }
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return _SHAPES.sub(REDACTED, text)


def redact_value(value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """A JSON value with the keys taken out of every text in it."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact(str(name)): redact_value(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [redact_value(each) for each in value]
    return value
