"""Rows of a suite, in the columns of the published SWE-Features dataset.

One JSON object a line: `repo, pr_number, title, user_login, state, body,
changed_files_count, changed_files, base_commit`, and where they are known
`head_commit, merge_commit, merged_at, created_at, cluster`. Other columns are kept as
they came, in `PullRequest.extra`; among them `related_prs`, which must be numbers.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from tasks.errors import RowError, SuiteError
from tasks.pull_requests import ChangedFile, FileStatus, PullRequest
from tasks.times import parse_time

__all__ = [
    "RowProblem",
    "RowsRead",
    "is_repository_name",
    "load_rows",
    "parse_row",
    "read_rows",
]

_STATUS_WORDS = {
    "new": FileStatus.ADDED,
    "a": FileStatus.ADDED,
    "c": FileStatus.ADDED,
    "copied": FileStatus.ADDED,
    "m": FileStatus.MODIFIED,
    "deleted": FileStatus.REMOVED,
    "d": FileStatus.REMOVED,
    "r": FileStatus.RENAMED,
    "t": FileStatus.CHANGED,
    "unchanged": FileStatus.CHANGED,
} | {status.value: status for status in FileStatus}
_SHOWN_CHARACTERS = 60
_LIST = re.compile(r"""\[\s*["'{]""")
_NAME_STATUS = re.compile(r"([ACDMRT])\d*\t(?:([^\t]+)\t)?([^\t]+)")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that cannot be used."""

    line: int
    """Line of the file, counted from 1."""
    message: str
    """What is wrong with it and what to do, in one line."""

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class RowsRead:
    """What a file of rows held."""

    rows: tuple[PullRequest, ...]
    problems: tuple[RowProblem, ...]
    lines: tuple[int, ...] = ()
    """Line of each row, in the order of `rows`."""


def load_rows(path: Path | str) -> RowsRead:
    """Read a JSONL file of rows; a broken row becomes a problem, and reading goes on.

    Raises:
        SuiteError: The file cannot be read.
    """
    try:
        lines = Path(path).read_bytes().split(b"\n")
    except OSError as error:
        reason = error.strerror or str(error)
        msg = f"cannot read the suite {path}: {reason}"
        raise SuiteError(msg) from error
    return read_rows(lines)


def read_rows(lines: Iterable[bytes]) -> RowsRead:
    """Read rows from lines of JSON; blank lines are skipped."""
    rows: list[PullRequest] = []
    places: list[int] = []
    problems: list[RowProblem] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = parse_row(_parse_json(line))
        except RowError as error:
            problems.append(RowProblem(number, str(error)))
            continue
        first = seen.setdefault(row.instance_id, number)
        if first != number:
            message = f"{row.instance_id} is on line {first} already: remove one"
            problems.append(RowProblem(number, message))
            continue
        rows.append(row)
        places.append(number)
    return RowsRead(tuple(rows), tuple(problems), tuple(places))


def parse_row(value: object) -> PullRequest:
    """Check one row and turn it into a pull request.

    Raises:
        RowError: A column is missing or has the wrong form.
    """
    if not isinstance(value, dict):
        kind = type(value).__name__
        msg = f"a row is a JSON object, not a {kind}: see docs/experiments.md"
        raise RowError(msg)
    try:
        row = _Row.model_validate(value)
    except ValidationError as error:
        raise RowError(_explain(error, value)) from None
    columns = {name: getattr(row, name) for name in _Row.model_fields}
    related = columns.pop("related_prs")
    listed = {} if related is None else {"related_prs": related}
    return PullRequest(**columns, extra=(row.model_extra or {}) | listed)


def _parse_json(line: bytes) -> object:
    try:
        return json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        reason = f"not UTF-8 at byte {error.start}"
        msg = f"{reason}: write the file again in UTF-8"
        raise RowError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"broken JSON ({error}): repair or remove the line"
        raise RowError(msg) from error


def _explain(error: ValidationError, value: dict[str, Any]) -> str:
    """One line for the first thing that is wrong. Any: JSON values of the row."""
    first = error.errors(include_url=False)[0]
    column = ".".join(str(part) for part in first["loc"]) or "row"
    if first["type"] == "missing":
        return f"column {column!r} is missing: add it"
    shown = repr(value.get(column, first["input"]))
    if len(shown) > _SHOWN_CHARACTERS:
        shown = shown[:_SHOWN_CHARACTERS] + "..."
    reason = first["msg"].removeprefix("Value error, ")
    return f"column {column!r} is {shown}: {reason[0].lower()}{reason[1:]}"


def _read_changed_files(value: object) -> tuple[ChangedFile, ...]:
    """Accept a list of objects or names, a JSON string of such a list, or lines."""
    if value is None:
        return ()
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("["):
            try:
                return _read_changed_files(json.loads(text))
            except (json.JSONDecodeError, RecursionError) as error:
                if _LIST.match(text):  # a name may begin with a bracket alone
                    message = "a list of files is JSON, with double quotes and an end"
                    raise ValueError(message) from error
        return tuple(_read_name(line) for line in value.splitlines() if line.strip())
    if isinstance(value, list | tuple):
        return tuple(_read_file(item) for item in value)
    message = "give a list of files, a JSON string of one, or one name a line"
    raise ValueError(message)


def _read_file(item: object) -> ChangedFile:
    if isinstance(item, ChangedFile):
        return item
    if isinstance(item, str):
        return _read_name(item)
    if not isinstance(item, dict):
        message = f"a changed file is an object or a name, not {item!r}"
        raise ValueError(message)  # noqa: TRY004 - pydantic reports only ValueError
    return _File.model_validate(item).to_value()


def _read_name(line: str) -> ChangedFile:
    match = _NAME_STATUS.fullmatch(line)
    if match is None:
        return ChangedFile(_check_path(line.strip("\r")), FileStatus.MODIFIED)
    letter, previous, name = match.groups()
    return ChangedFile(
        _check_path(name), _read_status(letter), previous_filename=previous
    )


def _read_status(value: object) -> FileStatus:
    status = _STATUS_WORDS.get(str(value).strip().lower())
    if status is None:
        known = ", ".join(FileStatus)
        message = f"unknown status {value!r}: use one of {known}"
        raise ValueError(message)
    return status


def _check_path(value: str) -> str:
    if not value.strip() or value.startswith("/") or "\0" in value:
        message = f"{value!r} is no path from the repository root"
        raise ValueError(message)
    return value


def _check_commit(value: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{7,64}", value.strip()):
        message = "give the commit's id, 7 of its hexadecimal digits or more"
        raise ValueError(message)
    return value.strip().lower()


def is_repository_name(value: str) -> bool:
    """Whether a row can name its repository so: `owner/name`, or deeper."""
    parts = value.split("/")
    named = re.fullmatch(r"[\w.-]+(/[\w.-]+)+", value) is not None
    return named and not {".", ".."} & set(parts)


def _check_repo(value: str) -> str:
    if not is_repository_name(value):
        message = "name the repository as owner/name"
        raise ValueError(message)
    return value


def _check_time(value: object) -> str | None:
    if value is None or value == "":
        return None
    parse_time(str(value))
    return str(value)


def _check_number(value: object) -> object:
    if isinstance(value, bool):
        message = "give the pull request's number"
        raise ValueError(message)  # noqa: TRY004 - pydantic reports only ValueError
    return value


_Number = Annotated[int, BeforeValidator(_check_number), Field(ge=0)]
_Time = Annotated[str | None, BeforeValidator(_check_time)]
_Commit = Annotated[str, BeforeValidator(lambda v: _check_commit(str(v)))]
_Path = Annotated[str, BeforeValidator(lambda v: _check_path(str(v)))]


class _File(BaseModel):
    """One changed file of a row; columns of the GitHub API beyond these are dropped."""

    filename: _Path
    status: Annotated[FileStatus, BeforeValidator(_read_status)] = FileStatus.MODIFIED
    additions: int | None = Field(default=None, ge=0)
    deletions: int | None = Field(default=None, ge=0)
    patch: str | None = None
    previous_filename: _Path | None = None

    def to_value(self) -> ChangedFile:
        return ChangedFile(**{n: getattr(self, n) for n in _File.model_fields})


class _Row(BaseModel):
    """The columns that we know, as they enter."""

    model_config = ConfigDict(extra="allow", arbitrary_types_allowed=True)

    repo: Annotated[str, BeforeValidator(lambda v: _check_repo(str(v)))]
    pr_number: _Number
    title: Annotated[str, BeforeValidator(lambda v: v if v is not None else "")]
    body: Annotated[str, BeforeValidator(lambda v: v if v is not None else "")] = ""
    base_commit: _Commit
    changed_files: Annotated[
        tuple[ChangedFile, ...], BeforeValidator(_read_changed_files)
    ] = ()
    head_commit: _Commit | None = None
    user_login: str | None = None
    state: str | None = None
    merged_at: _Time = None
    created_at: _Time = None
    merge_commit: _Commit | None = None
    cluster: str | None = None
    related_prs: list[_Number] | None = None
