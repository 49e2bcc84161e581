"""Readings: what an analysis shows, in a sentence, and when not to believe it.

A figure travels without the text around it; its doubts have to travel with it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from swe_features.statistics.intervals import Estimate
from swe_features.statistics.observations import Observation

__all__ = ["Reading", "doubts_about", "doubts_about_gaps", "show"]

FEW_INSTANCES = 30
"""Below, an interval's limits themselves are unsure, and only large effects show."""

FEW_REPOSITORIES = 10


@dataclass(frozen=True, slots=True)
class Reading:
    """One sentence about one analysis, with the reasons to doubt it."""

    shows: str
    """What the analysis shows; ends with a full stop."""
    doubts: tuple[str, ...] = ()
    """Each a sentence that says why this must not be believed, or how far."""


def doubts_about(
    observations: Sequence[Observation], *, suspects: Iterable[str] = ()
) -> tuple[str, ...]:
    """What is wrong with the cells themselves, whatever is computed from them.

    Args:
        observations: The cells of an analysis.
        suspects: Ids of cells whose rollout looked for the future or the network.
    """
    if not observations:
        return ("There is no cell at all.",)
    flagged = frozenset(suspects) & {o.cell_id for o in observations}
    return (
        *_of_the_sample(observations),
        *_of_the_cells(observations, flagged=len(flagged)),
        *_of_who_made_them(observations),
    )


def doubts_about_gaps(observations: Sequence[Observation]) -> tuple[str, ...]:
    """Whether arms and budgets that are held against each other had the same instances.

    Args:
        observations: Cells of which means are compared that are not taken in pairs.
    """
    points: dict[tuple[str, int | None], set[str]] = {}
    for seen in observations:
        points.setdefault((seen.arm, seen.budget), set()).add(seen.instance_id)
    everywhere = set.intersection(*points.values()) if points else set()
    total = len({seen.instance_id for seen in observations})
    if len(everywhere) == total:
        return ()
    lacking = total - len(everywhere)
    return (
        f"{lacking} of {total} instances lack a cell at some arm and budget: means are "
        "not of the same instances.",
    )


def _of_the_sample(observations: Sequence[Observation]) -> Iterator[str]:
    instances = len({o.instance_id for o in observations})
    repos = len({o.repo for o in observations})
    if instances == 1:
        yield "Only 1 instance: nothing is said about others."
    elif instances < FEW_INSTANCES:
        yield f"Only {instances} instances: a wide interval, and its ends unsure."
    if repos < FEW_REPOSITORIES:
        name = "repository" if repos == 1 else "repositories"
        yield f"Only {repos} {name}: nothing is said about others."


def _of_the_cells(observations: Sequence[Observation], flagged: int) -> Iterator[str]:
    """Each sentence with how many cells it is about, if it is about any."""
    counted = (
        (
            sum(not o.is_scored for o in observations),
            "cells are broken: read both denominators.",
        ),
        (
            sum(o.related == "any-order" for o in observations),
            "cells saw pull requests from after their target: the future leaked.",
        ),
        (
            sum(o.is_scored and not o.is_sealed for o in observations),
            "cells carry no proof that the future was absent.",
        ),
        (
            flagged,
            "rollouts looked for the future or the network: read the clean-only score.",
        ),
        (
            sum(o.is_scored and not o.is_measured for o in observations),
            "cells do not tell their tokens: no mean counts them.",
        ),
        (
            sum(bool(o.sleep_tokens and not o.measured_sleep) for o in observations),
            "cells do not tell the tokens of their sleep: no mean counts them.",
        ),
    )
    for count, what in counted:
        if count:
            yield f"{count} of {len(observations)} {what}"


def _of_who_made_them(observations: Sequence[Observation]) -> Iterator[str]:
    versions = len({o.code for o in observations})
    models = {o.model for o in observations if o.model is not None}
    sleepers = {o.sleep_model for o in observations if o.sleep_model is not None}
    modes = {o.mode for o in observations}
    if versions > 1:
        yield f"The cells were made by {versions} versions of the code or its prompts."
    if len(modes) > 1:
        yield f"The cells were attempted in {len(modes)} modes: {_list(modes)}."
    if len(models) > 1:
        yield f"The cells were made by {len(models)} models: {_list(models)}."
    if len(sleepers) > 1:
        yield f"The sleep phases were of {len(sleepers)} models: {_list(sleepers)}."
    if "offline" in models:
        yield "The offline model is no language model: its figures say nothing of one."


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def show(estimate: Estimate, *, decimals: int = 3, sign: str = "") -> str:
    """An estimate for a sentence: its value, and its percentile interval.

    Args:
        estimate: What to show.
        decimals: After the point.
        sign: `+` writes the sign of positive values too.
    """
    spec = f"{sign},.{decimals}f"
    if estimate.percentile is None:
        return f"{estimate.value:{spec}} (no interval)"
    low, high = estimate.percentile.low, estimate.percentile.high
    return (
        f"{estimate.value:{spec}} ({estimate.level:.0%} interval "
        f"{low:{spec}} to {high:{spec}})"
    )
