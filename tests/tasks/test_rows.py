import json
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import SuiteError
from tasks.pull_requests import ChangedFile, FileStatus
from tasks.rows import load_rows, read_rows

BASE = "a" * 40


def row(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "repo": "owner/name",
        "pr_number": 7,
        "title": "Add a thing",
        "user_login": "someone",
        "state": "closed",
        "body": "It adds a thing.",
        "changed_files_count": 1,
        "changed_files": [{"filename": "a.py", "status": "modified"}],
        "base_commit": BASE,
    } | changes


def read(*rows: object) -> Any:  # noqa: ANN401
    return read_rows(json.dumps(r).encode() for r in rows)


def problem(*rows: object) -> str:
    (one,) = read(*rows).problems
    return str(one)


def test_a_row_of_the_published_dataset_is_a_pull_request() -> None:
    (pull_request,) = read(row()).rows
    assert pull_request.instance_id == "owner__name-7"
    assert pull_request.changed_files == (ChangedFile("a.py", FileStatus.MODIFIED),)
    assert pull_request.head_commit is None
    assert pull_request.extra == {"changed_files_count": 1}


def test_unknown_columns_are_kept() -> None:
    (pull_request,) = read(row(language="en", related_prs=[1, 2])).rows
    assert pull_request.extra["language"] == "en"
    assert pull_request.extra["related_prs"] == [1, 2]


@pytest.mark.parametrize(
    "changed_files",
    [
        [
            {"filename": "a b.py", "status": "modified"},
            {"filename": "c.py", "status": "modified"},
        ],
        ["a b.py", "c.py"],
        '["a b.py", "c.py"]',
        '[{"filename": "a b.py", "status": "changed"}, {"filename": "c.py"}]',
        "a b.py\nc.py\n",
        "M\ta b.py\r\nM\tc.py",
    ],
)
def test_changed_files_are_read_in_every_shape(changed_files: object) -> None:
    (pull_request,) = read(row(changed_files=changed_files)).rows
    assert [f.filename for f in pull_request.changed_files] == ["a b.py", "c.py"]
    assert pull_request.changed_files[1].status is FileStatus.MODIFIED


@pytest.mark.parametrize(
    ("word", "status"),
    [("new", "added"), ("Added", "added"), ("deleted", "removed"), ("D", "removed")],
)
def test_words_for_a_status_are_understood(word: str, status: str) -> None:
    (pull_request,) = read(row(changed_files=[{"filename": "a", "status": word}])).rows
    assert pull_request.changed_files[0].status.value == status


def test_a_rename_in_name_status_form_keeps_both_names() -> None:
    (pull_request,) = read(row(changed_files="R090\told.py\tnew.py")).rows
    assert pull_request.changed_files == (
        ChangedFile("new.py", FileStatus.RENAMED, previous_filename="old.py"),
    )


def test_a_copy_in_name_status_form_is_added() -> None:
    (pull_request,) = read(row(changed_files="C75\told.py\tnew.py")).rows
    (file,) = pull_request.changed_files
    assert (file.filename, file.status) == ("new.py", "added")


@pytest.mark.parametrize("name", ["[slug].js", "[" * 5000])
def test_a_name_may_begin_with_a_bracket(name: str) -> None:
    """The second was a traceback."""
    (pull_request,) = read(row(changed_files=name)).rows
    assert [file.filename for file in pull_request.changed_files] == [name]


def test_missing_texts_and_files_are_empty() -> None:
    (pull_request,) = read(row(title=None, body=None, changed_files=None)).rows
    assert (pull_request.title, pull_request.body) == ("", "")
    assert pull_request.changed_files == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"base_commit": "main"}, "'base_commit' is 'main': give the commit's id, 7 "),
        ({"head_commit": "abc123"}, "'head_commit' is 'abc123': give the commit's id"),
        ({"repo": "name"}, "'repo' is 'name': name the repository as owner/name"),
        ({"pr_number": "x"}, "'pr_number' is 'x'"),
        ({"repo": "../../x"}, "'repo' is '../../x': name the repository as owner/name"),
        ({"repo": "owner/."}, "'repo' is 'owner/.'"),
        ({"pr_number": True}, "'pr_number' is True: give the pull request's number"),
        ({"related_prs": "x"}, "'related_prs' is 'x': input should be a valid list"),
        ({"related_prs": {"a": 1}}, "'related_prs' is {'a': 1}: input should be"),
        ({"related_prs": [-1, None]}, "'related_prs.0' is -1: input should be greater"),
        ({"related_prs": [1, None]}, "'related_prs.1' is None: input should be"),
        ({"pr_number": -1}, "'pr_number' is -1"),
        ({"changed_files": 3}, "'changed_files' is 3: give a list of files"),
        ({"changed_files": ["/etc/passwd"]}, "no path from the repository root"),
        ({"changed_files": [{"filename": "a", "status": "eaten"}]}, "'eaten'"),
        ({"changed_files": [[1]]}, "an object or a name"),
        # As a spreadsheet cuts it, and as Python prints it: each was one gold file.
        ({"changed_files": '["a.py", "b.p'}, "double quotes and an end"),
        ({"changed_files": "['a.py', 'b.py']"}, "double quotes and an end"),
        ({"title": 3}, "'title' is 3"),
        ({"created_at": "yesterday"}, "'yesterday' is no time"),
    ],
)
def test_a_broken_row_is_one_clear_line(changes: dict[str, Any], said: str) -> None:
    text = problem(row(**changes))
    assert text.startswith("line 1: ")
    assert said in text
    assert "\n" not in text


def test_a_missing_column_is_named() -> None:
    broken = row()
    del broken["base_commit"]
    assert problem(broken) == "line 1: column 'base_commit' is missing: add it"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"repo": ', "broken JSON"),
        (b"[1]", "a row is a JSON object, not a list"),
        (b'{"repo": "\xff"}', "not UTF-8 at byte 10"),
        (b"[" * 100_000, "broken JSON"),
    ],
)
def test_a_broken_line_does_not_stop_the_others(line: bytes, said: str) -> None:
    result = read_rows([line, b"", json.dumps(row()).encode()])
    assert str(result.problems[0]).startswith("line 1: ")
    assert said in str(result.problems[0])
    assert result.lines == (3,)


def test_the_same_pull_request_twice_is_a_problem() -> None:
    assert "line 2: owner__name-7 is on line 1 already" in problem(row(), row())


def test_a_byte_order_mark_and_blank_lines_are_harmless(tmp_path: Path) -> None:
    path = tmp_path / "suite.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(row()).encode() + b"\r\n\r\n")
    result = load_rows(path)
    assert (len(result.rows), result.problems) == (1, ())


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"cannot read the suite .*No such file"):
        load_rows(tmp_path / "none.jsonl")
