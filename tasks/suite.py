"""Turn rows and a repository into instances.

Base commits are looked up, changed files and patches read from the repository where
base and head are there, gold files taken as `docs/scoring.md` says, and each target
gets its related pull requests.
"""

import hashlib
import json
from collections.abc import Mapping, Sized
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from tasks.errors import RepositoryError, RowError, SuiteError
from tasks.histories import Histories
from tasks.instances import Instance
from tasks.pull_requests import ChangedFile, FileStatus, PullRequest
from tasks.relating import (
    History,
    Order,
    came_before,
    choose_related,
    oldest_first,
)
from tasks.repository import Repository
from tasks.rows import RowProblem, RowsRead, load_rows

__all__ = [
    "Gold",
    "Suite",
    "gold_files",
    "load_gold",
    "load_suite",
    "resolve_pull_request",
]

HEAD_REFS = ("refs/pull/{}/head", "refs/merge-requests/{}/head")
"""Where GitHub and GitLab keep the heads of pull requests."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A benchmark, ready to be attempted."""

    name: str
    """The file's name without its suffix."""
    instances: tuple[Instance, ...]
    """In the order of the rows."""
    skipped: tuple[RowProblem, ...]
    """Rows that cannot be used; not empty only where that was asked for."""
    digest: str
    """SHA-256 over what is asked, shown and scored; equal digests, equal suites."""
    pull_requests: tuple[PullRequest, ...] = field(default=(), repr=False)
    """Every row that was read, its commits and files looked up."""


def load_suite(
    path: Path | str,
    repositories: Mapping[str, Repository] | Repository,
    *,
    relate: str = "auto",
    order: str = Order.PAST_ONLY,
    skip_invalid: bool = False,
) -> Suite:
    """Read a suite of rows and build its instances.

    Args:
        path: A JSONL file of rows.
        repositories: One repository for all rows, or one for each `owner/name`.
        relate: What relates pull requests of one repository: `related_prs` (numbers,
            listed by each row), `cluster` (the same name), `auto` (the list where a
            row has one, else the cluster), `random` (a control: as many others as
            `auto` finds, none of them related), or `none`.
        order: `past-only`, or the paper's `any-order`.
        skip_invalid: Leave out rows that cannot be used, instead of refusing the suite.

    Raises:
        SuiteError: The file cannot be read, nothing in it can be used, or one row
            cannot and `skip_invalid` is off.
    """
    chosen = _parse_order(order)
    read = load_rows(path)
    problems = list(read.problems)
    resolved = _resolve_rows(read, repositories, problems)
    instances = []
    histories = Histories([pull_request for _, pull_request in resolved])
    for line, pull_request in resolved:
        try:
            gold = _check_gold(pull_request)
        except RowError as error:
            problems.append(RowProblem(line, str(error)))
            continue
        repository = _choose(repositories, pull_request.repo)
        candidates = [
            other
            for _, other in resolved
            if other is not pull_request and other.repo == pull_request.repo
        ]
        history = histories.of(repository)
        may_show = partial(_may_show, chosen, pull_request, history)
        related = choose_related(pull_request, candidates, relate, may_show)
        instances.append(Instance(pull_request, oldest_first(related, history), gold))
    _refuse(Path(path), problems, instances, skip_invalid=skip_invalid)
    return Suite(
        name=Path(path).stem,
        instances=tuple(instances),
        skipped=tuple(sorted(problems, key=lambda problem: problem.line)),
        digest=_digest(instances),
        pull_requests=tuple(pull_request for _, pull_request in resolved),
    )


@dataclass(frozen=True, slots=True)
class Gold:
    """The answers of a suite, without anything else of it."""

    files: Mapping[str, frozenset[str]]
    """Gold files by instance id, in the order of the rows."""
    skipped: tuple[RowProblem, ...] = ()
    skipped_ids: frozenset[str] = frozenset()
    """Instances among the skipped rows, as far as they could be read."""


def load_gold(
    path: Path | str,
    repositories: Mapping[str, Repository] | Repository | None,
    *,
    skip_invalid: bool = False,
) -> Gold:
    """Read the gold files of a suite.

    Without a repository the rows are believed; a row that lists names without statuses
    then counts each of them.

    Raises:
        SuiteError: As `load_suite`.
    """
    read = load_rows(path)
    problems = list(read.problems)
    resolved = (
        list(zip(read.lines, read.rows, strict=True))
        if repositories is None
        else _resolve_rows(read, repositories, problems)
    )
    files = {}
    for line, pull_request in resolved:
        try:
            files[pull_request.instance_id] = _check_gold(pull_request)
        except RowError as error:
            problems.append(RowProblem(line, str(error)))
    _refuse(Path(path), problems, files, skip_invalid=skip_invalid)
    seen = frozenset(row.instance_id for row in read.rows)
    return Gold(files, tuple(problems), seen - files.keys())


