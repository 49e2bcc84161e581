"""Suites that are published as datasets on a Hugging Face hub.

The files of a dataset (JSON lines, JSON, Parquet) hold rows in the columns of
SWE-Features. `huggingface_hub` fetches them and pyarrow reads Parquet, where they are
installed; nothing else of this package needs either.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.errors import SuiteError
from tasks.pull_requests import PullRequest
from tasks.rows import RowProblem, RowsRead, read_rows

__all__ = ["fetch_dataset", "read_dataset"]

_SUFFIXES = (".jsonl", ".json", ".parquet")
_NOT_ROWS = {"dataset_infos.json", "dataset_dict.json", "state.json"}


def fetch_dataset(
    name: str,
    cache: Path,
    *,
    revision: str | None = None,
    endpoint: str | None = None,
) -> Path:
    """Fetch a dataset's files, once.

    Args:
        name: `owner/name` on the hub.
        cache: Folder that keeps them.
        revision: Branch, tag or commit; None takes the newest.
        endpoint: Another hub's address.

    Returns:
        The folder with the files.

    Raises:
        SuiteError: The library is missing, or the dataset cannot be had.
    """
    try:
        # Seconds to import, and only this command needs it.
        from huggingface_hub import snapshot_download  # noqa: PLC0415
    except ModuleNotFoundError as error:
        message = "reading a hub needs its library: pip install huggingface_hub"
        raise SuiteError(message) from error
    try:
        folder = snapshot_download(
            name,
            repo_type="dataset",
            revision=revision,
            cache_dir=cache,
            endpoint=endpoint,
            allow_patterns=[f"*{suffix}" for suffix in _SUFFIXES],
        )
    except Exception as error:
        # Its errors have no common base: the library's, the client's, the system's.
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        message = f"cannot fetch the dataset {name}: {reason}; check name and network"
        raise SuiteError(message) from error
    return Path(str(folder))


def read_dataset(folder: Path) -> RowsRead:
    """Read the rows of every file of a dataset, files by name.

    Raises:
        SuiteError: It has no file of rows, or a file cannot be read.
    """
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in _SUFFIXES and path.name not in _NOT_ROWS
    )
    if not paths:
        message = f"no rows in {folder}: looked for {', '.join(_SUFFIXES)}"
        raise SuiteError(message)
    rows: list[PullRequest] = []
    problems: list[RowProblem] = []
    lines: list[int] = []
    places: dict[str, str] = {}
    for path in paths:
        name = path.relative_to(folder).as_posix()
        read = read_rows(_lines(path))
        problems += [RowProblem(p.line, f"{name}: {p.message}") for p in read.problems]
        for line, row in zip(read.lines, read.rows, strict=True):
            first = places.setdefault(row.instance_id, name)
            if first == name:
                rows.append(row)
                lines.append(line)
            else:
                message = f"{name}: {row.instance_id} is in {first} already"
                problems.append(RowProblem(line, message))
    return RowsRead(tuple(rows), tuple(problems), tuple(lines))


def _lines(path: Path) -> Iterator[bytes]:
    if path.suffix == ".jsonl" or (path.suffix == ".json" and _holds_lines(path)):
        yield from path.read_bytes().split(b"\n")
        return
    for value in _read_parquet(path) if path.suffix == ".parquet" else _read_json(path):
        yield json.dumps(value, default=str).encode()


def _holds_lines(path: Path) -> bool:
    """Whether JSON lines are called `.json`, as the datasets library calls them."""
    with path.open("rb") as file:
        first, second = file.readline(), file.readline()
    try:
        return isinstance(json.loads(first), dict) and bool(second.strip())
    except ValueError:
        return False


# Any, here and below: rows before they are checked.
def _read_json(path: Path) -> list[Any]:
    try:
        value = json.loads(path.read_bytes())
    except ValueError as error:
        message = f"{path} is broken JSON ({error}): fetch it again"
        raise SuiteError(message) from error
    if isinstance(value, dict):
        value = value.get("data", [value])
    return value if isinstance(value, list) else [value]


def _read_parquet(path: Path) -> list[Any]:
    try:
        from pyarrow import parquet  # noqa: PLC0415 - large, and only for this format
    except ModuleNotFoundError as error:
        message = f"reading {path.name} needs pyarrow: pip install pyarrow"
        raise SuiteError(message) from error
    try:
        rows: list[Any] = parquet.read_table(path).to_pylist()
    except (OSError, ValueError) as error:
        message = f"cannot read {path}: {error}"
        raise SuiteError(message) from error
    return rows
