"""Is every instance of a suite what it claims to be?

What is wrong makes an instance unfit; what is odd is told, and may be wanted.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import SuiteError
from tasks.instances import Instance
from tasks.leaks import Leak, find_leak
from tasks.pull_requests import PullRequest
from tasks.repository import Repository
from tasks.rows import RowProblem, load_rows
from tasks.suite import Suite, load_suite
from tasks.times import format_time, parse_time

__all__ = ["InstanceCheck", "SuiteCheck", "check_suite"]

_REVERT = re.compile(r"^\W*revert\b|this reverts commit [0-9a-f]{7}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InstanceCheck:
    """What was found about one instance."""

    instance: Instance
    faults: tuple[str, ...]
    """What is wrong with it."""
    oddities: tuple[str, ...]
    """What is unusual about it."""
    leak: Leak
    date: str | None
    """Day of the change (UTC): when it was merged, or its head was committed.

    None where neither is known, or no year has it.
    """
    is_after_cutoff: bool | None
    """Whether a model trained until the cutoff cannot have seen it; None: not asked."""


@dataclass(frozen=True, slots=True)
class SuiteCheck:
    """What was found about a suite."""

    suite: Suite
    instances: tuple[InstanceCheck, ...]

    @property
    def unusable(self) -> tuple[RowProblem, ...]:
        """Rows that are no instance at all."""
        return self.suite.skipped

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong with any row."""
        return not self.unusable and not any(one.faults for one in self.instances)


def check_suite(
    path: Path,
    repositories: Mapping[str, Repository] | Repository,
    *,
    cutoff: str | None = None,
) -> SuiteCheck:
    """Check each row against the repository, and rows against each other.

    Args:
        path: The suite's rows.
        repositories: One for all rows, or one for each `owner/name`.
        cutoff: Day until which a model was trained, as 2024-10-31.

    Raises:
        SuiteError: The file cannot be read, none of its rows is usable, or the cutoff
            is no date.
    """
    limit = _read_cutoff(cutoff)
    suite = load_suite(path, repositories, skip_invalid=True)
    rows = {row.instance_id: row for row in load_rows(path).rows}
    duplicates = _find_duplicates(suite.instances)
    checks = []
    for instance in suite.instances:
        repository = (
            repositories
            if isinstance(repositories, Repository)
            else repositories[instance.target.repo]
        )
        row = rows[instance.instance_id]
        moment = _moment(instance.target, repository)
        checks.append(
            InstanceCheck(
                instance=instance,
                faults=tuple(_faults(instance, row, repository)),
                oddities=(
                    *_oddities(instance, row, repository),
                    *duplicates.get(instance.instance_id, ()),
                ),
                leak=find_leak(_text(instance.target), instance.gold_files),
                date=_day(moment),
                is_after_cutoff=None
                if limit is None or moment is None
                else moment > limit,
            )
        )
    return SuiteCheck(suite, tuple(checks))


def _faults(
    instance: Instance, row: PullRequest, repository: Repository
) -> Iterable[str]:
    target = instance.target
    if _head(target, repository) is None:
        yield "its head is not in the repository, so its files cannot be recomputed"
    missing = instance.gold_files - repository.file_paths(target.base_commit)
    if missing:
        yield f"gold files that the base does not have: {_list(missing)}"
    listed = {(file.filename, file.status) for file in row.changed_files}
    found = {(file.filename, file.status) for file in target.changed_files}
    if listed and listed != found:
        names = {name for name, _ in listed ^ found}
        yield f"the row's files are not the repository's: {_list(names)}"


def _oddities(
    instance: Instance, row: PullRequest, repository: Repository
) -> Iterable[str]:
    target = instance.target
    # Of a head that the row states: one that only a ref tells may have moved since.
    head = _head(row, repository)
    if head is not None and not repository.is_ancestor(target.base_commit, head):
        yield "its base is no ancestor of its head"
    if _REVERT.search(target.title) or _REVERT.search(target.body):
        yield "it reverts an earlier change"
    if not target.title.strip():
        yield "it has no title"


def _find_duplicates(instances: Sequence[Instance]) -> dict[str, list[str]]:
    """Instances that ask for the same: one head, one patch, or one title and files."""
    found: dict[str, list[str]] = {}
    for what, keys in (
        ("the same head", _head_key),
        ("the same patch", _patch_key),
        ("the same title and gold files", _title_key),
    ):
        first: dict[str, str] = {}
        for instance in instances:
            key = keys(instance)
            if key is None:
                continue
            other = first.setdefault(key, instance.instance_id)
            if other != instance.instance_id:
                text = f"{what} as {other}"
                found.setdefault(instance.instance_id, []).append(text)
    return found


def _head_key(instance: Instance) -> str | None:
    return instance.target.head_commit


def _patch_key(instance: Instance) -> str | None:
    patches = [f"{f.filename}\n{f.patch}" for f in instance.target.changed_files]
    if not any(file.patch for file in instance.target.changed_files):
        return None
    text = "\n".join(re.sub(r"^@@.*", "", patch, flags=re.M) for patch in patches)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _title_key(instance: Instance) -> str | None:
    title = " ".join(instance.target.title.lower().split())
    return f"{title}\n{sorted(instance.gold_files)}" if title else None


def _moment(target: PullRequest, repository: Repository) -> int | None:
    if target.merged_at:
        return parse_time(target.merged_at)
    head = _head(target, repository)
    return repository.commit_time(head) if head else None


def _head(target: PullRequest, repository: Repository) -> str | None:
    return repository.find_commit(target.head_commit or "")


def _read_cutoff(cutoff: str | None) -> int | None:
    try:
        return parse_time(cutoff) if cutoff else None
    except ValueError as error:
        raise SuiteError(str(error)) from error


def _day(moment: int | None) -> str | None:
    told = None if moment is None else format_time(moment)
    return told and told.partition("T")[0]


def _text(target: PullRequest) -> str:
    return f"{target.title}\n{target.body}"


def _list(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - 3} more" if len(ordered) > 3 else ""  # noqa: PLR2004
    return ", ".join(ordered[:3]) + more
