"""Every model that litellm names, behind our seam.

A request is built, sent within its time, and its answer read. Around that stand the
gate shared by all workers and our own retries: a 429, a 5xx, a timeout and a broken
connection are asked again, nothing else ever is.
"""

import json
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from types import ModuleType
from typing import Any

from agent.errors import ModelError, ModelSetupError
from agent.messages import Message, ToolSpec
from agent.model import Reply
from agent.models.cache_markers import mark_prefix
from agent.models.capabilities import (
    find_context_window,
    find_missing_keys,
    has_provider,
    has_tool_calling,
    wants_cache_markers,
)
from agent.models.chat_completions import read_reply, write_messages, write_tools
from agent.models.chat_endpoint import ChatEndpoint, clean_key, find_endpoint
from agent.models.deadline import run_within
from agent.models.error_answers import ReportedError
from agent.models.faults import Fault, find_response, name_fault
from agent.models.litellm_library import load_litellm
from agent.models.options import ModelOptions
from agent.models.rate_limits import RateLimits
from agent.models.streams import gather_stream
from agent.models.text_protocol import read_text_calls, write_as_text
from agent.redaction import declare_key

__all__ = ["LiteLLMModel"]

_FIRST_WAIT_S = 1.0
_LONGEST_BACKOFF_S = 60.0
_OLLAMA = ("ollama_chat/", "ollama/")
_OLLAMA_COUNTS = ("prompt_eval_count", "eval_count")
"""Left out by a server of Ollama's for a prompt that it still had."""


