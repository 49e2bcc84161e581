import json
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import SuiteError
from tasks.repository import Repository
from tasks.suite_checks import InstanceCheck, check_suite
from tests.tasks.histories import History


def row(number: int, base: str, head: str | None, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "repo": "o/n",
        "pr_number": number,
        "title": f"Add {number}",
        "body": "",
        "base_commit": base,
        "head_commit": head,
    } | changes


def check(history: History, tmp_path: Path, *rows: Any, **options: Any) -> Any:  # noqa: ANN401
    path = tmp_path / "suite.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return check_suite(path, Repository.open(history.path), **options)


def only(found: Any) -> InstanceCheck:  # noqa: ANN401
    (one,) = found.instances
    assert isinstance(one, InstanceCheck)
    return one


def two(history: History) -> tuple[str, str]:
    base = history.add({"a.py": "one\n", "b.py": "one\n"})
    return base, history.add({"a.py": "two\n"})


def test_a_good_instance_has_no_fault(history: History, tmp_path: Path) -> None:
    base, head = two(history)
    files = [{"filename": "a.py", "status": "modified"}]
    found = check(history, tmp_path, row(1, base, head, changed_files=files))
    assert found.is_sound
    assert (only(found).faults, only(found).oddities) == ((), ())
    assert only(found).date == "2024-01-03"
    assert only(found).is_after_cutoff is None


def test_files_that_do_not_recompute_are_a_fault(
    history: History, tmp_path: Path
) -> None:
    base, head = two(history)
    files = [{"filename": "a.py", "status": "added"}, {"filename": "c.py"}]
    found = check(history, tmp_path, row(1, base, head, changed_files=files))
    assert not found.is_sound
    assert only(found).faults == (
        "the row's files are not the repository's: a.py, c.py",
    )


def test_a_head_that_is_not_there_is_a_fault(history: History, tmp_path: Path) -> None:
    base, _ = two(history)
    found = check(history, tmp_path, row(1, base, "f" * 40, changed_files=["a.py"]))
    assert "its head is not in the repository" in only(found).faults[0]


def test_gold_files_that_the_base_lacks_are_a_fault(
    history: History, tmp_path: Path
) -> None:
    base, _ = two(history)
    found = check(history, tmp_path, row(1, base, None, changed_files=["z.py"]))
    assert "gold files that the base does not have: z.py" in only(found).faults


def test_a_row_without_its_base_is_unusable(history: History, tmp_path: Path) -> None:
    base, head = two(history)
    found = check(history, tmp_path, row(1, base, head), row(2, "0" * 40, head))
    assert not found.is_sound
    assert [problem.line for problem in found.unusable] == [2]


def test_the_same_change_twice_is_odd(history: History, tmp_path: Path) -> None:
    base, head = two(history)
    history.git("checkout", "-q", "--detach", base)
    again = history.add({"a.py": "two\n"}, "the same once more")
    history.git("checkout", "-q", "main")
    found = check(
        history,
        tmp_path,
        row(1, base, head),
        row(2, base, head),
        row(3, base, again, title="ADD  1"),
    )
    assert found.instances[0].oddities == ()
    assert found.instances[1].oddities == (
        "the same head as o__n-1",
        "the same patch as o__n-1",
    )
    assert found.instances[2].oddities == (
        "the same patch as o__n-1",
        "the same title and gold files as o__n-1",
    )


@pytest.mark.parametrize(
    ("title", "body"),
    [('Revert "Add 1"', ""), ("Go back", "This reverts commit 0123456789.")],
)
def test_a_revert_is_odd(
    history: History, tmp_path: Path, title: str, body: str
) -> None:
    base, head = two(history)
    found = check(history, tmp_path, row(1, base, head, title=title, body=body))
    assert "it reverts an earlier change" in only(found).oddities


def test_a_base_that_the_head_does_not_go_back_to_is_odd(
    history: History, tmp_path: Path
) -> None:
    base, head = two(history)
    found = check(history, tmp_path, row(1, head, base))
    assert "its base is no ancestor of its head" in only(found).oddities


def test_a_row_without_a_head_is_not_odd_for_it(
    history: History, tmp_path: Path
) -> None:
    """What a ref tells of a head may have moved since; the row says nothing of it."""
    base, head = two(history)
    history.git("update-ref", "refs/pull/1/head", base)
    found = check(history, tmp_path, row(1, head, None, changed_files=["a.py"]))
    assert only(found).oddities == ()


def test_a_time_in_no_year_makes_a_row_unusable(
    history: History, tmp_path: Path
) -> None:
    """Year 0 in Greenwich was a traceback."""
    base, head = two(history)
    early = row(2, base, head, merged_at="0001-01-01T00:00:00+14:00")
    found = check(history, tmp_path, row(1, base, head), early)
    (problem,) = found.unusable
    assert (problem.line, "is no time" in problem.message) == (2, True)


def test_a_commit_of_no_year_has_no_date(history: History, tmp_path: Path) -> None:
    base, head = two(history)
    late = history.redate(head, 999_999_999_999)
    found = check(history, tmp_path, row(1, base, late), cutoff="2024-06-30")
    assert (only(found).date, only(found).is_after_cutoff) == (None, True)


def test_age_is_told_against_a_cutoff(history: History, tmp_path: Path) -> None:
    base, head = two(history)
    rows = [row(1, base, head), row(2, base, head, merged_at="2025-01-01")]
    found = check(history, tmp_path, *rows, cutoff="2024-06-30")
    assert [one.is_after_cutoff for one in found.instances] == [False, True]
    with pytest.raises(SuiteError, match="is no time"):
        check(history, tmp_path, *rows, cutoff="summer")


def test_what_the_text_gives_away_is_measured(history: History, tmp_path: Path) -> None:
    base, head = two(history)
    found = check(history, tmp_path, row(1, base, head, body="Edit a.py."))
    assert only(found).leak.score == 1.0
