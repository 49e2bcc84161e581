"""What asking a model costs beside the model: rollouts over HTTP on loopback.

    python -m benchmarks.model_requests [--rollouts 32] [--steps 10] [--latency 1]

A chat-completions server in a process of its own answers after the latency, always with
one command; the sandbox answers at once. So the ideal is steps times latency, and what
is missing to it is litellm, HTTP, the retries and gates around it, and the loop.
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


def serve(latency_s: float, told: Connection) -> None:
    """Serve until the other end says that it is done."""
    line = Answer(
        "", [tool_call("run_command", {"command": "ls"})], latency_s=latency_s
    )
    with ChatServer(line) as server:
        told.send(server.url)
        told.recv()


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


def with_server(latency_s: float) -> tuple[Connection, LiteLLMModel]:
    """A model behind a server of its own."""
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    context.Process(target=serve, args=(latency_s, there), daemon=True).start()
    options = read_options({"api_base": here.recv(), "tool_calling": "native"})
    return here, LiteLLMModel("hosted_vllm/stand-in", options)


def peak_mib() -> float:
    """The most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rollouts", type=int, default=32)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--latency", type=float, default=1.0)
    options = parser.parse_args()
    line, model = with_server(0.0)
    ask_in_turn(model)
    seconds = ask_in_turn(model)
    print(
        f"one request and its reply: median {statistics.median(seconds) * 1000:.1f} ms"
    )
    line.send(None)
    line, model = with_server(options.latency)
    before_mib = peak_mib()
    used = resource.getrusage(resource.RUSAGE_SELF)
    before_cpu_s = used.ru_utime + used.ru_stime
    with tempfile.TemporaryDirectory() as folder:
        elapsed_s = measure_rollouts(
            model, Path(folder), options.rollouts, options.steps
        )
    line.send(None)
    ideal_s = options.steps * options.latency
    each_mib = (peak_mib() - before_mib) / options.rollouts
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_ms = 1000 * (used.ru_utime + used.ru_stime - before_cpu_s)
    per_step_ms = cpu_ms / (options.rollouts * options.steps)
    print(f"processor time of one step, model asked and answered: {per_step_ms:.1f} ms")
    print(
        f"{options.rollouts} rollouts of {options.steps} steps at once, model of "
        f"{options.latency:g} s: {elapsed_s:.2f} s, {ideal_s / elapsed_s:.1%} of the "
        f"ideal throughput, {each_mib:.1f} MiB a rollout"
    )


if __name__ == "__main__":
    main()
