"""Everything a report says, gathered once and then written in several forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from swe_features.arms import ARMS
from swe_features.report.attachments import attach_contexts, attach_trajectories
from swe_features.report.evidence import evidence_record
from swe_features.report.overview import observe_experiment, overview_record
from swe_features.report.savings import savings_record
from swe_features.results import StoredExperiment
from swe_features.statistics.observations import Observation
from swe_features.version import version

__all__ = ["ReportContent", "gather"]


@dataclass(frozen=True, slots=True)
class ReportContent:
    """What a report says."""

    title: str
    overview: Mapping[str, Any]
    """Numbers of the arms; see `overview` and `savings`. Any: JSON values, as below."""
    evidence: Mapping[str, Any]
    """Instances, pull requests and cells; see `evidence`."""
    provenance: Mapping[str, Any]
    """The manifest of the run, when this was written, and with what."""
    trajectories: Mapping[str, str]
    """By `instance_id`, packed; see `attachments`."""
    contexts: Mapping[str, str]
    """By key, packed."""
    observations: Sequence[Observation]


def gather(
    experiment: StoredExperiment, *, with_attachments: bool = True
) -> ReportContent:
    """Read an experiment and compute what is shown of it.

    Args:
        experiment: May still be written to.
        with_attachments: Whether trajectories and learned contexts are read, too; they
            are nine tenths of the work, and only the page shows them.

    Raises:
        StoreError: A file of the experiment is damaged.
        LearnedContextError: So is a learned context.
    """
    observations = observe_experiment(experiment)
    provenance = {
        "manifest": dict(experiment.manifest),
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version(),
        "summaries": {name: arm.summary for name, arm in ARMS.items()},
    }
    trajectories = attach_trajectories(experiment) if with_attachments else ()
    contexts = attach_contexts(experiment) if with_attachments else ()
    return ReportContent(
        title=experiment.plan.name,
        overview={
            **overview_record(experiment, observations),
            **savings_record(observations),
        },
        evidence=evidence_record(experiment),
        provenance=provenance,
        trajectories=dict(trajectories),
        contexts=dict(contexts),
        observations=observations,
    )
