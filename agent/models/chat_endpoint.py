"""A server of one's own that speaks chat completions, asked without a library between.

litellm spends several milliseconds of processor time on each request: prices, logs,
callbacks. With many rollouts in one process that is what bounds them. Where a server
and its model are unknown to litellm there is nothing that it could translate, so the
request goes straight over HTTP; docs/decisions/0065-asking-directly.md has the reasons.
"""

import atexit
import json
import os
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import httpx

from agent.errors import ModelSetupError
from agent.models.capabilities import is_known
from agent.models.faults import BrokenReplyError
from agent.models.options import ModelOptions
from agent.redaction import redact

__all__ = ["ChatEndpoint", "clean_key", "find_endpoint"]

_KEYS = {"openai": "OPENAI_API_KEY", "hosted_vllm": "HOSTED_VLLM_API_KEY"}
"""Providers that are nothing but the protocol, and where litellm looks for a key."""
_NEEDS_KEY = "openai"
_EXTRAS = frozenset({"extra_body"})
_LOCAL = frozenset({"model", "api_base", "api_key", "extra_body"})
"""Arguments of `litellm.completion` that are no part of a request's body."""
_LIBRARY_ONLY = frozenset({"timeout", "max_retries", "num_retries"})
_KEPT_ALIVE_S = 60.0
_ERROR_CHARACTERS = 10_000
_KEEPS_BODY = (HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT)
_MOST_REDIRECTS = 5


class RefusedError(Exception):
    """The server answered with an error's status."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(response.text[:_ERROR_CHARACTERS])
        self.response = response
        self.message = _read_message(response)


class ChatEndpoint:
    """Chat completions of one model on one server."""

    def __init__(self, model: str, api_base: str) -> None:
        """Describe it; nothing is asked yet.

        Args:
            model: As litellm names it, `PROVIDER/NAME`.
            api_base: The address up to, and without, `/chat/completions`.
        """
        self._provider, _, self._model = model.partition("/")
        self._url = f"{api_base.rstrip('/')}/chat/completions"

    def complete(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask once.

        Args:
            request: As for `litellm.completion`. Any: JSON values.

        Returns:
            The server's JSON object, unread.

        Raises:
            ModelSetupError: There is no key where one is needed, or the server sends
                the request elsewhere.
            RefusedError: The server answered with an error's status.
            BrokenReplyError: Its answer is no JSON object.
            httpx.HTTPError: No whole answer came.
        """
        left_out = _LOCAL | _LIBRARY_ONLY
        body = {name: value for name, value in request.items() if name not in left_out}
        body = {"model": self._model, **body, **(request.get("extra_body") or {})}
        response = _send(
            _client().build_request(
                "POST",
                self._url,
                content=json.dumps(body).encode(),
                headers=self._write_headers(request.get("api_key")),
                timeout=request["timeout"],
            )
        )
        if response.next_request is not None:
            msg = redact(
                f"{self._url} sends requests on to {response.next_request.url}: "
                "name that server in the option api_base"
            )
            raise ModelSetupError(msg)
        if response.is_error:
            raise RefusedError(response)
        return _read_object(response.content)

    def check_key(self, key: str | None) -> None:
        """See whether there is a key, where one is needed.

        Args:
            key: The one that was given, if one was.

        Raises:
            ModelSetupError: There is none, or it is none.
        """
        self._write_headers(key)

    def _write_headers(self, key: str | None) -> dict[str, str]:
        variable = _KEYS[self._provider]
        key = key or clean_key(os.environ.get(variable, ""), variable)
        if not key and self._provider == _NEEDS_KEY:
            msg = f"no key: set {variable}, or the option api_key_env"
            raise ModelSetupError(msg)
        headers = {"Content-Type": "application/json"}
        return headers | ({"Authorization": f"Bearer {key}"} if key else {})


def find_endpoint(model: str, options: ModelOptions) -> ChatEndpoint | None:
    """The server to ask directly; None where litellm has to be in between."""
    provider = model.partition("/")[0]
    if (
        options.client != "auto"
        or options.api_base is None
        or options.stream
        or provider not in _KEYS
        or not set(options.extra) <= _EXTRAS
        or is_known(model)
    ):
        return None
    return ChatEndpoint(model, options.api_base)


def clean_key(key: str, variable: str) -> str:
    """A key without the line break that it was copied with.

    Args:
        key: As the environment has it.
        variable: Where it stands, for the message, which does not show it.

    Raises:
        ModelSetupError: No header can carry it.
    """
    key = key.strip()
    if not key.isascii() or not key.isprintable():
        msg = (
            f"the key in {variable} is none: it has a line break, or characters that "
            "are not ASCII; copy it again"
        )
        raise ModelSetupError(msg)
    return key


@cache
def _client() -> httpx.Client:
    """The connections of this process, shared by all its models and threads.

    How many may be open is for `concurrent` to say.
    """
    limits = httpx.Limits(
        max_connections=None,
        max_keepalive_connections=None,
        keepalive_expiry=_KEPT_ALIVE_S,
    )
    client = httpx.Client(limits=limits, follow_redirects=False)
    atexit.register(client.close)
    return client


def _send(request: httpx.Request) -> httpx.Response:
    """Send a request, and again where its own server wants it at another path.

    Another server is not sent the key. And of the statuses that send on only two leave
    a request its body; without, it would be refused for that.
    """
    response = _client().send(request)
    for _ in range(_MOST_REDIRECTS):
        onward = response.next_request
        if (
            onward is None
            or response.status_code not in _KEEPS_BODY
            or _find_origin(onward.url) != _find_origin(request.url)
        ):
            break
        response = _client().send(onward)
    return response


def _find_origin(url: httpx.URL) -> tuple[str, bytes]:
    return url.scheme, url.netloc


def _read_object(content: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        msg = f"it is no JSON: {error}"
        raise BrokenReplyError(msg) from None
    if not isinstance(value, dict):
        msg = f"it is no JSON object: {str(value)[:100]}"
        raise BrokenReplyError(msg)
    return value


def _read_message(response: httpx.Response) -> str:
    """What an error's body says, as servers variously write it."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        body = None
    said = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(said, dict):
        said = said.get("message") or said.get("detail")
    text = said if isinstance(said, str) else response.text
    return text[:_ERROR_CHARACTERS] or response.reason_phrase
