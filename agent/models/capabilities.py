"""What a model can do, as far as litellm's own data say."""

import os
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


def has_provider(name: str, arguments: Mapping[str, Any]) -> bool:
    """Whether litellm knows whom to ask for a model of this name.

    Args:
        name: As litellm names it.
        arguments: Of `litellm.completion`, one of which may name the provider.
    """
    litellm = load_litellm()
    try:
        litellm.get_llm_provider(name, arguments.get("custom_llm_provider"))
    except Exception as error:  # noqa: BLE001 - some log in here, and fail in their way
        return _NO_PROVIDER not in str(error)
    return True


def find_missing_keys(name: str) -> tuple[str, ...]:
    """Variables of which the environment should have one; empty where nothing is amiss.

    Only of providers that take nothing but a key. Others find theirs in files, or of
    the machine they run on.
    """
    found = load_litellm().validate_environment(name)
    missing: tuple[str, ...] = tuple(found["missing_keys"])
    providers = tuple(one.removesuffix("API_KEY") for one in missing)
    if not all(one.endswith("_") for one in providers):
        return ()
    # One that is spelled otherwise (`ANTHROPIC_AUTH_TOKEN`) may do as well.
    return () if any(one.startswith(providers) for one in os.environ) else missing


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
