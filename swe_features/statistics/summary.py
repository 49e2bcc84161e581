"""Everything that can be said of one experiment, as one value a report can print."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import TypeAlias

import numpy as np

from swe_features.arms import arm_named
from swe_features.results import StoredExperiment
from swe_features.statistics.amortisation import Amortisation, amortise
from swe_features.statistics.areas import Area, compare_areas
from swe_features.statistics.comparison import Comparison, compare_arms
from swe_features.statistics.conduct import Suspicion, find_suspects
from swe_features.statistics.curves import Contest, CurvePoint, draw_curve
from swe_features.statistics.observations import Observation, observe
from swe_features.statistics.predictability import (
    Predictability,
    gain_by_predictability,
)
from swe_features.statistics.prices import GENERATED_ONLY, INPUT_PRICED
from swe_features.statistics.query_likelihood import (
    Likelihood,
    LikelihoodModel,
    NGramModel,
    queries_of,
)
from swe_features.statistics.readings import Reading, doubts_about, doubts_about_gaps
from swe_features.statistics.sampling import (
    AtEqualTokens,
    PassAtK,
    sample_at_equal_tokens,
)
from swe_features.statistics.savings import Saving, save_at_equal_f1
from swe_features.statistics.scaling import Scaling, scale_sleep
from swe_features.statistics.scores import ArmScores, score_arms

__all__ = [
    "BASELINE",
    "JSON",
    "Opposition",
    "Summary",
    "as_json",
    "summarise",
    "summarise_experiment",
]

BASELINE = "test-time"
"""The arm that others are held against, where there is one."""

SLEEPING = "sleep-time"
"""Begins the names of the arms that are handed what one or several sleeps wrote."""

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


@dataclass(frozen=True, slots=True)
class Opposition:
    """One arm against the baseline."""

    baseline: str
    other: str
    comparisons: tuple[Comparison, ...]
    """At each budget."""
    savings: tuple[Saving, ...] = ()
    """Empty, as all that follows, where one of the arms takes no steps."""
    area: Area | None = None
    amortisations: tuple[Amortisation, ...] = ()
    """By both bases and both prices; empty for an arm that does not sleep."""
    passes: tuple[PassAtK, ...] = ()
    at_equal_tokens: tuple[AtEqualTokens, ...] = ()
    predictability: tuple[Predictability, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """One experiment."""

    cells: int
    """Those that were attempted."""
    missing: int
    """Planned ones that were not."""
    arms: tuple[ArmScores, ...]
    clean: tuple[ArmScores, ...]
    """The same without suspicious rollouts; empty where there are none."""
    curves: Mapping[str, tuple[CurvePoint, ...]]
    """By arm: F1 against generated tokens of the test phase."""
    oppositions: tuple[Opposition, ...]
    scaling: tuple[Scaling, ...]
    suspects: Mapping[str, tuple[Suspicion, ...]]
    """By `cell_id`."""
    likelihoods: Mapping[str, Likelihood]
    """By `instance_id`."""
    likelihood_model: str | None
    seed: int
    reading: Reading
    """Of the experiment as a whole."""


def summarise_experiment(
    experiment: StoredExperiment,
    *,
    baseline: str | None = None,
    likelihood_model: LikelihoodModel | None = None,
    arms_by_k: Mapping[str, int] | None = None,
    seed: int = 0,
) -> Summary:
    """Sum up an experiment on disk, its trajectories and queries included.

    Args:
        experiment: What `read_experiment` gave.
        baseline: See `summarise`.
        likelihood_model: Judges how predictable queries are; None takes the n-gram
            estimate, which needs no model.
        arms_by_k: See `summarise`.
        seed: Of all resamples.

    Raises:
        ModelError: The likelihood model could not be asked.
    """
    judge = likelihood_model or NGramModel()
    queries = queries_of(experiment.plan)
    return summarise(
        observe(experiment.results.values()),
        baseline=baseline,
        suspects=find_suspects(experiment),
        likelihoods={query.instance_id: judge.judge(query) for query in queries},
        likelihood_model=judge.name,
        arms_by_k=arms_by_k,
        missing=len(experiment.plan.cells) - len(experiment.results),
        seed=seed,
    )


def summarise(  # noqa: PLR0913  # what the cells themselves do not tell
    observations: Sequence[Observation],
    *,
    baseline: str | None = None,
    suspects: Mapping[str, tuple[Suspicion, ...]] | None = None,
    likelihoods: Mapping[str, Likelihood] | None = None,
    likelihood_model: str | None = None,
    arms_by_k: Mapping[str, int] | None = None,
    missing: int = 0,
    seed: int = 0,
) -> Summary:
    """Sum up the cells of one experiment.

    Args:
        observations: One for each cell.
        baseline: The arm that others are held against; None takes `test-time`, or
            else the first arm that takes steps.
        suspects: Suspicious rollouts by `cell_id`; see `conduct`.
        likelihoods: How predictable each query was, by `instance_id`.
        likelihood_model: Who judged that.
        arms_by_k: How many learned contexts an arm is handed, for the curve over k;
            None takes `sleep-time` and its kin, `sleep-time-k5`.
        missing: Planned cells that were not attempted.
        seed: Of all resamples.
    """
    flagged = dict(suspects or {})
    arms = tuple(dict.fromkeys(o.arm for o in observations))
    base = baseline or _choose_baseline(observations)
    clean = [o for o in observations if o.cell_id not in flagged] if flagged else []
    return Summary(
        cells=len(observations),
        missing=missing,
        arms=score_arms(observations, suspects=flagged, seed=seed),
        clean=score_arms(clean, seed=seed),
        curves={
            arm: draw_curve(observations, arm, seed=seed)
            for arm in arms
            if _takes_steps(observations, arm)
        },
        oppositions=tuple(
            _oppose(Contest(observations, base, arm, seed=seed), flagged, likelihoods)
            for arm in arms
            if base in arms and arm != base
        ),
        scaling=_scale(
            observations, _several(arms) if arms_by_k is None else arms_by_k, seed
        ),
        suspects=flagged,
        likelihoods=dict(likelihoods or {}),
        likelihood_model=likelihood_model,
        seed=seed,
        reading=_read(observations, flagged, missing),
    )


def _read(
    observations: Sequence[Observation], suspects: Mapping[str, object], missing: int
) -> Reading:
    scored = sum(o.is_scored for o in observations)
    planned = len(observations) + missing
    doubts = (
        *doubts_about(observations, suspects=suspects),
        *doubts_about_gaps(observations),
    )
    if missing:
        doubts += (
            f"{missing} of {planned} planned cells are missing: the run is not over.",
        )
    return Reading(f"{scored} of {planned} planned cells are scored.", doubts)


def _choose_baseline(observations: Sequence[Observation]) -> str:
    arms = dict.fromkeys(o.arm for o in observations if o.budget is not None)
    return BASELINE if BASELINE in arms else next(iter(arms), BASELINE)


def _takes_steps(observations: Sequence[Observation], arm: str) -> bool:
    return any(o.budget is not None for o in observations if o.arm == arm)


def _oppose(
    contest: Contest,
    suspects: Mapping[str, object],
    likelihoods: Mapping[str, Likelihood] | None,
) -> Opposition:
    comparisons = compare_arms(
        contest.observations,
        baseline=contest.baseline,
        other=contest.other,
        suspects=suspects,
        seed=contest.seed,
    )
    found = Opposition(contest.baseline, contest.other, comparisons)
    sides = (contest.baseline, contest.other)
    if not all(_takes_steps(contest.observations, arm) for arm in sides):
        return found
    passes, at_equal_tokens = sample_at_equal_tokens(contest)
    binned = (
        gain_by_predictability(contest, likelihoods or {}, budget=each.budget)
        for each in comparisons
    )
    return Opposition(
        contest.baseline,
        contest.other,
        comparisons,
        savings=save_at_equal_f1(contest),
        area=compare_areas(contest),
        amortisations=tuple(
            each
            for prices in (GENERATED_ONLY, INPUT_PRICED)
            for each in (
                *amortise(contest, basis="equal budget", prices=prices),
                *amortise(contest, basis="equal F1", prices=prices),
            )
        ),
        passes=passes,
        at_equal_tokens=at_equal_tokens,
        predictability=tuple(each for each in binned if each is not None),
    )


def _several(arms: Sequence[str]) -> dict[str, int]:
    return {arm: arm_named(arm).contexts for arm in arms if arm.startswith(SLEEPING)}


def _scale(
    observations: Sequence[Observation], arms_by_k: Mapping[str, int], seed: int
) -> tuple[Scaling, ...]:
    budgets = {o.budget for o in observations if o.arm in arms_by_k}
    found = (
        scale_sleep(observations, arms_by_k, budget=budget, seed=seed)
        for budget in sorted(budgets, key=lambda n: n or 0)
    )
    return tuple(each for each in found if each is not None)


def as_json(value: object) -> JSON:
    """A summary, or any part of one, as JSON values.

    JSON has neither: unknown numbers become null, infinite ones the text `infinite`.

    Raises:
        TypeError: Something in it is no value of ours.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float() | np.floating():
            return _number(float(value))
        case Mapping():
            return {str(key): as_json(each) for key, each in value.items()}
        case list() | tuple():
            return [as_json(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_json(getattr(value, f.name)) for f in fields(value)}
    msg = f"{type(value).__name__} has no form in JSON"
    raise TypeError(msg)


def _number(value: float) -> JSON:
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    return value
