"""What asking a model costs beside the model: rollouts over HTTP on loopback.

    python -m benchmarks.model_requests [--rollouts 32] [--steps 10] [--latency 1]

A chat-completions server in a process of its own answers after the latency, always with
one command; the sandbox answers at once. Each rollout has to wait for its steps one
after the other, and nothing else: so the ideal time of all of them is steps times
latency, and the share of the ideal throughput is that time over the one measured. What
is missing is the client, HTTP, the retries and gates around it, the loop and its events
on the disk, and the server itself, which has to live on the same processors: its share
is printed too. Measured twice: asked directly, as a server of one's own is, and through
litellm, as every other provider is.
"""

import argparse
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

from agent.messages import Message, ToolSpec
from agent.models.litellm_model import LiteLLMModel
from agent.models.options import read_options
from agent.redaction import Redactor
from agent.test_phase import attempt
from benchmarks.step_overhead import InstantSandbox
from swe_features.trajectories import TrajectoryWriter
from tests.agent.chat_server import Answer, ChatServer, tool_call

REQUESTS = 100
TOOLS = (ToolSpec("run_command", "Run a command.", {"type": "object"}),)


def processor_s() -> float:
    """Seconds of processor time that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def serve(latency_s: float, told: Connection) -> None:
    """Serve until the other end says that it is done, then say what that cost."""
    line = Answer(
        "", [tool_call("run_command", {"command": "ls"})], latency_s=latency_s
    )
    with ChatServer(line) as server:
        told.send(server.url)
        told.recv()
        before_s = processor_s()
        told.recv()
        told.send(processor_s() - before_s)


def ask_in_turn(model: LiteLLMModel) -> list[float]:
    """Seconds of requests to a model, one after the other."""
    seconds = []
    for _ in range(REQUESTS):
        started_s = time.perf_counter()
        model.complete([Message("user", "Go on.")], TOOLS)
        seconds.append(time.perf_counter() - started_s)
    return seconds


def roll_out(model: LiteLLMModel, folder: Path, name: str, steps: int) -> None:
    """One rollout with its trajectory on the disk."""
    with TrajectoryWriter(folder, name, Redactor(os.environ)) as writer:
        attempt(
            model=model,
            sandbox=InstantSandbox(),
            title="A task",
            body="",
            budget=steps,
            on_event=writer.record,
        )


def measure_rollouts(
    model: LiteLLMModel, folder: Path, rollouts: int, steps: int
) -> float:
    """Seconds of that many rollouts at once."""
    started_s = time.perf_counter()
    with ThreadPoolExecutor(rollouts) as pool:
        futures = [
            pool.submit(roll_out, model, folder, f"rollout-{number}", steps)
            for number in range(rollouts)
        ]
        for future in futures:
            future.result()
    return time.perf_counter() - started_s


def with_server(latency_s: float, client: str) -> tuple[Connection, LiteLLMModel]:
    """A model behind a server of its own."""
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    context.Process(target=serve, args=(latency_s, there), daemon=True).start()
    given = {"api_base": here.recv(), "tool_calling": "native", "client": client}
    return here, LiteLLMModel("hosted_vllm/stand-in", read_options(given))


def peak_mib() -> float:
    """The most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(client: str, rollouts: int, steps: int, latency_s: float) -> None:
    """Measure one way of asking, and print."""
    line, model = with_server(0.0, client)
    ask_in_turn(model)
    median_s = statistics.median(ask_in_turn(model))
    line.send(None)
    line.send(None)
    line, model = with_server(latency_s, client)
    line.send(None)
    before_mib, before_s = peak_mib(), processor_s()
    with tempfile.TemporaryDirectory() as folder:
        elapsed_s = measure_rollouts(model, Path(folder), rollouts, steps)
    ours_ms = 1000 * (processor_s() - before_s) / (rollouts * steps)
    line.send(None)
    servers_ms = 1000 * line.recv() / (rollouts * steps)
    each_mib = (peak_mib() - before_mib) / rollouts
    print(
        f"{client:8s} one request and its reply: median {median_s * 1000:.1f} ms; "
        f"processor time of one step: {ours_ms:.1f} ms, the server's {servers_ms:.1f}\n"
        f"         {rollouts} rollouts of {steps} steps at once, model of "
        f"{latency_s:g} s: {elapsed_s:.2f} s, {steps * latency_s / elapsed_s:.1%} of "
        f"the ideal throughput, {each_mib:.1f} MiB a rollout"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rollouts", type=int, default=32)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--latency", type=float, default=1.0)
    options = parser.parse_args()
    for client in ("auto", "litellm"):
        measure(client, options.rollouts, options.steps, options.latency)


if __name__ == "__main__":
    main()
