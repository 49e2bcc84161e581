"""Everything a report says, gathered once and then written in several forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from agent.models.prices import Prices
from swe_features.arms import arm_named
from swe_features.errors import ConfigError
from swe_features.report.analyses import analyses_record
from swe_features.report.attachments import (
    attach_contexts,
    attach_trajectories,
    name_unreadable,
)
from swe_features.report.costs import costs_record
from swe_features.report.evidence import evidence_record
from swe_features.report.overview import overview_record
from swe_features.results import StoredExperiment
from swe_features.statistics.observations import observe
from swe_features.statistics.summary import summarise, summarise_experiment
from swe_features.version import version

__all__ = ["ReportContent", "gather"]

SHOWN = 5
"""Records that cannot be read which the page names."""


@dataclass(frozen=True, slots=True)
class ReportContent:
    """What a report says."""

    title: str
    overview: Mapping[str, Any]
    """Numbers of the arms; see `overview`. Any: JSON values, as below."""
    analyses: Mapping[str, Any]
    """What sleeping saves and depends on; see `analyses`."""
    costs: Mapping[str, Any]
    """Dollars; see `costs`."""
    evidence: Mapping[str, Any]
    """Instances, pull requests and cells; see `evidence`."""
    provenance: Mapping[str, Any]
    """The manifest of the run, when this was written, and with what."""
    trajectories: Mapping[str, str]
    """By `instance_id`, packed; see `attachments`."""
    contexts: Mapping[str, str]
    """By key, packed."""
    unreadable: tuple[str, ...] = ()
    """What is damaged or missing, a sentence each."""
    has_texts: bool = True
    """False where all that people and models wrote was left out; see `withholding`."""


def gather(
    experiment: StoredExperiment,
    *,
    is_quick: bool = False,
    with_attachments: bool = True,
) -> ReportContent:
    """Read an experiment and compute what is shown of it.

    Args:
        experiment: May still be written to.
        is_quick: Leave out what needs the trajectories and learned contexts to be read:
            the attachments, predictability, and the scan for suspicious rollouts.
        with_attachments: Whether trajectories and learned contexts are packed.

    Raises:
        StoreError: Results, plan or manifest are damaged.
    """
    observations = observe(experiment.results.values())
    missing = len(experiment.plan.cells) - len(experiment.results)
    summary = (
        summarise(observations, missing=missing)
        if is_quick
        else summarise_experiment(experiment)
    )
    unreadable = () if is_quick else tuple(name_unreadable(experiment))
    overview = overview_record(summary, observations, experiment.plan.cells)
    is_packed = with_attachments and not is_quick
    return ReportContent(
        title=experiment.plan.name,
        overview={**overview, "doubts": [*overview["doubts"], *_sum_up(unreadable)]},
        analyses=analyses_record(summary),
        costs=costs_record(experiment.results.values(), Prices.load()),
        evidence=evidence_record(experiment),
        provenance=_provenance(experiment),
        trajectories=dict(attach_trajectories(experiment)) if is_packed else {},
        contexts=dict(attach_contexts(experiment)) if is_packed else {},
        unreadable=unreadable,
    )


def _sum_up(unreadable: Sequence[str]) -> tuple[str, ...]:
    """The first few, for the page; all are printed by the command."""
    rest = len(unreadable) - SHOWN
    more = f"{rest} more records cannot be read and are left out."
    return (*unreadable[:SHOWN], *([more] if rest > 0 else []))


def _provenance(experiment: StoredExperiment) -> dict[str, Any]:
    arms = dict.fromkeys(cell.arm for cell in experiment.plan.cells)
    return {
        "manifest": dict(experiment.manifest),
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version(),
        "summaries": {name: _summary_of(name) for name in arms},
    }


def _summary_of(name: str) -> str:
    try:
        return arm_named(name).summary
    except ConfigError:
        return "an arm that this version does not know"
