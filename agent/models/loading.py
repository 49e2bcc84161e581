"""Models by name: `offline`, or whatever litellm names."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from agent.errors import ModelSetupError
from agent.model import Model
from agent.models.litellm_library import missing_library
from agent.models.options import read_options, refuse_keys
from agent.models.recording import RecordingModel, ReplayModel

if TYPE_CHECKING:
    from agent.models.litellm_model import LiteLLMModel

__all__ = ["OFFLINE", "check_access", "check_model", "load_model"]

OFFLINE = "offline"
"""The policy without any language model: no key, no network, no cost."""


def load_model(
    name: str,
    *,
    record: Path | None = None,
    replay: Path | None = None,
    **options: object,
) -> Model:
    """Make the model of a name; nothing is asked of it yet.

    Args:
        name: `offline`, or a name that litellm understands, as `openai/gpt-5-mini`,
            `anthropic/claude-sonnet-4-5`, `ollama_chat/qwen3:8b`.
        record: Folder to write every request and reply to.
        replay: Folder to take every reply from, instead of a model; of the options
            only keys are refused then.
        options: For a litellm name the fields of `ModelOptions`, as `temperature` or
            `api_base`; the offline model knows only `seed`.

    Raises:
        ModelSetupError: The name is empty, an option is unknown or has a bad value,
            or the library that the name needs is not installed.
    """
    refuse_keys(options)
    if replay is not None:
        return ReplayModel(name, replay)
    model = _load(name, options)
    return RecordingModel(model, record) if record is not None else model


def check_access(name: str, **options: object) -> None:
    """Refuse a model whose first request would be, as far as that can be told before.

    Args:
        name: As for `load_model`.
        options: As there.

    Raises:
        ModelSetupError: Nobody serves a model of this name, or its key is missing; or
            `load_model` would raise it.
    """
    if name != OFFLINE:
        _load_litellm_model(name, options).check_access()


def _load(name: str, options: Mapping[str, object]) -> Model:
    if not name.strip():
        msg = "the model has no name: give 'offline' or a name that litellm understands"
        raise ModelSetupError(msg)
    if name == OFFLINE:
        # Imported here: neither kind of model should pay for loading the other.
        from agent.models.offline_model import OfflineModel  # noqa: PLC0415

        unknown = sorted(set(options) - {"seed"})
        if unknown:
            msg = f"the offline model knows no option but seed: remove {unknown[0]}"
            raise ModelSetupError(msg)
        return OfflineModel(seed=int(str(options.get("seed", 0))))
    return _load_litellm_model(name, options)


def _load_litellm_model(name: str, options: Mapping[str, object]) -> "LiteLLMModel":
    try:
        from agent.models.litellm_model import LiteLLMModel  # noqa: PLC0415
    except ModuleNotFoundError as error:
        # httpx speaks to the servers that are asked directly; litellm brings it.
        raise missing_library(error) from None
    return LiteLLMModel(name, read_options(options))


def check_model(name: str, **options: object) -> None:
    """Refuse a name or options that `load_model` would; needs no library.

    Raises:
        ModelSetupError: As there, but for what is not installed.
    """
    if name == OFFLINE or not name.strip():
        _load(name, options)
    else:
        read_options(options)
