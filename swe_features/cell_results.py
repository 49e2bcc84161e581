"""What is known of one cell after it was attempted: a row of `results.jsonl`."""

import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeAlias

from pydantic import ConfigDict, TypeAdapter, ValidationError

from agent.errors import AgentError, ModelError
from agent.usage import Usage
from sandbox.errors import SandboxError
from swe_features.errors import StoreError
from swe_features.journal import read_lines, refuse_later
from tasks.errors import TaskError

__all__ = [
    "SCHEMA",
    "Breakage",
    "CellResult",
    "Phase",
    "latest_results",
    "newest_results",
    "read_results",
]

SCHEMA = 1
"""Version of a row's fields."""

Boundary: TypeAlias = Literal["sandbox", "model", "task", "agent", "harness"]
"""What broke: the machine, the model, the repository, the agent, or this program."""

Phase: TypeAlias = Literal["sleep", "test"]


@dataclass(frozen=True, slots=True)
class Breakage:
    """Why a cell could not be scored. A cell that found nothing is not broken."""

    boundary: Boundary
    phase: Phase
    message: str
    traceback: str

    @classmethod
    def of(cls, error: Exception, phase: Phase) -> Self:
        """Describe what was raised in a phase."""
        text = "".join(traceback.format_exception(error))
        message = str(error) or type(error).__name__
        return cls(_boundary(error), phase, message, text)


def _boundary(error: Exception) -> Boundary:
    named: tuple[tuple[type[Exception], Boundary], ...] = (
        (SandboxError, "sandbox"),
        (ModelError, "model"),
        (TaskError, "task"),
        (AgentError, "agent"),
    )
    return next((name for kind, name in named if isinstance(error, kind)), "harness")


@dataclass(frozen=True, slots=True)
class CellResult:
    """One row: what was attempted, what came of it, what it cost, and the proof."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(allow_inf_nan=False)

    cell_id: str
    instance_id: str
    arm: str
    budget: int | None
    """Steps allowed; None for an arm that takes none."""
    seed: int
    model: str | None
    """None for an arm that asks no model."""
    sleep_model: str | None
    """None for an arm that does not sleep."""
    mode: str
    related: str
    """Order of the related pull requests: `past-only` or `any-order`."""
    outcome: Literal["scored", "broken"]
    gold_files: tuple[str, ...]
    predicted_files: tuple[str, ...] = ()
    precision: float | None = None
    """None, as the two below, where the outcome is `broken`."""
    recall: float | None = None
    f1: float | None = None
    sleep_tokens: Usage | None = None
    """Of all its sleep phases, which other cells may share; see `context`."""
    test_tokens: Usage | None = None
    steps: int = 0
    """Replies of the model."""
    stop: str = ""
    """Why the rollout ended, in the agent's words."""
    proposals: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """Each change of the answer so far, as (step, files): an anytime answer."""
    seconds: float = 0.0
    """Of the test phase."""
    sleep_seconds: float | None = None
    context: str | None = None
    """Key of what was learned; with one context its file is in `contexts/`."""
    contexts: tuple[str, ...] = ()
    """Key of each learned context that was handed over; all are in `contexts/`."""
    related_prs: tuple[int, ...] = ()
    driver: str | None = None
    proof: Mapping[str, Any] | None = None
    """The seal's proof. Any: JSON values."""
    broken: Breakage | None = None
    attempt: int = 1
    trajectory: str | None = None
    """Path of the trajectory in the directory."""
    finished_at: str = ""
    """UTC, ISO 8601."""
    version: str = ""
    code: str = ""
    prompts: str = ""
    schema: int = field(default=SCHEMA, kw_only=True)

    @property
    def conditions(self) -> tuple[object, ...]:
        """All that tells it from other cells, but the code and prompts that made it."""
        where = (self.instance_id, self.arm, self.budget, self.seed)
        return (*where, self.model, self.sleep_model, self.mode, self.related)

    def of_attempt(self, attempt: int, trajectory: str) -> Self:
        """The same result, its attempt numbered and kept elsewhere."""
        return replace(self, attempt=attempt, trajectory=trajectory)

    def as_record(self) -> dict[str, Any]:
        """The row as JSON values."""
        return asdict(self)


_CELL_RESULT = TypeAdapter(CellResult)


def read_results(path: Path) -> Iterator[CellResult]:
    """The rows of a `results.jsonl`, in the order in which they were written.

    Raises:
        StoreError: The file is damaged, or was written by a later version.
    """
    for number, record in enumerate(read_lines(path), start=1):
        refuse_later(record, SCHEMA, f"{path}:{number}")
        try:
            result = _CELL_RESULT.validate_python(record)
        except ValidationError as error:
            first = error.errors()[0]
            field_name = ".".join(str(part) for part in first["loc"])
            msg = f"{path}:{number}: {field_name}: {first['msg']}: no row of ours"
            raise StoreError(msg) from error
        if problem := _contradiction(result):
            msg = f"{path}:{number}: {problem}: no row of ours"
            raise StoreError(msg)
        yield result


def _contradiction(result: CellResult) -> str | None:
    """What no row that was written here says, whatever the types of its fields."""
    if result.outcome == "scored":
        for name in ("precision", "recall", "f1"):
            value = getattr(result, name)
            if value is None:
                return "scored, and without a score"
            if not 0 <= value <= 1:
                return f"{name} of {value}, which is none of 0 to 1"
        if not result.gold_files:
            return "scored, and without gold files"
    named = (result.cell_id, result.instance_id, result.arm, *result.contexts)
    # Each becomes part of a path: of what is read here, or of what an export writes.
    for name in (*named, result.context or "", result.trajectory or ""):
        if name.startswith("/") or ".." in name.split("/") or "\0" in name:
            return f"{name!r} leads out of the directory"
    return None


def latest_results(results: Iterable[CellResult]) -> dict[str, CellResult]:
    """The result that counts for each cell: the last scored one, else the last.

    Args:
        results: In any order: where they were merged, a later row may be older.

    Returns:
        By `cell_id`, in the order in which they were finished.
    """
    latest: dict[str, CellResult] = {}
    for result in sorted(results, key=lambda result: result.finished_at):
        before = latest.get(result.cell_id)
        if before is None or before.outcome != "scored" or result.outcome == "scored":
            latest.pop(result.cell_id, None)
            latest[result.cell_id] = result
    return latest


def newest_results(results: Iterable[CellResult]) -> tuple[CellResult, ...]:
    """The results that count of cells that only differ by code or prompts.

    Of those the one that was finished last.
    """
    newest: dict[tuple[object, ...], CellResult] = {}
    for result in results:
        key = result.conditions
        if key not in newest or result.finished_at >= newest[key].finished_at:
            newest[key] = result
    return tuple(newest.values())