class LiteLLMModel:
    """A language model, asked through litellm."""

    def __init__(
        self,
        name: str,
        options: ModelOptions | None = None,
        *,
        limits: RateLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Describe the model; nothing is imported or asked yet.

        Args:
            name: As litellm names it.
            options: Everything else that can be set.
            limits: The gate to share with other models of the same provider.
            clock: Seconds, for durations and waits; tests pass their own.
            sleep: How to wait; tests pass their own.
        """
        self.name = name
        self._options = options or ModelOptions()
        if self._options.api_key_env is not None:
            declare_key(self._options.api_key_env)
        self._limits = limits or RateLimits(
            concurrent=self._options.concurrent,
            requests_per_minute=self._options.requests_per_minute,
            tokens_per_minute=self._options.tokens_per_minute,
            clock=clock,
            sleep=sleep,
        )
        self._clock = clock
        self._sleep = sleep
        self._jitter = random.Random()

    @cached_property
    def context_tokens(self) -> int | None:
        """As litellm's data have it."""
        return find_context_window(self.name, self._options.api_base)

    def check_access(self) -> None:
        """Refuse what the first request would be refused for, without asking.

        Raises:
            ModelSetupError: Nobody serves a model of this name, or its key is missing.
        """
        key, api_base = self._find_key(), self._options.api_base
        provider = self._options.extra.get("custom_llm_provider")
        if self._endpoint is not None:
            self._endpoint.check_key(key)
        elif not has_provider(self.name, provider, api_base):
            msg = (
                f"nobody serves {self.name!r}: write PROVIDER/NAME as litellm has it, "
                "for one anthropic/claude-sonnet-4-5"
            )
            raise ModelSetupError(msg)
        elif key is None and provider is None:
            missing = find_missing_keys(self.name)
            # OpenAI's client wants one for whatever server.
            if missing and (api_base is None or missing == ("OPENAI_API_KEY",)):
                free = "" if api_base is None else " (any text, if it asks for none)"
                msg = (
                    f"{self.name} needs a key: set {' or '.join(missing)}{free}, "
                    "or the option api_key_env"
                )
                raise ModelSetupError(msg)

    def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Reply:
        """Ask the model, and ask again where that may help.

        Raises:
            ContextOverflowError: The conversation is longer than the model's window.
            ModelSetupError: Key, name or options are wrong.
            ModelError: The provider failed for good, or its retries are over.
        """
        request = self._build_request(messages, tools)
        taken = frozenset(
            call.call_id for message in messages for call in message.tool_calls
        )
        began = self._clock()
        for attempt in range(self._options.retries + 1):
            with self._limits.slot():
                asked = self._clock()
                try:
                    reply = self._read(self._ask(request), taken)
                except Exception as error:  # noqa: BLE001 - litellm raises anything
                    fault = name_fault(error, self.name)
                else:
                    return self._account(reply, began, asked, attempt + 1)
            wait_s = self._choose_wait(fault, attempt)
            if not fault.is_passing or attempt == self._options.retries:
                raise _after_attempts(fault, attempt + 1)
            if (fault.wait_s or 0.0) > self._options.max_wait_s:
                raise _after_refusal_to_wait(fault, wait_s, self._options.max_wait_s)
            if not fault.is_rate_limit:
                self._sleep(wait_s)
        raise AssertionError  # the last attempt returned or raised

    def _build_request(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> dict[str, Any]:
        options = self._options
        if not self._has_tool_calling:
            messages, tools = write_as_text(messages, tools), ()
        written = write_messages(messages)
        if options.cache_ttl != "off" and wants_cache_markers(self.name):
            written = mark_prefix(written, options.cache_ttl)
        request: dict[str, Any] = {
            "model": self.name,
            "messages": written,
            "temperature": options.temperature,
            "max_completion_tokens": options.max_completion_tokens,
            "reasoning_effort": options.reasoning_effort,
            "seed": options.seed,
            "api_base": options.api_base,
            "api_key": self._find_key(),
            "tools": write_tools(tools) or None,
        }
        request = {name: value for name, value in request.items() if value is not None}
        fixed = {"timeout": options.timeout_s, "max_retries": 0, "num_retries": 0}
        return request | dict(options.extra) | fixed

    @cached_property
    def _has_tool_calling(self) -> bool:
        if self._options.tool_calling == "auto":
            return has_tool_calling(self.name, self._options.api_base)
        return self._options.tool_calling == "native"

    def _read(self, completion: Mapping[str, Any], taken: frozenset[str]) -> Reply:
        reply = read_reply(completion, taken)
        return reply if self._has_tool_calling else read_text_calls(reply, taken)

    def _find_key(self) -> str | None:
        variable = self._options.api_key_env
        if variable is None:
            return None
        key = clean_key(os.environ.get(variable, ""), variable)
        if not key:
            msg = f"{self.name} needs a key: the environment has no {variable}"
            raise ModelSetupError(msg)
        return key

    @cached_property
    def _endpoint(self) -> ChatEndpoint | None:
        return find_endpoint(self.name, self._options)

    def _ask(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._endpoint is not None:
            ask = partial(self._endpoint.complete, request)
        elif self._options.stream:
            ask = partial(gather_stream, load_litellm(), request)
        else:
            ask = partial(_ask_library, load_litellm(), request)
        return run_within(ask, self._options.timeout_s)

    def _account(
        self, reply: Reply, began: float, asked: float, attempts: int
    ) -> Reply:
        used = reply.usage.prompt_tokens + reply.usage.completion_tokens
        self._limits.count_tokens(used)
        return replace(
            reply,
            duration_s=self._clock() - asked,
            waited_s=asked - began,
            attempts=attempts,
        )

    def _choose_wait(self, fault: Fault, attempt: int) -> float:
        """How long to wait: ever longer, and at least as long as the provider says.

        After a rate limit all workers wait, at the gate.
        """
        longest_s = self._options.max_wait_s
        backoff_s = min(_FIRST_WAIT_S * 2.0**attempt, _LONGEST_BACKOFF_S)
        backoff_s *= self._jitter.uniform(0.5, 1.0)
        wait_s: float = max(fault.wait_s or 0.0, min(backoff_s, longest_s))
        if fault.is_rate_limit:
            self._limits.close_for(min(wait_s, longest_s))
        return wait_s


def _ask_library(litellm: ModuleType, request: Mapping[str, Any]) -> Mapping[str, Any]:
    answer = ""

    def hear(details: Mapping[str, Any]) -> None:
        nonlocal answer
        answer = str(details.get("original_response") or "")

    try:
        asked = litellm.completion(**request, logger_fn=hear)
    except Exception as error:
        told = _read_error(answer)
        if told and find_response(error) is None:
            raise ReportedError(told) from error
        raise
    completion: dict[str, Any] = asked.model_dump()
    is_counted = all(f'"{name}"' in answer for name in _OLLAMA_COUNTS)
    if request["model"].startswith(_OLLAMA) and not is_counted:
        # litellm counts words in their place. What `ollama/` answers it does not show.
        completion["usage"] = None
    return completion


def _read_error(answer: str) -> object:
    """The error that a provider wrote into an answer; None where there is none."""
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    return value.get("error") if isinstance(value, dict) else None


def _after_attempts(fault: Fault, attempts: int) -> ModelError:
    if attempts == 1:
        return fault.error
    return type(fault.error)(f"{fault.error}; asked {attempts} times")


def _after_refusal_to_wait(fault: Fault, wait_s: float, longest_s: float) -> ModelError:
    return type(fault.error)(
        f"{fault.error}; it asks to wait {wait_s:.0f} s, and max_wait_s is "
        f"{longest_s:.0f}"
    )
