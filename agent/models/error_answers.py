"""An error as a provider words it: what it is about, whatever shape its body has.

Providers agree on the status at most. The same overflow stands in a message, in a code
beside an empty message, or in another provider's answer that a router wraps whole.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import httpx

__all__ = ["ErrorAnswer", "read_error_answer"]

_OVERFLOW = re.compile(
    r"context[ _](?:length|window|size)|maximum context|prompt is too long|"
    r"too many tokens|input is too long|"
    r"exceeds? (?:context|the (?:model's )?(?:max|context))|"
    r"longer than the max(?:imum)? model length|"  # vLLM
    r"`?inputs`? (?:must have less than|tokens \+ `?max_new_tokens)|"  # TGI, Together
    r"maximum prompt length is|exceeded model token limit|"  # xAI, Kimi
    r"range of input length|prompt exceeds max|"  # DashScope, GLM
    r"body too large\b.{0,80}\d tokens",  # GitHub Models
    re.IGNORECASE,
)
_REPLY_ROOM = re.compile(
    r"\bmax(?:imum)?[ _](?:completion_|output_|new_)?tokens\b.{0,40}?"
    r"(?:exceed|less than|at most|lower than|too large|too high|range|> ?\d)",
    re.IGNORECASE,
)
"""A provider's word about the room that was asked for the reply."""
_CONVERSATION = re.compile(r"\b(?:inputs?|prompt|messages)\b", re.IGNORECASE)
_ROOM_AND_BOUND = re.compile(r"tokens\W+is too large: (\d+)\D+(\d+)")
"""Of servers that name both, and the conversation's length beside them."""
_OVERFLOW_STATUS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
_REQUEST_FIELDS = frozenset({"input", "loc", "param"})
"""Of an error's body: what they hold was written by us, not by the provider."""


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """What one provider says about one request that failed."""

    status: int
    """Of HTTP."""
    words: str
    """All that the body says, a value a line."""

    @property
    def wants_less_room(self) -> bool:
        """Whether the room for the reply is too large by itself, whatever is asked.

        Then no shorter conversation would be answered either.
        """
        if self.status not in _OVERFLOW_STATUS:
            return False
        numbers = _ROOM_AND_BOUND.search(self.words)
        if numbers is not None:
            return int(numbers[1]) > int(numbers[2])
        is_about_room = _REPLY_ROOM.search(self.words) is not None
        return is_about_room and not _CONVERSATION.search(self.words)

    @property
    def is_overflow(self) -> bool:
        """Whether a shorter conversation may be answered."""
        return self.status in _OVERFLOW_STATUS and bool(_OVERFLOW.search(self.words))


def read_error_answer(response: httpx.Response, told: str) -> ErrorAnswer:
    """Read an answer that came over the wire with an error's status.

    Args:
        response: Its body may be one that nobody has read, and nobody can any more.
        told: What the library that asked says of it, for that case.
    """
    try:
        words = _read_words(json.loads(response.content))
    except httpx.StreamError:
        words = told
    except (ValueError, RecursionError):
        words = response.text
    return ErrorAnswer(response.status_code, words)


def _read_words(value: object) -> str:
    """The values of a JSON value, one a line."""
    if isinstance(value, Mapping):
        fields = value.items()
        value = [inner for name, inner in fields if name not in _REQUEST_FIELDS]
    if isinstance(value, list):
        return "\n".join(filter(None, map(_read_words, value)))
    return " ".join(str(value).split())
