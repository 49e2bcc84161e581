"""What a model can do, as far as litellm's own data say."""

import os
import re
from collections.abc import Mapping
from typing import Any

from agent.errors import ModelSetupError
from agent.models.litellm_library import load_litellm

__all__ = [
    "find_context_window",
    "find_missing_keys",
    "has_provider",
    "has_tool_calling",
    "is_known",
    "wants_cache_markers",
]

_NO_PROVIDER = "LLM Provider NOT provided"
_OTHER_WORDS = {"cohere": "CO_", "gemini": "GOOGLE_", "huggingface": "HF_"}
"""What keys of a provider begin with, where it is not the provider's own name."""


def is_known(name: str) -> bool:
    """Whether litellm has data, and so rules of its own, for this very model."""
    return _find_info(name) is not None


def has_tool_calling(name: str, api_base: str | None = None) -> bool:
    """Whether tools go through the provider's tool calling.

    A model that litellm knows nothing about is taken to have it: it is somebody's own
    server, and those mostly do. Where it does not, the option `tool_calling` says so.

    Args:
        name: As litellm names it.
        api_base: Its server; Ollama's is asked about the model's template.

    Raises:
        ModelSetupError: Ollama was asked, and did not answer. litellm keeps that.
    """
    info = _find_info(name, api_base)
    if info is None:
        return True
    knows = info.get("supports_function_calling")
    if knows is None and info.get("litellm_provider") == "ollama":
        msg = (
            f"Ollama does not say whether {name} knows tools: see that it runs, or set "
            "the option tool_calling to native or to text"
        )
        raise ModelSetupError(msg)
    return bool(knows)


def find_context_window(name: str, api_base: str | None = None) -> int | None:
    """Tokens that a conversation may have; None where it is not known.

    Args:
        name: As litellm names it.
        api_base: Its server; Ollama's is asked about the model.
    """
    info = _find_info(name, api_base) or {}
    tokens = info.get("max_input_tokens")
    return int(tokens) if tokens else None


def has_provider(
    name: str, provider: str | None = None, api_base: str | None = None
) -> bool:
    """Whether litellm knows whom to ask for a model of this name.

    Args:
        name: As litellm names it.
        provider: The one that is to serve it; None leaves it to the name.
        api_base: Its server, which may be known as a provider's.
    """
    litellm = load_litellm()
    try:
        litellm.get_llm_provider(name, provider, api_base)
    except Exception as error:  # noqa: BLE001 - some log in here, and fail in their way
        return _NO_PROVIDER not in str(error)
    return True


def find_missing_keys(name: str) -> tuple[str, ...]:
    """Variables of which the environment should have one; empty where nothing is amiss.

    Only of providers that take nothing but a key. Others find theirs in files, or of
    the machine they run on. One that is spelled otherwise (`ANTHROPIC_AUTH_TOKEN`) may
    do as well, and one without a value is none.
    """
    litellm = load_litellm()
    missing: tuple[str, ...] = tuple(litellm.validate_environment(name)["missing_keys"])
    if not all(one.endswith("_API_KEY") for one in missing):
        return ()
    words = (*_find_words(name), *(one.removesuffix("API_KEY") for one in missing))
    named = {one: key for one, key in os.environ.items() if one.startswith(words)}
    if any(key.strip() for key in named.values()):
        return ()
    # litellm looks at names alone.
    return missing or tuple(one for one in named if one.endswith("_API_KEY"))


def _find_words(name: str) -> tuple[str, ...]:
    """What variables with a key to this model may begin with."""
    try:
        provider = load_litellm().get_llm_provider(name)[1]
    except Exception:  # noqa: BLE001 - as in `has_provider`
        return ()
    word = re.split(r"[_-]", provider)[0]
    return tuple(filter(None, (word.upper(), _OTHER_WORDS.get(word))))


def wants_cache_markers(name: str) -> bool:
    """Whether the provider caches only what is marked: Anthropic's models do.

    Elsewhere prefixes are cached without asking, or for a fee of their own.
    """
    return "claude" in name.lower()


def _find_info(name: str, api_base: str | None = None) -> Mapping[str, Any] | None:
    """What litellm records of a model; None where it has none. Any: JSON values."""
    litellm = load_litellm()
    try:
        info: Mapping[str, Any] = litellm.get_model_info(name, api_base=api_base)
    except Exception:  # noqa: BLE001 - it raises a plain Exception for an unknown model
        return None
    return info
