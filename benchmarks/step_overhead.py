"""What one step costs beside the model and the command: time, memory, throughput.

    python benchmarks/step_overhead.py [--steps 200] [--beside PYTHON]

A scripted model asks for one command a step; the sandbox answers at once, so what is
left is the loop, its tools, its events and their lines on the disk. `--beside` names
a Python in which mini-swe-agent is installed, whose agent then works through the same
script with an environment that answers at once too.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from agent.events import Event
from agent.messages import Message, ToolCall, ToolSpec
from agent.model import Reply
from agent.redaction import Redactor
from agent.test_phase import attempt
from agent.usage import Usage
from sandbox.contract import (
    COMMAND_TIMEOUT_S,
    OUTPUT_LIMIT_BYTES,
    Change,
    CommandResult,
    SealProof,
)
from swe_features.trajectories import TrajectoryWriter

OUTPUT = b"".join(b"line %d of a typical listing\n" % n for n in range(100))
CONCURRENT = 32
LATENCY_S = 1.0
CONCURRENT_STEPS = 10
MIB = 1024 * 1024

MINI_SWE_AGENT = """
import json, sys, time
from minisweagent.agents.default import DefaultAgent
steps, output = int(sys.argv[1]), "line of a typical listing\\n" * 100
class Model:
    def __init__(self): self.n = 0; self.at = []; self.cost = 0.0; self.config = None
    def query(self, messages, **_):
        self.at.append(time.perf_counter()); self.n += 1
        command = f"echo {self.n}"
        return {"role": "assistant", "content": "", "extra": {
            "actions": [{"command": command, "tool_call_id": str(self.n)}],
            "cost": 0.0, "timestamp": time.time(), "response": {}}}
    def format_message(self, **message): return message
    def format_observation_messages(self, message, outputs, template_vars=None):
        return [{"role": "tool", "tool_call_id": str(self.n), "content": o["output"],
                 "extra": {}} for o in outputs]
    def get_template_vars(self, **_): return {}
    def serialize(self): return {}
class Environment:
    config = None
    def execute(self, action, cwd="", **_):
        return {"output": output, "returncode": 0, "exception_info": ""}
    def get_template_vars(self, **_): return {}
    def serialize(self): return {}
model = Model()
agent = DefaultAgent(model, Environment(), system_template="Work.",
    instance_template="{{task}}", step_limit=steps, cost_limit=0.0,
    output_path=sys.argv[2])
agent.run("A task.")
print(json.dumps([b - a for a, b in zip(model.at, model.at[1:])]))
"""


class InstantSandbox:
    """Answers every command at once."""

    driver = "instant"
    proof = SealProof("0" * 40, "0" * 40, 1, "0" * 64, 1)

    def run(
        self,
        command: str,
        *,
        timeout_s: float = COMMAND_TIMEOUT_S,
        output_limit_bytes: int = OUTPUT_LIMIT_BYTES,
    ) -> CommandResult:
        """Print the same listing, or the tree's two files."""
        del timeout_s, output_limit_bytes
        is_listing = command.startswith("git ls-files")
        return CommandResult(0, b"a.py\0b.py\0" if is_listing else OUTPUT, b"")

    def read(self, path: str) -> bytes:
        """Find nothing."""
        raise FileNotFoundError(path)

    def write(self, path: str, content: bytes) -> None:
        """Refuse."""
        raise OSError(path, content)

    def changes(self) -> tuple[Change, ...]:
        """Report nothing."""
        return ()

    def close(self) -> None:
        """Nothing to remove."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class CommandingModel:
    """Asks for another command each time; waits first where it has a latency."""

    name = "scripted"
    context_tokens = None

    def __init__(self, latency_s: float = 0.0) -> None:
        self.asked_at: list[float] = []
        self._latency_s = latency_s
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Reply:
        """Ask for the next command."""
        del messages, tools
        with self._lock:
            number = next(self._numbers)
            self.asked_at.append(time.perf_counter())
        if self._latency_s:
            time.sleep(self._latency_s)
        call = ToolCall(f"call_{number}", "run_command", {"command": f"echo {number}"})
        usage = Usage(prompt_tokens=1000, completion_tokens=20, requests=1)
        return Reply("", (call,), usage)


def roll_out(model: CommandingModel, folder: Path, name: str, steps: int) -> None:
    """One rollout with its trajectory on the disk."""
    writer = TrajectoryWriter(folder, name, Redactor(os.environ))

    def record(event: Event) -> None:
        writer.record(event)

    attempt(
        model=model,
        sandbox=InstantSandbox(),
        title="A task",
        body="",
        budget=steps,
        on_event=record,
    )
    writer.finish()


def measure_steps(folder: Path, steps: int) -> list[float]:
    """Seconds of each step, from one request to the next."""
    model = CommandingModel()
    roll_out(model, folder, "steps", steps)
    return [b - a for a, b in itertools.pairwise(model.asked_at)]


def measure_mini_swe_agent(python: str, folder: Path, steps: int) -> list[float]:
    """The same of mini-swe-agent's agent, in a Python that has it."""
    script = folder / "mini_swe_agent_steps.py"
    script.write_text(MINI_SWE_AGENT)
    done = subprocess.run(
        [python, str(script), str(steps), str(folder / "mini.traj.json")],
        check=True,
        capture_output=True,
        text=True,
    )
    seconds: list[float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def measure_throughput(folder: Path) -> float:
    """Share of the ideal throughput that many rollouts at once reach."""
    model = CommandingModel(LATENCY_S)
    started_s = time.perf_counter()
    with ThreadPoolExecutor(CONCURRENT) as pool:
        futures = [
            pool.submit(roll_out, model, folder, f"rollout-{n}", CONCURRENT_STEPS)
            for n in range(CONCURRENT)
        ]
        for future in futures:
            future.result()
    elapsed_s = time.perf_counter() - started_s
    return CONCURRENT_STEPS * LATENCY_S / elapsed_s


def measure_memory(folder: Path, steps: int) -> float:
    """MiB that one rollout holds at its peak."""
    tracemalloc.start()
    roll_out(CommandingModel(), folder, "memory", steps)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / MIB


def show(name: str, seconds: Sequence[float]) -> None:
    """Print the median and the 95th percentile of the steps."""
    slow = statistics.quantiles(seconds, n=20)[-1]
    print(
        f"{name:16s} {len(seconds):5d} steps, median "
        f"{statistics.median(seconds) * 1000:.2f} ms, 95% below {slow * 1000:.2f} ms"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--beside", metavar="PYTHON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        show("swe-features", measure_steps(folder, options.steps))
        if options.beside:
            seconds = measure_mini_swe_agent(options.beside, folder, options.steps)
            show("mini-swe-agent", seconds)
        print(f"memory of one rollout: {measure_memory(folder, options.steps):.1f} MiB")
        share = measure_throughput(folder)
        print(
            f"{CONCURRENT} rollouts at once, model of {LATENCY_S:g} s: "
            f"{share:.1%} of the ideal throughput"
        )


if __name__ == "__main__":
    main()
