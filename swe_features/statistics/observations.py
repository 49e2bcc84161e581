"""Observations: what the statistics see of each cell, from its row of results.

No number is computed here. A broken cell stays in the table, because one of the two
denominators counts it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from agent.usage import Usage
from swe_features.cell_results import CellResult, newest_results

__all__ = ["Observation", "observe", "select"]


@dataclass(frozen=True, slots=True)
class Observation:
    """The outcome of one cell: scored, or broken and then without any score."""

    instance_id: str
    """`owner__repo-<number>`."""
    arm: str
    budget: int | None
    """Steps allowed; None for an arm that takes none."""
    seed: int
    is_scored: bool
    f1: float = 0.0
    """0.0, as the two below, where the cell is broken; see `is_scored`."""
    precision: float = 0.0
    recall: float = 0.0
    predicted_files: tuple[str, ...] = ()
    """The likeliest first in predict mode; sorted in edit mode."""
    gold_files: frozenset[str] = frozenset()
    test_tokens: Usage = field(default_factory=Usage)
    sleep_tokens: Usage | None = None
    """Of the whole sleep phase, which cells with the same `context` share."""
    context: str | None = None
    """Key of what was learned; None for an arm that does not sleep."""
    contexts: tuple[str, ...] = ()
    """Key of each learned context: as many as the arm is handed."""
    model: str | None = None
    sleep_model: str | None = None
    """None, as `model`, where none was asked."""
    mode: str = "predict"
    related: str = "past-only"
    """Order of the related pull requests: `past-only` or `any-order`."""
    boundary: str | None = None
    """What broke; None for a scored cell."""
    is_sealed: bool = True
    """Whether a proof that the future was absent is stored with it."""
    steps: int = 0
    seconds: float = 0.0
    trajectory: str | None = None
    cell_id: str = ""
    code: str = ""
    """Hashes of the code and of the prompts that made it."""

    @property
    def repo(self) -> str:
        """`owner/name`, as far as the instance's id tells."""
        return self.instance_id.rpartition("-")[0].replace("__", "/", 1)

    @property
    def has_seeds(self) -> bool:
        """Whether it was attempted once for each seed; else once for all of them."""
        return self.budget is not None or self.model is not None

    @property
    def is_measured(self) -> bool:
        """Whether it was scored and all tokens of its test phase are known."""
        return self.is_scored and not self.test_tokens.unmeasured_requests

    @property
    def measured_sleep(self) -> Usage | None:
        """`sleep_tokens`, where all of them are known."""
        usage = self.sleep_tokens
        return None if usage is None or usage.unmeasured_requests else usage

    @property
    def is_exact(self) -> bool:
        """Whether exactly the gold files were predicted."""
        return self.is_scored and frozenset(self.predicted_files) == self.gold_files

    @classmethod
    def of(cls, result: CellResult) -> Self:
        """What the statistics need of one row."""
        return cls(
            instance_id=result.instance_id,
            arm=result.arm,
            budget=result.budget,
            seed=result.seed,
            is_scored=result.outcome == "scored",
            f1=result.f1 or 0.0,
            precision=result.precision or 0.0,
            recall=result.recall or 0.0,
            predicted_files=result.predicted_files,
            gold_files=frozenset(result.gold_files),
            test_tokens=result.test_tokens or Usage(),
            sleep_tokens=result.sleep_tokens,
            context=result.context,
            contexts=result.contexts,
            model=result.model,
            sleep_model=result.sleep_model,
            mode=result.mode,
            related=result.related,
            boundary=result.broken.boundary if result.broken else None,
            is_sealed=bool(result.proof),
            steps=result.steps,
            seconds=result.seconds,
            trajectory=result.trajectory,
            cell_id=result.cell_id,
            code=f"{result.code} {result.prompts}".strip(),
        )


def observe(results: Iterable[CellResult]) -> tuple[Observation, ...]:
    """Turn results into observations, one for each cell that can be told apart.

    Of cells that only differ by the code or the prompts, the one that was finished last
    counts.
    """
    return tuple(map(Observation.of, newest_results(results)))


def select(
    observations: Iterable[Observation], *, arm: str, budget: int | None
) -> tuple[Observation, ...]:
    """Those of one arm and budget."""
    return tuple(o for o in observations if o.arm == arm and o.budget == budget)
