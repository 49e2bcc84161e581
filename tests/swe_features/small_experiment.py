"""A small experiment that really runs: three pull requests and a scripted student."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

from agent.errors import ModelError
from agent.messages import Message, ToolCall, ToolSpec
from agent.model import Model, Reply
from agent.usage import Usage
from sandbox.opening import open_driver
from swe_features.cell_results import CellResult
from swe_features.cells import Cell
from swe_features.equipment import Equipment
from swe_features.experiment import ExperimentConfig
from swe_features.preparation import Experiment, prepare
from swe_features.runner import Progress
from swe_features.session import run_experiment
from tests.tasks.histories import History

REPO = "shop/till"


class Student:
    """A model that names the same file each time, and remembers what it was asked.

    It needs two steps: it proposes, then submits; asleep, it writes and finishes.
    """

    context_tokens: int | None = None

    def __init__(self, *, file: str = "till/core.py") -> None:
        self.name = "student"
        self.file = file
        self.requests: list[tuple[Message, ...]] = []
        self.errors: list[Exception] = []
        """Raised instead of a reply, one for each request, until they are used up."""
        self._lock = Lock()

    def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Reply:
        with self._lock:
            self.requests.append(tuple(messages))
            number = len(self.requests)
            if self.errors:
                raise self.errors.pop(0)
        names = {tool.name for tool in tools}
        own = sum(message.role == "assistant" for message in messages)
        arguments: dict[str, object] = {}
        if "rethink_memory" in names:
            tool = "finish_rethinking_memory" if own % 2 else "rethink_memory"
            if not own % 2:
                arguments = {
                    "new_memory": f"Look at {self.file}. Note {number}.",
                    "target_block_label": "learned_context",
                    "source_block_label": "learned_context",
                }
        elif own:
            tool = "submit"
        else:
            tool, arguments = "propose_files", {"files": [self.file]}
        return Reply(
            "",
            tool_calls=(ToolCall(f"call-{number}", tool, arguments),),
            usage=Usage(prompt_tokens=100, completion_tokens=7, requests=1),
            finish_reason="tool_calls",
        )

    def sleeps(self) -> int:
        """Sleep phases that began."""
        return sum(
            len(request) == 2 and "rethink_memory" in request[0].content
            for request in self.requests
        )


class BrokenStudent(Student):
    """A model that cannot be reached."""

    def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Reply:
        del messages, tools
        msg = "no route to the model"
        raise ModelError(msg)


class Silence(Progress):
    """Shows nothing, and counts."""

    def __init__(self) -> None:
        self.results: list[CellResult] = []

    def begin(
        self, cells: Sequence[Cell], known: Mapping[str, CellResult], contexts: int
    ) -> None:
        self.begun = len(cells), len(known), contexts

    def slept(self, slept: object) -> None:
        pass

    def finished(self, result: CellResult) -> None:
        self.results.append(result)


def write_suite(folder: Path) -> tuple[Path, Path]:
    """A repository and the rows of three pull requests of one cluster."""
    history = History(folder / "repository")
    files = {"till/core.py": "A = 1\n", "till/io.py": "B = 1\n", "README.md": "Till\n"}
    base = history.add(files, "begin")
    rows: list[dict[str, object]] = []
    for number in (1, 2, 3):
        changed = {"till/core.py": f"A = {number + 1}\n"}
        if number == 2:
            changed["till/io.py"] = "B = 2\n"
        head = history.add(changed, f"change {number}")
        rows.append(
            {
                "repo": REPO,
                "pr_number": number,
                "title": f"Change {number}",
                "body": "Change the core of the till.",
                "base_commit": base,
                "head_commit": head,
                "cluster": "core",
                "changed_files": [],
            }
        )
        base = head
    suite = folder / "till.jsonl"
    suite.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return suite, history.path


def small_experiment(folder: Path, **settings: object) -> Experiment:
    """The experiment of that suite; its sealed checkouts are kept beside it."""
    if not (folder / "till.jsonl").exists():
        write_suite(folder)
    config = ExperimentConfig(
        name="till",
        suite=folder / "till.jsonl",
        repositories={"*": str(folder / "repository")},
        model="student",
        budgets=(1, 3),
    ).with_options(**settings)
    return prepare(config, cache=folder / "cache")


def equip_with(student: Model) -> Equipment:
    """That model in sandboxes of the simplest driver."""

    def model(seed: int) -> Model:
        del seed
        return student

    return Equipment(model, model, open_driver("subprocess", run_id="test"))


def run_with_student(experiment: Experiment, out: Path) -> None:
    """Run it with a student who makes no mistake, and without keys."""
    run_experiment(
        experiment,
        out,
        Silence(),
        set_up=lambda config, run_id: equip_with(Student()),
        environment={},
    )
