"""Models by name, and the options that go with them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ModelSetupError
from agent.models.loading import check_access, load_model


def test_a_litellm_name_is_loaded_without_importing_the_library() -> None:
    code = (
        "import sys; from agent.models.loading import load_model; "
        "print(load_model('openai/gpt-5-mini', temperature='0.5').name, "
        "'litellm' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["openai/gpt-5-mini", "False"]


def test_without_the_library_one_line_says_how_to_install_it() -> None:
    """A plain installation lacks httpx too, which made --model a traceback."""
    code = (
        "import sys; sys.modules['httpx'] = None\n"
        "from agent.errors import ModelSetupError\n"
        "from agent.models.loading import load_model\n"
        "try: load_model('openai/gpt-5-mini')\n"
        "except ModelSetupError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert 'pip install "swe-features[models]"' in done.stdout


def test_the_offline_model_is_loaded_by_its_name() -> None:
    assert load_model("offline").name == "offline"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("", {}, "no name"),
        ("offline", {"temperature": 1}, "knows no option but seed: remove temperature"),
        ("openai/m", {"temprature": 1}, "unknown model option 'temprature': known are"),
        ("openai/m", {"temperature": "warm"}, "temperature='warm'"),
        ("openai/m", {"timeout_s": 0}, "timeout_s=0"),
        ("openai/m", {"api_key": "x"}, "api_key_env"),
        ("openai/m", {"extra": {"api_key": "x"}}, "api_key_env"),
        ("openai/m", {"aws_secret_access_key": "x"}, "would write a key"),
        ("openai/m", {"extra": {"aws_secret_access_key": "x"}}, "extra.aws_secret"),
        ("openai/m", {"extra": {"azure_ad_token": "x"}}, "extra.azure_ad_token"),
        ("openai/m", {"extra": {"vertex_credentials": {"a": "x"}}}, "vertex_cred"),
        ("openai/m", {"extra": {"extra_headers": {"x-auth": "x"}}}, "x-auth"),
        ("openai/m", {"extra": {"extra_body": {"a": [{"x-api-key": "x"}]}}}, "x-api"),
        ("openai/m", {"extra": {"Authorization": "x"}}, "extra.Authorization"),
        ("openai/m", {"extra": {"extra_body": {"accessToken": "x"}}}, "accessToken"),
        ("openai/m", {"extra": {"clientSecret": "x"}}, "extra.clientSecret"),
        ("openai/m", {"api_base": "https://a.example/v1?api_key=x"}, "'api_base'"),
        ("openai/m", {"extra": {"base_url": "https://a.example?key=x"}}, "base_url"),
        ("openai/m", {"api_base": "https://a.example/?accessToken=x"}, "'api_base'"),
        ("openai/m", {"api_base": "https://a.example/?a=1&x-auth=x"}, "'api_base'"),
        ("openai/m", {"extra": {"urls": ["https://a.example?key=x"]}}, "extra.urls"),
        ("openai/m", {"extra": {"a": [[{"token": "x"}]]}}, "extra.a.token"),
        ("offline", {"extra": {"password": "x"}}, "extra.password"),
    ],
)
def test_a_wrong_name_or_option_is_refused_with_its_value(
    name: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelSetupError, match=message):
        load_model(name, **options)


def test_a_key_is_refused_where_a_recording_answers_too(tmp_path: Path) -> None:
    """No model is asked then, but the options stand in the manifest all the same."""
    with pytest.raises(ModelSetupError, match=r"extra\.client_secret"):
        load_model("openai/m", replay=tmp_path, extra={"client_secret": "x"})


@pytest.mark.parametrize(
    "options",
    [
        {"max_completion_tokens": 8000, "tokens_per_minute": 100_000},
        {"api_key_env": "EXAMPLE_KEY"},
        {"extra": {"max_tokens": 8000, "prompt_cache_key": "runs"}},
        {"extra": {"maxTokens": "8000", "promptCacheKey": "runs"}},
        {"api_base": "https://a.example/v1?api-version=2026-01-01"},
        {"api_base": "https://a.example/v1?pagination_token=1&nextPageToken=x"},
        {"extra": {"extra_body": {"page_token": "x"}}},
        {"extra": {"extra_body": {"system": "see https://a.example/?key=a"}}},
        {"extra": {"extra_headers": {"X-Title": "runs", "anthropic-beta": "x-1"}}},
        {"extra": {"thinking": {"type": "enabled", "budget_tokens": 1024}}},
        {"extra": {"extra_body": {"stop_token_ids": [2], "return_token_ids": True}}},
        {"extra": {"json_schema": {"properties": {"token": {"type": "string"}}}}},
    ],
)
def test_options_that_only_speak_of_tokens_and_keys_are_taken(
    options: dict[str, Any],
) -> None:
    assert load_model("openai/m", **options).name == "openai/m"


@pytest.fixture
def keyless(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    words = "OPENAI ANTHROPIC GEMINI GOOGLE_ NONE_ DEEPSEEK TOGETHER PERPLEXITY HF_ "
    words += "HUGGINGFACE CO_ COHERE"
    for name in list(os.environ):
        if name.startswith(tuple(words.split())):
            monkeypatch.delenv(name)
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("anthropic/claude-sonnet-4-5", {}, "set ANTHROPIC_API_KEY, or the option"),
        ("gpt-5-mini", {}, "set OPENAI_API_KEY"),
        ("gemini/gemini-2.5-pro", {}, "set GOOGLE_API_KEY or GEMINI_API_KEY"),
        ("openai/m", {"api_base": "http://127.0.0.1:9/v1"}, "set OPENAI_API_KEY"),
        (
            "openai/gpt-4o",
            {"api_base": "http://127.0.0.1:9/v1"},
            r"set OPENAI_API_KEY \(any text, if it asks for none\), or",
        ),
        (
            "openai/m",
            {"api_base": "http://127.0.0.1:9/v1", "client": "litellm"},
            "set OPENAI_API_KEY",
        ),
        ("openai/m", {"api_key_env": "NONE_HERE"}, "has no NONE_HERE"),
        ("nobody/m", {}, "nobody serves 'nobody/m': write PROVIDER/NAME"),
        ("m", {}, "nobody serves 'm'"),
        ("m", {"api_base": "http://127.0.0.1:9/v1"}, "nobody serves 'm'"),
        ("together_ai/m", {}, "set TOGETHERAI_API_KEY"),
        ("cohere/command-r", {}, "set COHERE_API_KEY"),
        ("huggingface/m", {}, "set HUGGINGFACE_API_KEY"),
    ],
)
@pytest.mark.usefixtures("keyless")
def test_what_the_first_request_would_be_refused_for_is_refused_before(
    name: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelSetupError, match=message):
        check_access(name, **options)


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("gpt-5-mini", "OPENAI_API_KEY"),
        ("anthropic/claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
        ("gemini/gemini-2.5-pro", "GOOGLE_API_KEY"),
    ],
)
def test_a_variable_without_a_value_is_no_key(
    name: str, variable: str, keyless: pytest.MonkeyPatch
) -> None:
    """An empty line of an .env file broke each cell, one after the other."""
    keyless.setenv(variable, "")
    with pytest.raises(ModelSetupError, match=f"set {variable}"):
        check_access(name)


@pytest.mark.parametrize(
    ("name", "options", "variable"),
    [
        ("offline", {}, None),
        ("anthropic/claude-sonnet-4-5", {}, "ANTHROPIC_API_KEY"),
        ("anthropic/claude-sonnet-4-5", {}, "ANTHROPIC_AUTH_TOKEN"),
        ("anthropic/claude-sonnet-4-5", {"api_key_env": "NONE_HERE"}, "NONE_HERE"),
        ("anthropic/m", {"api_base": "http://127.0.0.1:9"}, None),
        ("hosted_vllm/m", {"api_base": "http://127.0.0.1:9/v1"}, None),
        ("ollama_chat/qwen3:8b", {}, None),
        ("bedrock/anthropic.claude", {}, None),
        ("vertex_ai/gemini-2.5-pro", {}, None),
        ("m", {"extra": {"custom_llm_provider": "hosted_vllm"}}, None),
        ("gpt-5-mini", {"extra": {"custom_llm_provider": "litellm_proxy"}}, None),
        ("gpt-4o", {"extra": {"custom_llm_provider": "azure"}}, None),
        ("claude-sonnet-4-5", {"extra": {"custom_llm_provider": "bedrock"}}, None),
        ("deepseek-chat", {"api_base": "https://api.deepseek.com/v1"}, None),
        ("together_ai/m", {}, "TOGETHER_API_KEY"),
        ("together_ai/m", {}, "TOGETHER_AI_API_KEY"),
        ("perplexity/m", {}, "PERPLEXITY_API_KEY"),
        ("huggingface/m", {}, "HF_TOKEN"),
        ("cohere/command-r", {}, "CO_API_KEY"),
        ("cohere_chat/command-r", {}, "CO_API_KEY"),
    ],
)
def test_what_may_have_its_key_elsewhere_is_taken(
    name: str,
    options: dict[str, Any],
    variable: str | None,
    keyless: pytest.MonkeyPatch,
) -> None:
    if variable is not None:
        keyless.setenv(variable, "sk-planted")
    check_access(name, **options)
