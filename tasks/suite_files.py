"""Write suites: rows as the published dataset has them, and where they came from.

Beside `suite.jsonl` lies `suite.provenance.json`: the repository, the commit and the
options that the rows were made from, what was left out and why, and the rows' digest.
Nothing in it depends on when or where it was made.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks.drafts import Rejection
from tasks.errors import SuiteError
from tasks.pull_requests import ChangedFile, PullRequest
from tasks.whole_files import write_whole

__all__ = [
    "count_rejections",
    "dump_row",
    "provenance_path",
    "read_provenance",
    "write_suite",
]


def write_suite(
    path: Path, rows: Sequence[PullRequest], provenance: Mapping[str, Any]
) -> None:
    """Write rows and their provenance, each file whole or not at all.

    Args:
        path: Where the rows go; the provenance goes beside them.
        rows: In the order in which they are written.
        provenance: JSON values; `rows` and `sha256` are added.

    Raises:
        SuiteError: There are no rows, or the files cannot be written.
    """
    if not rows:
        message = f"no rows to write to {path}: none was usable"
        raise SuiteError(message)
    text = "".join(json.dumps(dump_row(row)) + "\n" for row in rows)
    digest = hashlib.sha256(text.encode()).hexdigest()
    record = {**provenance, "rows": len(rows), "sha256": digest}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
        write_whole(provenance_path(path), json.dumps(record, indent=2) + "\n")
    except OSError as error:
        message = f"cannot write the suite {path}: {error.strerror or error}"
        raise SuiteError(message) from error


def provenance_path(path: Path) -> Path:
    """Where the provenance of a suite lies."""
    return path.with_name(f"{path.stem}.provenance.json")


def read_provenance(path: Path) -> Mapping[str, Any] | None:
    """The provenance of a suite; None where it has none that can be read.

    Its `is_current` says whether the rows are still those that it was written for.
    """
    try:
        record = json.loads(provenance_path(path).read_text("utf-8"))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict):
        return None
    return {**record, "is_current": record.get("sha256") == digest}


def dump_row(row: PullRequest) -> dict[str, Any]:
    """A row's columns, those of the published dataset first; Any: JSON values."""
    columns: dict[str, Any] = {
        "repo": row.repo,
        "pr_number": row.pr_number,
        "title": row.title,
        "user_login": row.user_login,
        "state": row.state,
        "body": row.body,
        "changed_files_count": len(row.changed_files),
        "changed_files": [_dump_file(file) for file in row.changed_files],
        "base_commit": row.base_commit,
        "head_commit": row.head_commit,
        "merge_commit": row.merge_commit,
        "merged_at": row.merged_at,
        "created_at": row.created_at,
        "cluster": row.cluster,
    }
    return columns | {k: v for k, v in row.extra.items() if k not in columns}


def count_rejections(rejections: Iterable[Rejection]) -> dict[str, int]:
    """How many were left out at each stage."""
    return dict(sorted(Counter(one.stage for one in rejections).items()))


def _dump_file(file: ChangedFile) -> dict[str, Any]:
    known = {
        "filename": file.filename,
        "status": file.status.value,
        "additions": file.additions,
        "deletions": file.deletions,
        "previous_filename": file.previous_filename,
    }
    return {name: value for name, value in known.items() if value is not None}
