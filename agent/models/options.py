"""What can be set of a language model, checked once, before anything is asked of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import parse_qsl

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from agent.errors import ModelSetupError
from agent.redaction import is_secret_name

__all__ = ["ModelOptions", "read_options", "refuse_keys"]


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Options of a model that litellm names; None leaves it to the provider."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_completion_tokens: Annotated[int, Field(gt=0)] | None = None
    """Tokens that one reply may have, reasoning included."""
    reasoning_effort: str | None = None
    """`none`, `minimal`, `low`, `medium`, `high`, as far as the model knows them."""
    seed: int | None = None
    api_base: str | None = None
    """Address of the server, for a local or a private one."""
    api_key_env: str | None = None
    """Environment variable with the key; None takes the one that litellm expects."""
    timeout_s: Annotated[float, Field(gt=0)] = 600.0
    """Time for one whole request, seconds."""
    retries: Annotated[int, Field(ge=0, le=20)] = 6
    """Further requests after a 429, a 5xx, a timeout or a broken connection."""
    max_wait_s: Annotated[float, Field(ge=0)] = 120.0
    """Longest wait before one retry; a provider that asks for more is given up."""
    concurrent: Annotated[int, Field(gt=0)] | None = None
    """Requests that may run at once, over all workers."""
    requests_per_minute: Annotated[int, Field(gt=0)] | None = None
    tokens_per_minute: Annotated[int, Field(gt=0)] | None = None
    """Prompt and completion tokens a minute, over all workers."""
    stream: bool = False
    """Whether the reply is asked for in pieces, as some servers demand."""
    client: Literal["auto", "litellm"] = "auto"
    """What speaks to the server.

    `auto` asks a server of one's own (`api_base`), with a model that litellm knows
    nothing about, directly over HTTP.
    """
    tool_calling: Literal["auto", "native", "text"] = "auto"
    """Whether tools go through the provider's tool calling, or are written as text.

    `auto` takes text where litellm's data say that the model has no tool calling.
    """
    cache_ttl: Literal["off", "5m", "1h"] = "5m"
    """How long a provider that wants cache markers keeps the stable prefix."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of `litellm.completion`. Any: JSON values."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


_NO_KEYS = frozenset({"api_key_env", "prompt_cache_key"})
"""Names that speak of keys, and whose values are none."""
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
"""Where a name in camel case has its next word."""
_PLACE_IN_LIST = re.compile(r"(?:^|_)(?:page|pagination|next|continuation)_token$")
"""Names of tokens that say where a list of results goes on."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_CARRIERS = re.compile(
    r"(?:^|_)(?:auth|authorization|cookies?|credentials?)(?:_|$)", re.IGNORECASE
)
"""Names of what takes keys to a server, among them headers."""


def read_options(options: Mapping[str, object]) -> ModelOptions:
    """Check options given by name; text is turned into numbers where it is one.

    Raises:
        ModelSetupError: An option is unknown or its value is not allowed, or a key was
            given where only the name of its environment variable may stand.
    """
    refuse_keys(options)
    try:
        return TypeAdapter(ModelOptions).validate_python(dict(options))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"][:1])
        if first["type"] == "unexpected_keyword_argument":
            known = ", ".join(sorted(each.name for each in fields(ModelOptions)))
            msg = f"unknown model option {where!r}: known are {known}"
        else:
            msg = f"model option {where}={first['input']!r}: {first['msg']}"
        raise ModelSetupError(msg) from None


def refuse_keys(options: Mapping[str, object]) -> None:
    """Refuse options that may hold a key, however deep: results record all of them.

    Raises:
        ModelSetupError: There is one.
    """
    found = _find_key(options)
    if found is not None:
        msg = (
            f"model option {found!r} would write a key into results: set api_key_env "
            "to the name of an environment variable that holds it, or the variable "
            "that litellm reads for it"
        )
        raise ModelSetupError(msg)


def _find_key(options: Mapping[str, object], path: str = "") -> str | None:
    """The name of an option that may hold a key, with the names of what it is in."""
    for name, value in options.items():
        at = f"{path}.{name}" if path else str(name)
        # A schema's `properties: {token: {type: string}}` describes one, and has none.
        is_secret = _speaks_of_key(name) and not isinstance(value, Mapping)
        if (is_secret or _carries_key(name)) and _has_text(value):
            return at
        found = _find_key_within(value, at)
        if found is not None:
            return found
    return None


def _find_key_within(value: object, at: str) -> str | None:
    if isinstance(value, Mapping):
        return _find_key(value, at)
    if isinstance(value, list | tuple):
        return next(filter(None, (_find_key_within(one, at) for one in value)), None)
    return at if isinstance(value, str) and _has_key_in_query(value) else None


def _speaks_of_key(name: object) -> bool:
    spelled = _spell(name)
    is_other = spelled in _NO_KEYS or _PLACE_IN_LIST.search(spelled)
    return is_secret_name(spelled) and not is_other


def _carries_key(name: object) -> bool:
    return _CARRIERS.search(_spell(name)) is not None


def _spell(name: object) -> str:
    """A name in snake case, however it is spelled."""
    return _CAPITAL.sub("_", str(name)).replace("-", "_").lower()


def _has_key_in_query(value: str) -> bool:
    """Whether it is an address that carries a key, as `?api_key=...` does."""
    if not _ADDRESS.fullmatch(value.strip()):
        return False
    names = [name for name, _ in parse_qsl(value.partition("?")[2])]
    return any(_speaks_of_key(name) or _carries_key(name) for name in names)


def _has_text(value: object) -> bool:
    """Whether there is any; numbers are no keys, as in `stop_token_ids: [2]`."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return any(_has_text(each) for each in value)
    return isinstance(value, str) and bool(value)
