"""What went wrong between us and a provider, and whether asking again may help.

litellm guesses the kind of an error from words in its text, so that a 400 that mentions
"429" comes out as a rate limit. What counts here is the HTTP status of the answer
itself, found in the chain of causes; the library's class is asked only where there was
no answer.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from agent.errors import ContextOverflowError, ModelError, ModelSetupError
from agent.models.error_answers import (
    ErrorAnswer,
    ReportedError,
    read_error_answer,
)
from agent.redaction import redact

__all__ = [
    "BrokenReplyError",
    "Fault",
    "StreamCutError",
    "find_response",
    "name_fault",
]

_MESSAGE_CHARS = 300
_HEADER_REFUSED = (
    "its key, or another header, has a line break or characters that are not ASCII"
)
_TIMEOUTS = frozenset(
    {"TimeoutError", "ReadTimeout", "ConnectTimeout", "PoolTimeout", "WriteTimeout"}
    | {"APITimeoutError", "Timeout"}
)
_BROKEN_CONNECTIONS = frozenset(
    {"ConnectError", "ReadError", "WriteError", "RemoteProtocolError", "StreamCutError"}
    | {"ConnectionError", "ConnectionResetError", "ConnectionRefusedError"}
    | {"BrokenPipeError", "ServerDisconnectedError", "ClientConnectorError"}
)
_BROKEN_REPLIES = frozenset({"BrokenReplyError", "JSONDecodeError"})
_WRONG_SETUP = frozenset(
    {"BadRequestError", "UnsupportedParamsError", "NotFoundError"}
    | {"AuthenticationError", "PermissionDeniedError", "LiteLLMUnknownProvider"}
)


class BrokenReplyError(Exception):
    """The provider's answer came whole, and is not what chat completions are."""


class StreamCutError(Exception):
    """A streamed reply stopped before it said that it was finished."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One failed request."""

    error: ModelError
    """What to raise once asking again is over, or cannot help."""
    is_passing: bool = False
    """Whether the same request may succeed later: 429, 5xx, timeout, connection."""
    is_rate_limit: bool = False
    wait_s: float | None = None
    """How long the provider asks to wait; None where it does not say."""


def name_fault(error: BaseException, model: str) -> Fault:
    """Say what an exception means that one request raised.

    Args:
        error: What was raised by one request.
        model: The model's name, for the message.
    """
    if isinstance(error, ModelError):
        return Fault(error)
    text = _one_line(error)
    if isinstance(error, ReportedError):
        return _name_answer(error.answer, f"{model} reported an error: {text}")
    response = find_response(error)
    if response is not None:
        answer = read_error_answer(response, text)
        return _name_answer(answer, f"{model} answered {answer.status}: {text}")
    told = next(filter(_is_told_by_litellm, _chain(error)), None)
    if told is not None:
        reported = _read_told(told)
        says = f"{model} reported an error: {_one_line(reported)}"
        return _name_answer(reported.answer, says)
    return _name_silence(error, model, text)


def _is_told_by_litellm(error: BaseException) -> bool:
    """Whether litellm hands on what stood in place of a reply: as a plain exception."""
    return type(error) is Exception and hasattr(error, "status_code")


def _read_told(error: BaseException) -> ReportedError:
    code = getattr(error, "status_code", None)
    # Its own number for an error that has none.
    code = None if code == HTTPStatus.UNPROCESSABLE_ENTITY else code
    message = getattr(error, "message", "") or "an error in place of a reply"
    return ReportedError({"message": message, "code": code})


def _name_silence(error: BaseException, model: str, text: str) -> Fault:
    names = {kind.__name__ for each in _chain(error) for kind in type(each).__mro__[:2]}
    # What the openai library raises before it asks at all.
    names |= {
        f"{type(each).__module__}.{type(each).__name__}" for each in _chain(error)
    }
    if any(map(_is_header_refused, _chain(error))):
        return Fault(ModelSetupError(f"cannot ask {model}: {_HEADER_REFUSED}"))
    fault = Fault(ModelError(f"cannot ask {model}: {text}"))
    status = getattr(error, "status_code", None)
    if names & _TIMEOUTS:
        late = ModelError(f"{model} did not answer in time: {text}")
        fault = Fault(late, is_passing=True)
    elif names & _BROKEN_REPLIES:
        fault = Fault(ModelError(f"{model} sent a broken reply: {text}"))
    elif names & _BROKEN_CONNECTIONS:
        broken = ModelError(f"the connection to {model} broke: {text}")
        fault = Fault(broken, is_passing=True)
    elif type(error).__name__ in _WRONG_SETUP or "openai.OpenAIError" in names:
        fault = Fault(ModelSetupError(f"cannot ask {model}: {text}"))
    elif isinstance(status, int) and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        says = f"{model} answered {status}: {text}"
        fault = _name_answer(ErrorAnswer(status, text), says)
    elif status is not None:
        # No answer came, and yet litellm speaks of a 500: it could not read the reply.
        fault = Fault(ModelError(f"{model} sent a broken reply: {text}"))
    return fault


def _is_header_refused(error: BaseException) -> bool:
    """Whether a header could not be written; the error's own text shows its value."""
    if isinstance(error, UnicodeEncodeError):
        return error.encoding == "ascii"
    return "Illegal header value" in str(error)


def _name_answer(answer: ErrorAnswer, says: str) -> Fault:
    error = ModelError(says)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS and not answer.is_unpaid:
        wait_s = answer.wait_s
        return Fault(error, is_passing=True, is_rate_limit=True, wait_s=wait_s)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Fault(error, is_passing=True, wait_s=answer.wait_s)
    return Fault(_name_refusal(answer, says))


def _name_refusal(answer: ErrorAnswer, says: str) -> ModelError:
    status = answer.status
    if answer.wants_less_room:
        return ModelSetupError(f"{says}; lower the option max_completion_tokens")
    if answer.is_overflow:
        return ContextOverflowError(says)
    if answer.is_unpaid:
        return ModelSetupError(f"{says}; the account has no credit left")
    is_key_refused = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    if is_key_refused and not answer.is_flagged:
        return ModelSetupError(f"{says}; check the key, or the option api_key_env")
    if status == HTTPStatus.NOT_FOUND:
        return ModelSetupError(f"{says}; check the model's name and api_base")
    return ModelError(says)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        at = at.__cause__ or at.__context__


def find_response(error: BaseException) -> httpx.Response | None:
    """The failing answer that came over the wire; None where none did.

    The library's exceptions carry answers of its own making too: those have no HTTP
    version.
    """
    for each in _chain(error):
        response = getattr(each, "response", None)
        if not isinstance(response, httpx.Response):
            continue
        # Looked at first: the status of a made-up answer may be no number.
        if "http_version" in response.extensions and response.is_error:
            return response
    return None


def _one_line(error: BaseException) -> str:
    text = str(getattr(error, "message", None) or error) or type(error).__name__
    text = re.sub(r"^(?:(?:litellm\.)?\w+(?:Error|Exception)(?:: | - ))+", "", text)
    text = redact(" ".join(text.split()))
    return text if len(text) <= _MESSAGE_CHARS else f"{text[:_MESSAGE_CHARS]}..."
