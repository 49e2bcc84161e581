"""An error as a provider words it: what it is about, whatever shape its body has.

Providers agree on the status at most. The same overflow stands in a message, in a code
beside an empty message, or in another provider's answer that a router wraps whole.
"""

import email.utils
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import httpx

__all__ = ["ErrorAnswer", "ReportedError", "read_error_answer"]

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
_NO_CREDIT = re.compile(
    r"insufficient_quota|exceeded your current quota|credit balance is too low|"
    r"billing_(?:hard_limit|not_active)",
    re.IGNORECASE,
)
_NO_CREDIT_STATUS = (
    HTTPStatus.BAD_REQUEST,  # Anthropic
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
)
_FLAGGED = re.compile(r"moderation|flagged|content[ _]policy", re.IGNORECASE)
_RETRY_IN = re.compile(r'"?retry(?:Delay| in)"?\W+(\d+(?:\.\d+)?) ?s', re.IGNORECASE)
"""Google's word, in a field and in the message."""
_KINDS = (
    (re.compile(r"rate.?limit|quota|resource_exhausted", re.I), 429),
    (_OVERFLOW, 400),
    (
        re.compile(
            r"authentication_error|unauthenticated|"
            r"(?:invalid|incorrect)[ _]api[ _]?key|api[ _]key not valid",
            re.I,
        ),
        401,
    ),
    (re.compile(r"permission_(?:error|denied)|insufficient_permissions", re.I), 403),
    (re.compile(r"not_found", re.I), 404),
    (re.compile(r"invalid_request", re.I), 400),
)
"""Words of an error that names no status, and the status that they stand for."""
_REQUEST_FIELDS = frozenset({"input", "loc", "param"})
"""Of an error's body: what they hold was written by us, not by the provider."""


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """What one provider says about one request that failed."""

    status: int
    """Of HTTP."""
    words: str
    """All that the body says, a value a line."""
    wait_s: float | None = None
    """How long it asks to wait; None where it does not say."""

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

    @property
    def is_unpaid(self) -> bool:
        """Whether nothing will be answered until somebody pays.

        A free tier speaks of quota and billing as well, each minute; it says when to
        come back.
        """
        if self.status in _NO_CREDIT_STATUS and self.wait_s is None:
            return _NO_CREDIT.search(self.words) is not None
        return self.status == HTTPStatus.PAYMENT_REQUIRED

    @property
    def is_flagged(self) -> bool:
        """Whether it refuses what was said, and not who says it."""
        return self.status == HTTPStatus.FORBIDDEN and bool(_FLAGGED.search(self.words))


class ReportedError(Exception):
    """An error in place of a reply, in an answer whose status says that all is well."""

    def __init__(self, error: object) -> None:
        """Take what stands where an error does.

        Args:
            error: A JSON value: mostly an object with a message and a code.
        """
        fields = error if isinstance(error, Mapping) else {"message": error}
        words = _read_words(fields)
        super().__init__(str(fields.get("message") or words))
        code = fields.get("code")
        status = _find_status(code if code is not None else fields.get("status"), words)
        self.answer = ErrorAnswer(status, words, _find_retry_in(words))


def _find_status(code: object, words: str) -> int:
    if re.fullmatch(r"[45]\d\d", str(code)):
        return int(str(code))
    named = (status for kind, status in _KINDS if kind.search(words))
    # The request was taken, and then something behind it gave up.
    return next(named, HTTPStatus.BAD_GATEWAY)


def read_error_answer(response: httpx.Response, told: str) -> ErrorAnswer:
    """Read an answer that came over the wire with an error's status.

    Args:
        response: Its body may be one that nobody has read, and nobody can any more.
        told: What the library that asked says of it, for that case.
    """
    try:
        text = response.text
        words = _read_words(json.loads(text))
    except httpx.StreamError:
        text = words = told
    except (ValueError, RecursionError):
        words = text
    return ErrorAnswer(response.status_code, words, _read_wait(response.headers, text))


def _read_wait(headers: httpx.Headers, body: str) -> float | None:
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return float(text) / unit
        if (when_s := _read_date(text)) is not None:
            return max(0.0, when_s - time.time())
    return _find_retry_in(body)


def _find_retry_in(text: str) -> float | None:
    told = _RETRY_IN.search(text)
    return float(told[1]) if told else None


def _read_date(text: str) -> float | None:
    """A date as seconds since 1970; None where it is none, or no calendar has it."""
    when = email.utils.parsedate_tz(text)
    try:
        return email.utils.mktime_tz(when) if when else None
    except (ValueError, OverflowError):
        return None


def _read_words(value: object) -> str:
    """The values of a JSON value, one a line."""
    if isinstance(value, Mapping):
        fields = value.items()
        value = [inner for name, inner in fields if name not in _REQUEST_FIELDS]
    if isinstance(value, list):
        return "\n".join(filter(None, map(_read_words, value)))
    return " ".join(str(value).split())
