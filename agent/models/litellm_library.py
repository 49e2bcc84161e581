"""litellm, imported once, late and quietly.

Its import takes seconds, asks the network for prices, reads `.env` files and prints;
all of that is turned off first. Nothing else in the project imports it.
"""

import logging
import os
import sys
import warnings
from threading import Lock
from typing import Any

from agent.errors import ModelSetupError

__all__ = ["load_litellm", "missing_library"]

_QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOG": "CRITICAL",
    # Any mode but this one reads a .env file of the working folder into the
    # environment.
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_TELEMETRY": "False",
}
_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")
_lock = Lock()


def load_litellm() -> Any:  # noqa: ANN401 - a module without types
    """Import litellm with everything off that reaches out, prints or reads files.

    Raises:
        ModelSetupError: It is not installed.
    """
    with _lock:
        loaded = sys.modules.get("litellm")
        if loaded is not None and getattr(loaded, "_quieted_by_swe_features", False):
            return loaded
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import litellm  # noqa: PLC0415 - seconds; only where a model is asked

        except ImportError as error:
            raise missing_library(error) from None
        _quiet(litellm)
        _silence_warnings()
        return litellm


def missing_library(error: ImportError) -> ModelSetupError:
    """What to say where litellm, or httpx that comes with it, is not installed."""
    return ModelSetupError(
        f"models need the litellm library ({error}): "
        'install it with pip install "swe-features[models]"'
    )


def _silence_warnings() -> None:
    """Its own ones, as it builds and copies its types; none of them is about us."""
    warnings.filterwarnings("ignore", module="litellm")
    warnings.filterwarnings("ignore", "Items? .* on TypedDict class", UserWarning)


def _quiet(litellm: Any) -> None:  # noqa: ANN401 - a module without types
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.redact_messages_in_exceptions = True
    # An option that a model does not know is an error: a figure must not hide it.
    litellm.drop_params = False
    litellm.num_retries = 0
    # It counts the tokens of a stream itself, with tokenizers that it would download.
    litellm.disable_hf_tokenizer_download = True
    # A row of dashes comes in equal pieces, and is no loop.
    litellm.REPEATED_STREAMING_CHUNK_LIMIT = sys.maxsize
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
    litellm._quieted_by_swe_features = True
