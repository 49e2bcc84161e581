"""Models by name, and the options that go with them."""

import subprocess
import sys
from typing import Any

import pytest

from agent.errors import ModelSetupError
from agent.models.loading import load_model


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
    ],
)
def test_a_wrong_name_or_option_is_refused_with_its_value(
    name: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelSetupError, match=message):
        load_model(name, **options)
