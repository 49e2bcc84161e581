"""What a run would do and cost, before it does: cells, sleep phases, tokens, dollars.

An estimate rests on what was measured with the same model in the same directory, as far
as there is any; on stated assumptions otherwise. It says which.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from agent.learned_context import LearnedContext
from agent.learned_context_store import LearnedContextStore
from agent.models.loading import check_model
from agent.models.prices import Prices
from agent.pull_request_text import write_pull_request
from agent.usage import Usage
from swe_features.cell_results import CellResult, latest_results, read_results
from swe_features.cells import Cell
from swe_features.experiment import ExperimentConfig
from swe_features.preparation import Experiment, SleepWork
from swe_features.selection import Retry, select_cells
from swe_features.store import RESULTS
from swe_features.text_table import NOTHING, lay_out
from tasks.pull_requests import PullRequest

__all__ = [
    "CostEstimate",
    "EstimateRow",
    "Estimator",
    "PriceOf",
    "estimate_as_text",
    "estimate_run",
]

SYSTEM_TOKENS = 2500
"""Assumed: instructions, tools and query, read at every step."""

OBSERVATION_TOKENS = 900
"""Assumed: what a step adds to what all later steps read."""

REPLY_TOKENS = 180
"""Assumed: generated at a step. The paper's sessions of about twenty steps generated
3,000 to 10,000 tokens (arXiv 2504.13171, figure 11)."""

SLEEP_STEPS = 6
"""Assumed: steps for each pull request that is studied; at most eight are allowed."""

CHARACTERS_A_TOKEN = 4
"""Of English text and code, roughly."""

PriceOf = Callable[[str, Usage], float | None]
"""Dollars of some tokens of a model; None where its price is not known."""


@dataclass(frozen=True, slots=True)
class EstimateRow:
    """Cells of one arm and budget, or all sleep phases together."""

    what: str
    budget: int | None
    planned: int
    todo: int
    """What is neither scored nor learned yet."""
    usage: Usage
    """Of what is to do."""
    cost_usd: float | None
    """None where the price is not known; 0.0 where no model is asked."""
    basis: str
    """What the figures rest on."""


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """What a run would do."""

    rows: tuple[EstimateRow, ...]

    @property
    def cost_usd(self) -> float | None:
        """Of everything; None where a part of it is not known."""
        costs = [row.cost_usd for row in self.rows]
        return (
            None if None in costs else sum(cost for cost in costs if cost is not None)
        )


class Estimator:
    """Estimates the runs of one experiment over one directory."""

    def __init__(
        self,
        experiment: Experiment,
        results: Iterable[CellResult],
        *,
        learned: Mapping[str, LearnedContext],
        price_of: PriceOf,
    ) -> None:
        """Take what is known.

        Args:
            experiment: What is to run.
            results: What was measured so far: the basis of the figures of cells.
            learned: Stored learned contexts, by key: the basis of those of sleeping,
                scored or not.
            price_of: Prices.
        """
        self._experiment = experiment
        self._scored = [result for result in results if result.outcome == "scored"]
        self._learned = learned
        self._price_of = price_of

    def estimate(self, due: Sequence[Cell]) -> CostEstimate:
        """What attempting some cells of the experiment takes."""
        groups: dict[tuple[str, int | None], list[Cell]] = defaultdict(list)
        for cell in self._experiment.cells:
            groups[cell.arm, cell.budget].append(cell)
        due_ids = {cell.cell_id for cell in due}
        rows = [self._cells(cells, due_ids) for cells in groups.values()]
        sleeps = self._sleeps(due)
        return CostEstimate((sleeps, *rows) if sleeps is not None else tuple(rows))

    def _sleeps(self, due: Sequence[Cell]) -> EstimateRow | None:
        planned = self._works(self._experiment.cells)
        if not planned:
            return None
        works = self._works(due).values()
        todo = [work for work in works if work.key not in self._learned]
        pulls = sum(max(1, len(work.related)) for work in todo)
        model = self._experiment.conditions.sleep_model
        known = [each for each in self._learned.values() if each.model == model]
        if known:
            read = sum(max(1, len(each.related)) for each in known)
            prompt = sum(each.usage.prompt_tokens for each in known) / read * pulls
            generated = sum(each.usage.completion_tokens for each in known)
            completion = generated / read * pulls
            basis = f"measured: {read} pull requests in {len(known)} sleep phases here"
        else:
            prompt = sum(_assumed_sleep(work) for work in todo)
            completion = float(pulls * SLEEP_STEPS * REPLY_TOKENS)
            basis = f"assumed: {SLEEP_STEPS} steps a pull request"
        usage = Usage(prompt_tokens=round(prompt), completion_tokens=round(completion))
        return EstimateRow(
            what="sleep phases",
            budget=None,
            planned=len(planned),
            todo=len(todo),
            usage=usage,
            cost_usd=self._price_of(model, usage),
            basis=basis,
        )

    def _cells(self, cells: Sequence[Cell], due_ids: set[str]) -> EstimateRow:
        first = cells[0]
        todo = [cell for cell in cells if cell.cell_id in due_ids]
        usage, basis = Usage(), "asks no model"
        if first.model is not None:
            each, basis = self._measured(first) or self._assumed(first, todo)
            usage = Usage(
                prompt_tokens=round(each[0] * len(todo)),
                completion_tokens=round(each[1] * len(todo)),
            )
        return EstimateRow(
            what=first.arm,
            budget=first.budget,
            planned=len(cells),
            todo=len(todo),
            usage=usage,
            cost_usd=self._price_of(first.model, usage) if first.model else 0.0,
            basis=basis,
        )

    def _measured(self, cell: Cell) -> tuple[tuple[float, float], str] | None:
        """Mean tokens of cells like this one; of the nearest budget, if need be."""
        same = [
            r
            for r in self._scored
            if r.arm == cell.arm and r.model == cell.model and r.test_tokens
        ]
        if not same:
            return None
        wanted = cell.budget or 0
        nearest = min((r.budget or 0 for r in same), key=lambda b: abs(b - wanted))
        like = [r.test_tokens for r in same if (r.budget or 0) == nearest]
        used = [usage for usage in like if usage is not None]
        share = wanted / nearest if nearest else 1.0
        prompt = fmean(usage.prompt_tokens for usage in used) * share
        completion = fmean(usage.completion_tokens for usage in used) * share
        scaled = "" if nearest == wanted else f", scaled from budget {nearest}"
        return (prompt, completion), f"measured: {len(used)} cells here{scaled}"

    def _assumed(
        self, cell: Cell, todo: Sequence[Cell]
    ) -> tuple[tuple[float, float], str]:
        steps = cell.budget or 1
        shown = 0.0
        if cell.arm == "test-time" and todo:
            instances = self._experiment.instances
            texts = [
                sum(_tokens(pull) for pull in instances[each.instance_id].related)
                for each in todo
            ]
            shown = fmean(texts)
        # What one step adds, every later step reads again.
        read = steps * (SYSTEM_TOKENS + shown)
        read += OBSERVATION_TOKENS * steps * (steps - 1) / 2
        basis = f"assumed: all {steps} steps, {REPLY_TOKENS} tokens a reply"
        return (read, float(steps * REPLY_TOKENS)), basis

    def _works(self, cells: Iterable[Cell]) -> dict[str, SleepWork]:
        sleeps = self._experiment.sleeps
        return {work.key: work for cell in cells for work in sleeps(cell)}


def _assumed_sleep(work: SleepWork) -> float:
    """Tokens read: each pull request stays in the conversation until its end."""
    total, before = 0.0, float(SYSTEM_TOKENS)
    for size in [_tokens(pull) for pull in work.related] or [0]:
        before += size
        total += SLEEP_STEPS * before
        total += OBSERVATION_TOKENS * SLEEP_STEPS * (SLEEP_STEPS - 1) / 2
        before += OBSERVATION_TOKENS * SLEEP_STEPS
    return total


def _tokens(pull: PullRequest) -> int:
    return len(write_pull_request(pull)) // CHARACTERS_A_TOKEN


HEADINGS = ("what", "budget", "cells", "to do", "read", "generated", "dollars", "basis")


def estimate_run(experiment: Experiment, out: Path, retry: Retry) -> CostEstimate:
    """What running an experiment over a directory would take; nothing is written.

    Args:
        experiment: What would run.
        out: Its directory, which may not exist.
        retry: What would be attempted again.

    Raises:
        ModelSetupError: A model has a wrong name or option.
        LearnedContextError: A learned context that is there cannot be read.
        StoreError: A row that is there cannot be read.
    """
    _check_models(experiment.config)
    rows = list(read_results(out / RESULTS))
    due = select_cells(experiment.cells, latest_results(rows), retry)
    estimator = Estimator(
        experiment,
        rows,
        learned=_read_contexts(LearnedContextStore(out / "contexts")),
        price_of=Prices.load().find_cost,
    )
    return estimator.estimate(due)


def _read_contexts(shelf: LearnedContextStore) -> dict[str, LearnedContext]:
    found = {}
    for path in sorted(shelf.folder.glob("*.json")):
        context = shelf.find(path.stem)
        if context is not None:
            found[path.stem] = context
    return found


def _check_models(config: ExperimentConfig) -> None:
    """Tell before money is spent what a run would tell as it begins."""
    if config.replay is not None:
        return
    check_model(config.model, **config.model_options)
    if config.sleep_model is not None:
        check_model(config.sleep_model, **config.sleep_model_options)


def estimate_as_text(estimate: CostEstimate) -> str:
    """The estimate for a terminal."""
    lines = [
        (
            row.what,
            NOTHING if row.budget is None else str(row.budget),
            str(row.planned),
            str(row.todo),
            f"{row.usage.prompt_tokens:,}",
            f"{row.usage.completion_tokens:,}",
            "unknown" if row.cost_usd is None else f"{row.cost_usd:,.2f}",
            row.basis,
        )
        for row in estimate.rows
    ]
    total = estimate.cost_usd
    cost = "unknown: no price is known" if total is None else f"{total:,.2f} dollars"
    return (
        lay_out(HEADINGS, lines)
        + f"Cost: {cost}, with nothing cached. Nothing was run or written.\n"
    )
