"""A provider that fails for one cell costs no other, and no key reaches the disk."""

from pathlib import Path

import pytest

from agent.models.litellm_model import LiteLLMModel
from agent.models.options import read_options
from agent.models.recording import RecordingModel
from sandbox.opening import open_driver
from swe_features.equipment import Equipment
from swe_features.results import read_experiment
from swe_features.session import run_experiment
from tests.agent.chat_server import (
    Answer,
    Break,
    ChatServer,
    Line,
    Received,
    Status,
    tool_call,
    warm_up,
)
from tests.swe_features.small_experiment import Silence, small_experiment

KEYS = {
    "STAND_IN_KEY": "sk-planted-for-a-whole-run-0123456789",
    "TEAM_LLM": "neither-its-name-nor-its-shape-speaks-of-a-key",
}
FAULTS: dict[str, Line] = {
    "refused": Status(400, f"Invalid request with key {' or '.join(KEYS.values())}"),
    "down": Status(503, f"out of order, {' or '.join(KEYS.values())}"),
    "hanging": Break("hang"),
    "cut": Break("reset-middle"),
}


@pytest.mark.parametrize(
    ("fault", "variable"),
    [*((fault, "STAND_IN_KEY") for fault in FAULTS), ("refused", "TEAM_LLM")],
)
def test_a_fault_breaks_its_own_cell_and_writes_no_key(
    fault: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = KEYS[variable]
    said = f"I saw {key} and Bearer abcdefghijklmnop."
    monkeypatch.setenv(variable, key)
    warm_up()

    def answer(received: Received) -> Line:
        messages = received.body["messages"]
        if "Change 2" in str(messages[1]):
            return FAULTS[fault]
        if any(message["role"] == "assistant" for message in messages):
            return Answer(said, [tool_call("submit", {}, "call_2")])
        files = {"files": ["till/core.py"]}
        return Answer(said, [tool_call("propose_files", files)])

    with ChatServer(answer) as server:
        given = {"api_base": server.url, "api_key_env": variable}
        options = read_options(given | {"retries": 1, "timeout_s": 2.0})
        asked = LiteLLMModel("hosted_vllm/m", options, sleep=lambda _: None)
        model = RecordingModel(asked, tmp_path / "recording")
        run_experiment(
            small_experiment(
                tmp_path,
                arms=("no-context",),
                budgets=(3,),
                model_options={"api_key_env": variable},
            ),
            tmp_path / "out",
            Silence(),
            set_up=lambda config, run_id: Equipment(
                lambda seed: model,
                lambda seed: model,
                open_driver("subprocess", run_id=run_id),
            ),
        )

    outcomes = {
        result.instance_id: result.outcome
        for result in read_experiment(tmp_path / "out").results.values()
    }
    assert outcomes == {
        "shop__till-1": "scored",
        "shop__till-2": "broken",
        "shop__till-3": "scored",
    }
    assert server.requests[0].headers["Authorization"] == f"Bearer {key}"
    written = [
        path
        for folder in ("out", "recording")
        for path in (tmp_path / folder).rglob("*")
        if path.is_file()
    ]
    assert written
    leaks = [path for path in written if key in path.read_text(errors="replace")]
    assert leaks == []
