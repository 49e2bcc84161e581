"""A run whose Docker daemon restarts in the middle."""

import gc
import threading
from collections.abc import Sequence
from pathlib import Path

import docker
import pytest

from agent.messages import Message, ToolCall, ToolSpec
from agent.model import Reply
from agent.usage import Usage
from sandbox.docker_driver import DockerDriver
from swe_features.cell_results import read_results
from swe_features.equipment import Equipment
from swe_features.session import run_experiment
from tests.sandbox.daemon_relay import Relay
from tests.swe_features.small_experiment import Silence, small_experiment

pytestmark = [
    pytest.mark.docker,
    # The library forgets sockets that could not connect; they are collected here.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

RUN = "test-of-a-restart"
AWAY_S = 1.5


class Saboteur:
    """A model that looks around, then answers; once it takes the daemon away first."""

    name = "saboteur"
    context_tokens = None

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.requests = 0

    def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Reply:
        del tools
        self.requests += 1
        if self.requests == 4:
            self.restart()
        own = sum(message.role == "assistant" for message in messages)
        calls = (
            ToolCall("look", "run_command", {"command": "ls till"}),
            ToolCall("answer", "propose_files", {"files": ["till/core.py"]}),
            ToolCall("end", "submit", {}),
        )
        return Reply(
            "",
            tool_calls=(calls[min(own, 2)],),
            usage=Usage(prompt_tokens=10, completion_tokens=2, requests=1),
            finish_reason="tool_calls",
        )

    def restart(self) -> None:
        """End the daemon as it ends without `live-restore`: its containers too."""
        client = docker.APIClient(base_url="unix:///var/run/docker.sock")
        for found in client.containers(filters={"label": f"swe-features.run={RUN}"}):
            client.kill(found["Id"])
        client.close()
        self.relay.close()
        threading.Timer(AWAY_S, self.relay.open).start()


def test_a_daemon_that_restarts_costs_one_attempt_and_no_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = Relay(tmp_path / "docker.sock")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{relay.path}")
    experiment = small_experiment(tmp_path, arms=["no-context"], budgets=[4], workers=1)
    saboteur = Saboteur(relay)

    def set_up(config: object, run_id: str) -> Equipment:
        del config, run_id
        driver = DockerDriver(run_id=RUN, on_progress=lambda _: None)
        return Equipment(lambda _: saboteur, lambda _: saboteur, driver)

    summary = run_experiment(experiment, tmp_path / "out", Silence(), set_up=set_up)
    relay.close()
    gc.collect()
    rows = list(read_results(tmp_path / "out" / "results.jsonl"))
    assert (summary.scored, summary.broken) == (3, 0)
    assert sorted(row.attempt for row in rows) == [1, 1, 2]
