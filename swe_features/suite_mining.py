"""Turn a clone into a suite: find, select, judge, relate, write.

Each stage hands on what it keeps and says why it leaves out the rest, so that nothing
is lost without an explanation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from swe_features.version import version
from tasks.candidates import Threshold, name_repository, select_candidates
from tasks.drafts import Rejection
from tasks.duplicates import drop_duplicates
from tasks.errors import RepositoryError, SuiteError
from tasks.judging import Judge, judge_all
from tasks.mining import Found, find_pull_requests
from tasks.neighbours import relate_nearest
from tasks.pull_requests import PullRequest
from tasks.repository import Repository
from tasks.rows import is_repository_name
from tasks.suite_files import count_rejections, write_suite

__all__ = ["Enrich", "Mined", "MiningPlan", "mine_suite", "write_mined"]

RELATIONS = ("nearest", "cluster", "none")
"""How mined pull requests can be related."""

Enrich = Callable[[Sequence[PullRequest]], tuple[PullRequest, ...]]


@dataclass(frozen=True, slots=True)
class MiningPlan:
    """What to mine, and how."""

    branch: str = "HEAD"
    repo: str | None = None
    """`owner/name` for the rows; None asks the clone."""
    with_commits: bool = False
    merged_only: bool = False
    """Leave out heads that were never merged."""
    threshold: Threshold = field(default_factory=Threshold)
    relate: str = "nearest"
    neighbours: int = 5
    cluster_model: str | None = None
    """Who groups; None clusters by likeness."""


@dataclass(frozen=True, slots=True)
class Mined:
    """A suite before it is written."""

    rows: tuple[PullRequest, ...]
    rejections: tuple[Rejection, ...]
    found: Found
    repo: str
    candidates: int
    """Pull requests that touch enough, each once: what a judge is asked about."""

    @property
    def seen(self) -> int:
        """Pull requests that the history shows, whatever became of them."""
        return len(self.found.drafts) + len(self.found.rejections)


def mine_suite(
    repository: Repository,
    plan: MiningPlan,
    *,
    judge: Judge | None = None,
    enrich: Enrich | None = None,
) -> Mined:
    """Mine a clone.

    Args:
        repository: A clone with its whole history.
        plan: What to mine, and how.
        judge: Who judges what passed the threshold; None accepts all.
        enrich: Adds what the history does not tell, before anybody judges.

    Raises:
        TaskError: The name cannot be a repository's, the clone cannot be read, lacks
            its trees, holds no pull requests, or clustering lacks its library.
    """
    _check_plan(plan)
    found = find_pull_requests(
        repository, branch=plan.branch, with_commits=plan.with_commits
    )
    rejections = list(found.rejections)
    drafts = list(found.drafts)
    if plan.merged_only:
        rejections += [
            Rejection(draft.number, draft.head, "was never merged", stage="mine")
            for draft in drafts
            if draft.merge is None
        ]
        drafts = [draft for draft in drafts if draft.merge is not None]
    repo = plan.repo or name_repository(repository)
    selected = select_candidates(repository, drafts, repo, plan.threshold)
    if not selected.pull_requests:
        _refuse_without_trees(repository, selected.rejections)
    rejections += selected.rejections
    rows = selected.pull_requests
    if enrich is not None:
        rows = enrich(rows)
    # By the titles that are written, not by those that the history told.
    rows, doubled = drop_duplicates(rows)
    rejections += doubled
    candidates = len(rows)
    if judge is not None:
        rows, refused = judge_all(judge, rows)
        rejections += refused
    return Mined(
        rows=_relate(rows, repository, plan, found.tip),
        rejections=tuple(rejections),
        found=found,
        repo=repo,
        candidates=candidates,
    )


def _check_plan(plan: MiningPlan) -> None:
    """Refuse what cannot be mined as it is asked for."""
    if plan.relate not in RELATIONS:
        message = f"unknown relation {plan.relate!r}: use {', '.join(RELATIONS)}"
        raise SuiteError(message)
    if plan.cluster_model is not None and plan.relate != "cluster":
        message = f"{plan.cluster_model} would group nothing: add --relate cluster"
        raise SuiteError(message)
    if plan.repo is not None and not is_repository_name(plan.repo):
        message = f"cannot name a repository {plan.repo!r}: write owner/name"
        raise SuiteError(message)


def _refuse_without_trees(
    repository: Repository, rejections: Sequence[Rejection]
) -> None:
    """Tell of a partial clone that could compare nothing: no filter is too strict."""
    unread = [one for one in rejections if one.stage == "mine"]
    if unread and len(unread) == len(rejections) and repository.is_partial():
        message = (
            f"{repository.path} is a partial clone without the trees that mining "
            f"compares ({unread[0].reason}): run git -C {repository.path} fetch "
            "--refetch --no-filter"
        )
        raise RepositoryError(message)


def write_mined(
    path: Path, mined: Mined, plan: MiningPlan, *, judge: str, github: str | None
) -> None:
    """Write a mined suite with its provenance.

    Args:
        path: Where the rows go.
        mined: The suite.
        plan: What it was mined by.
        judge: Who judged.
        github: Where texts and states came from; None: from the history alone.

    Raises:
        SuiteError: It has no rows, or cannot be written.
    """
    provenance: dict[str, Any] = {
        "format": 1,
        "made_by": f"swe-features {version()} mine",
        "repo": mined.repo,
        "branch": plan.branch,
        "tip": mined.found.tip,
        "commits": mined.found.commits,
        "pull_requests": mined.seen,
        "with_commits": plan.with_commits,
        "merged_only": plan.merged_only,
        "minimum_files": plan.threshold.minimum_files,
        "suffixes": list(plan.threshold.suffixes),
        "judge": judge,
        "github": github,
        "relate": plan.relate,
        "neighbours": plan.neighbours if plan.relate == "nearest" else None,
        "cluster_model": plan.cluster_model,
        "candidates": mined.candidates,
        "rejected": count_rejections(mined.rejections),
    }
    write_suite(path, mined.rows, provenance)


def _relate(
    rows: tuple[PullRequest, ...],
    repository: Repository,
    plan: MiningPlan,
    tip: str,
) -> tuple[PullRequest, ...]:
    if plan.relate == "cluster" and plan.cluster_model is not None:
        # A model's library takes seconds to import.
        from agent.models.loading import load_model  # noqa: PLC0415
        from swe_features.model_clusters import cluster_with_model  # noqa: PLC0415

        return cluster_with_model(load_model(plan.cluster_model), rows)
    if plan.relate == "cluster":
        # numpy comes with it, which a plain run does not wait for.
        from tasks.clusters import cluster_pull_requests  # noqa: PLC0415

        return cluster_pull_requests(rows)
    if plan.relate == "nearest":
        return relate_nearest(rows, rows, repository, tip=tip, count=plan.neighbours)
    return rows