def _may_show(
    order: Order, target: PullRequest, history: History, candidate: PullRequest
) -> bool:
    return order is Order.ANY_ORDER or came_before(candidate, target, history)


def gold_files(changed_files: tuple[ChangedFile, ...]) -> frozenset[str]:
    """Files that count: those whose content was edited in place."""
    return frozenset(
        file.filename for file in changed_files if file.status is FileStatus.MODIFIED
    )


def resolve_pull_request(row: PullRequest, repository: Repository) -> PullRequest:
    """Look up a row's commits, and read its files and patches from the repository.

    A head that the row states is compared with the row's base. A head that only a ref
    of the repository tells may have moved since the row was made: then the row's own
    list of files stands, and the repository adds the patches.

    Raises:
        RowError: The base commit is not in the repository.
    """
    base = repository.find_commit(row.base_commit)
    if base is None:
        hint = "deepen the clone" if repository.is_shallow() else "fetch it"
        message = (
            f"{row.instance_id}: base commit {row.base_commit} is not in "
            f"{repository.path}: {hint}, or leave the row out"
        )
        raise RowError(message)
    if row.merge_commit and len(row.merge_commit) < len(base):
        merge = repository.find_commit(row.merge_commit)
        row = replace(row, merge_commit=merge or row.merge_commit)
    stated = repository.find_commit(row.head_commit or "")
    if stated is not None:
        files = repository.changed_files(base, stated, patches=True)
        return replace(row, base_commit=base, head_commit=stated, changed_files=files)
    head = _find_head(row.pr_number, repository)
    if head is None:
        return replace(row, base_commit=base)
    start = repository.merge_base(base, head) or base
    files = repository.changed_files(start, head, patches=True)
    if row.changed_files:
        files = _with_patches(row.changed_files, files)
    return replace(row, base_commit=base, head_commit=head, changed_files=files)


def _find_head(number: int, repository: Repository) -> str | None:
    found = (repository.find_commit(ref.format(number)) for ref in HEAD_REFS)
    return next((commit for commit in found if commit is not None), None)


def _with_patches(
    listed: tuple[ChangedFile, ...], read: tuple[ChangedFile, ...]
) -> tuple[ChangedFile, ...]:
    patches = {file.filename: file.patch for file in read}
    return tuple(replace(f, patch=f.patch or patches.get(f.filename)) for f in listed)


def _resolve_rows(
    read: RowsRead,
    repositories: Mapping[str, Repository] | Repository,
    problems: list[RowProblem],
) -> list[tuple[int, PullRequest]]:
    resolved = []
    for line, row in zip(read.lines, read.rows, strict=True):
        try:
            repository = _choose(repositories, row.repo)
            resolved.append((line, resolve_pull_request(row, repository)))
        except (RowError, RepositoryError) as error:
            problems.append(RowProblem(line, str(error)))
    return resolved


def _choose(
    repositories: Mapping[str, Repository] | Repository, name: str
) -> Repository:
    if isinstance(repositories, Repository):
        return repositories
    if name not in repositories:
        known = ", ".join(sorted(repositories)) or "none"
        message = f"no repository was given for {name!r} (given: {known}): add one"
        raise RowError(message)
    return repositories[name]


def _check_gold(pull_request: PullRequest) -> frozenset[str]:
    gold = gold_files(pull_request.changed_files)
    if not gold:
        counted = len(pull_request.changed_files)
        what = (
            f"none of its {counted} changed files is modified"
            if counted
            else ("it lists no changed files, and base and head are not both at hand")
        )
        message = f"{pull_request.instance_id}: no gold files ({what}): leave it out"
        raise RowError(message)
    return gold


def _parse_order(order: str) -> Order:
    try:
        return Order(order)
    except ValueError as error:
        message = f"unknown order {order!r}: use past-only or any-order"
        raise SuiteError(message) from error


def _refuse(
    path: Path,
    problems: list[RowProblem],
    usable: Sized,
    *,
    skip_invalid: bool,
) -> None:
    if problems and not skip_invalid:
        first = min(problems, key=lambda problem: problem.line)
        more = f" (and {len(problems) - 1} more rows)" if len(problems) > 1 else ""
        message = f"{path}, {first}{more}; --skip-invalid goes on without"
        raise SuiteError(message)
    if not usable:
        first_problem = f"; first: {problems[0]}" if problems else ""
        message = f"{path} holds no usable row{first_problem}"
        raise SuiteError(message)


def _digest(instances: list[Instance]) -> str:
    facts = [
        [
            instance.instance_id,
            instance.base_commit,
            instance.target.title,
            instance.target.body,
            sorted(instance.gold_files),
            [[other.pr_number, other.head_commit] for other in instance.related],
        ]
        for instance in instances
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
