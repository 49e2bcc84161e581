"""What was planned, as the directory keeps it: cells, and what they ask.

So that a report can count what is missing, and show pull requests beside what was
learned from them, without the suite or its repositories.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from swe_features.cells import Cell
from swe_features.errors import StoreError
from swe_features.journal import read_document, refuse_later
from tasks.instances import Instance
from tasks.pull_requests import PullRequest

__all__ = ["FileRecord", "InstanceRecord", "Plan", "PullRequestRecord", "read_plan"]

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One changed file of a pull request, without its patch."""

    filename: str
    status: str
    additions: int | None
    deletions: int | None


@dataclass(frozen=True, slots=True)
class PullRequestRecord:
    """A pull request as a report shows it."""

    repo: str
    pr_number: int
    title: str
    body: str
    base_commit: str
    head_commit: str | None
    merged_at: str | None
    cluster: str | None
    changed_files: tuple[FileRecord, ...]


@dataclass(frozen=True, slots=True)
class InstanceRecord:
    """An instance as a report shows it."""

    instance_id: str
    target: PullRequestRecord
    related: tuple[PullRequestRecord, ...]
    gold_files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The cells of the last run over a directory, and the instances they attempt."""

    name: str
    cells: tuple[Cell, ...]
    instances: Mapping[str, InstanceRecord]
    """By `instance_id`, in the order of the suite."""

    @classmethod
    def of(
        cls, name: str, cells: Iterable[Cell], instances: Iterable[Instance]
    ) -> "Plan":
        """The plan of an experiment."""
        records = {each.instance_id: _record(each) for each in instances}
        return cls(name, tuple(cells), records)

    def as_record(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {"schema": SCHEMA, **asdict(self)}


_PLAN = TypeAdapter(Plan)


def read_plan(path: Path) -> Plan:
    """Read a stored plan.

    Raises:
        StoreError: It is missing, damaged, or of a later version.
    """
    record = read_document(path)
    refuse_later(record, SCHEMA, path)
    try:
        record.pop("schema")
        return _PLAN.validate_python(record)
    except (ValidationError, AttributeError, KeyError, TypeError) as error:
        msg = f"{path} is no plan of ours: run the experiment again to write it anew"
        raise StoreError(msg) from error


def _record(instance: Instance) -> InstanceRecord:
    return InstanceRecord(
        instance_id=instance.instance_id,
        target=_pull_request(instance.target),
        related=tuple(_pull_request(pull) for pull in instance.related),
        gold_files=tuple(sorted(instance.gold_files)),
    )


def _pull_request(pull: PullRequest) -> PullRequestRecord:
    files = (
        FileRecord(file.filename, str(file.status), file.additions, file.deletions)
        for file in pull.changed_files
    )
    return PullRequestRecord(
        repo=pull.repo,
        pr_number=pull.pr_number,
        title=pull.title,
        body=pull.body,
        base_commit=pull.base_commit,
        head_commit=pull.head_commit,
        merged_at=pull.merged_at,
        cluster=pull.cluster,
        changed_files=tuple(files),
    )
