"""The paper's own suite, as facts, and what clones still hold of it.

The paper prints numbers, clusters and a few base commits (arXiv 2504.13171, appendices
D and G). The rest is looked for in clones: each pull request is found, or it is said
why not.
"""

import json
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from tasks.candidates import Threshold, select_candidates
from tasks.drafts import Draft, Kind
from tasks.errors import RepositoryError, SuiteError
from tasks.mining import Found, find_pull_requests
from tasks.pull_requests import PullRequest
from tasks.repository import Repository
from tasks.times import parse_time

__all__ = ["PaperEntry", "PaperFinding", "build_paper_suite", "paper_entries"]


@dataclass(frozen=True, slots=True)
class PaperEntry:
    """One pull request that the paper prints."""

    repo: str
    number: int
    cluster: str
    printed_base: str | None
    """Full id of the base commit, where the paper prints it."""


@dataclass(frozen=True, slots=True)
class PaperFinding:
    """What clones hold of one of them."""

    entry: PaperEntry
    row: PullRequest | None
    """The instance; None where it cannot be built."""
    notes: tuple[str, ...]
    """What agrees with the paper, what does not, and why it is missing."""


def paper_entries() -> tuple[PaperEntry, ...]:
    """Every number that the paper prints, in its order."""
    return tuple(
        PaperEntry(
            repo=one["repo"],
            number=number,
            cluster=cluster,
            printed_base=one["base_commits"].get(str(number)),
        )
        for one in _facts()["repositories"]
        for cluster, numbers in one["clusters"].items()
        for number in numbers
    )


def build_paper_suite(clones: Path) -> tuple[PaperFinding, ...]:
    """Look for each of the paper's pull requests in clones.

    Args:
        clones: A folder with a clone of each repository, called `name`, `owner/name`,
            `owner+name` or `owner__name`, in itself or in a folder `repo` below it.

    Raises:
        SuiteError: There is no such folder.
    """
    if not clones.is_dir():
        message = f"{clones} is not a folder: name one that holds clones"
        raise SuiteError(message)
    findings: list[PaperFinding] = []
    for facts in _facts()["repositories"]:
        entries = [entry for entry in paper_entries() if entry.repo == facts["repo"]]
        clone = _find_clone(clones, [facts["repo"], *facts["also_called"]])
        if clone is None:
            note = f"there is no clone of {facts['repo']} in {clones}"
            findings += [PaperFinding(entry, None, (note,)) for entry in entries]
            continue
        repository = Repository.open(clone)
        found = find_pull_requests(repository)
        findings += [_find(entry, repository, found) for entry in entries]
    return tuple(findings)


def _find(entry: PaperEntry, repository: Repository, found: Found) -> PaperFinding:
    draft = next((one for one in found.drafts if one.number == entry.number), None)
    draft = _from_printed_base(entry, draft, repository)
    if draft is None:
        return PaperFinding(entry, None, (_why_missing(entry, found),))
    selected = select_candidates(repository, [draft], entry.repo, Threshold(0))
    if not selected.pull_requests:
        return PaperFinding(entry, None, (selected.rejections[0].reason,))
    row = replace(selected.pull_requests[0], cluster=entry.cluster)
    return PaperFinding(entry, row, tuple(_compare(entry, row, repository)))


def _from_printed_base(
    entry: PaperEntry, draft: Draft | None, repository: Repository
) -> Draft | None:
    """The draft with the base in print, where its head goes back to that.

    A squash goes back to it too, but with what others did in between: it keeps its own.
    """
    base = repository.find_commit(entry.printed_base or "")
    if base is None or (draft is not None and draft.kind is Kind.SQUASH):
        return draft
    if draft is None:
        head = repository.find_commit(f"refs/pull/{entry.number}/head")
        draft = Draft(entry.number, Kind.BRANCH, base, head) if head else None
    if draft is None or not repository.is_ancestor(base, draft.head):
        return draft
    return replace(draft, base=base)


def _compare(entry: PaperEntry, row: PullRequest, repository: Repository) -> list[str]:
    notes = [f"found as a {row.extra['kind']}"]
    if entry.printed_base is not None:
        if row.base_commit == entry.printed_base:
            notes.append("its base is the one that the paper prints")
        elif repository.has_commit(entry.printed_base):
            notes.append(f"the paper prints another base, {entry.printed_base[:12]}")
        else:
            printed = entry.printed_base[:12]
            notes.append(f"the base that the paper prints, {printed}, is not here")
    made = repository.commit_time(row.head_commit or row.base_commit)
    if made > parse_time(_facts()["published"]):
        notes.append("its head is younger than the paper: rebased since")
    code = sum(file.filename.endswith((".py", ".js")) for file in row.changed_files)
    objection = Threshold().objection(row.changed_files)
    if objection is not None:
        notes.append(f"by the paper's own rule too small: it {objection}")
    return [*notes, f"{len(row.changed_files)} files, {code} of them .py/.js"]


def _why_missing(entry: PaperEntry, found: Found) -> str:
    reasons = [one.reason for one in found.rejections if one.number == entry.number]
    if reasons:
        return reasons[0]
    if not found.heads:
        return (
            f"no commit names #{entry.number}, and the clone has no refs/pull: "
            "git fetch origin '+refs/pull/*/head:refs/pull/*/head' may bring it"
        )
    return f"no commit and no refs/pull/{entry.number}/head: such a number is not there"


def _find_clone(clones: Path, names: list[str]) -> Path | None:
    for name in names:
        owner, _, short = name.partition("/")
        for folder in (name, f"{owner}+{short}", f"{owner}__{short}", short):
            for place in (clones / folder, clones / folder / "repo"):
                try:
                    return Repository.open(place).path
                except RepositoryError:
                    continue
    return None


@cache
def _facts() -> dict[str, Any]:
    text = files("tasks").joinpath("paper_suite.json").read_text("utf-8")
    facts: dict[str, Any] = json.loads(text)
    return facts
