from pathlib import Path

import pytest

from tasks.errors import SuiteError
from tasks.pull_requests import ChangedFile, FileStatus, PullRequest
from tasks.rows import load_rows
from tasks.suite_files import provenance_path, read_provenance, write_suite

ROW = PullRequest(
    repo="owner/name",
    pr_number=1,
    title="Add é",
    body="",
    base_commit="a" * 40,
    changed_files=(
        ChangedFile("caf\udce9.py", FileStatus.MODIFIED, 1, 2),
        ChangedFile("new.py", FileStatus.RENAMED, previous_filename="old.py"),
    ),
    head_commit="b" * 40,
    merged_at="2024-01-01T00:00:00Z",
    extra={"kind": "squash", "related_prs": [2]},
)


def test_a_suite_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "suite.jsonl"
    write_suite(path, [ROW], {"tip": "c" * 40})
    (read,) = load_rows(path).rows
    assert read.changed_files == ROW.changed_files
    assert read.extra == {**ROW.extra, "changed_files_count": 2}
    assert (read.title, read.head_commit) == (ROW.title, ROW.head_commit)
    names = sorted(one.name for one in path.parent.iterdir())
    assert names == ["suite.jsonl", "suite.provenance.json"]


def test_provenance_knows_whether_the_rows_are_still_the_same(tmp_path: Path) -> None:
    path = tmp_path / "suite.jsonl"
    write_suite(path, [ROW], {"tip": "c" * 40})
    first = read_provenance(path)
    assert first is not None
    assert (first["tip"], first["rows"], first["is_current"]) == ("c" * 40, 1, True)
    path.write_text(path.read_text() + "\n")
    second = read_provenance(path)
    assert second is not None
    assert second["is_current"] is False


def test_no_provenance_is_none(tmp_path: Path) -> None:
    path = tmp_path / "suite.jsonl"
    assert read_provenance(path) is None
    path.write_text("")
    provenance_path(path).write_text("{")
    assert read_provenance(path) is None


def test_an_empty_suite_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="no rows to write"):
        write_suite(tmp_path / "suite.jsonl", [], {})
    assert list(tmp_path.iterdir()) == []
