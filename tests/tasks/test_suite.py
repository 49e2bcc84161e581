import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import SuiteError
from tasks.repository import Repository
from tasks.suite import load_gold, load_suite
from tests.tasks.histories import History


def row(number: int, base: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "repo": "owner/name",
        "pr_number": number,
        "title": f"Add {number}",
        "body": "",
        "base_commit": base,
        "cluster": "things",
    } | changes


def write(tmp_path: Path, *rows: object) -> Path:
    path = tmp_path / "suite.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


def branch(history: History, base: str, content: str, *, day: int) -> str:
    """A commit on a branch of its own that edits a.py and adds a file."""
    history.git("checkout", "-q", "--detach", base)
    history.write("a.py", content)
    history.write(f"{content}.py", content)
    return history.commit(day=day)


def test_gold_files_are_recomputed_from_the_repository(
    history: History, tmp_path: Path
) -> None:
    base = history.add({"a.py": "one\n"})
    head = branch(history, base, "two", day=5)
    path = write(tmp_path, row(1, base[:12], head_commit=head, changed_files=["x.py"]))

    suite = load_suite(path, Repository.open(history.path))

    (instance,) = suite.instances
    assert instance.gold_files == {"a.py"}
    assert instance.base_commit == base
    assert {f.filename: f.status.value for f in instance.target.changed_files} == {
        "a.py": "modified",
        "two.py": "added",
    }
    assert instance.target.changed_files[0].patch == "@@ -1 +1 @@\n-one\n+two\n" + (
        "\\ No newline at end of file\n"
    )


@pytest.mark.parametrize("count", [2, 12])
def test_an_abbreviated_merge_is_past_in_a_suite_of_any_size(
    history: History, tmp_path: Path, count: int
) -> None:
    """Few rows are asked of git, which knows it; many of a history in memory."""
    start = history.add({"a.py": "one\n"})
    merged = history.add({"a.py": "two\n"})
    files = ["a.py"]
    first = row(1, start, merge_commit=merged[:12], changed_files=files)
    later = [row(n, merged, changed_files=files) for n in range(2, count + 1)]
    path = write(tmp_path, first, *later)
    suite = load_suite(path, Repository.open(history.path))
    assert [p.pr_number for p in suite.instances[-1].related] == [1]
    assert suite.instances[0].target.merge_commit == merged


def test_without_a_head_the_row_is_believed(history: History, tmp_path: Path) -> None:
    base = history.add({"a.py": "one\n"})
    path = write(tmp_path, row(1, base, changed_files=["x.py"]))
    (instance,) = load_suite(path, Repository.open(history.path)).instances
    assert instance.gold_files == {"x.py"}


def test_a_head_that_only_a_ref_tells_adds_patches_to_the_rows_files(
    history: History, tmp_path: Path
) -> None:
    base = history.add({"a.py": "one\n"})
    head = branch(history, base, "two", day=5)
    history.git("update-ref", "refs/pull/1/head", head)
    listed = [{"filename": "a.py", "status": "modified"}, {"filename": "b.py"}]
    path = write(tmp_path, row(1, base, changed_files=listed), row(2, base))
    history.git("update-ref", "refs/merge-requests/2/head", head)

    one, two = load_suite(path, Repository.open(history.path)).instances

    assert one.gold_files == {"a.py", "b.py"}
    assert [f.patch is None for f in one.target.changed_files] == [False, True]
    assert one.target.head_commit == head
    assert two.gold_files == {"a.py"}


def test_the_base_of_a_ref_is_the_merge_base(history: History, tmp_path: Path) -> None:
    fork = history.add({"a.py": "one\n", "b.py": "one\n"})
    base = history.add({"b.py": "main moved on\n"})
    head = branch(history, fork, "two", day=9)
    history.git("update-ref", "refs/pull/1/head", head)
    path = write(tmp_path, row(1, base))
    (instance,) = load_suite(path, Repository.open(history.path)).instances
    assert instance.gold_files == {"a.py"}


def three_related(history: History) -> list[dict[str, Any]]:
    """Merged before, unmerged but older, and younger than the target's base."""
    start = history.add({"a.py": "one\n"})
    merged = branch(history, start, "merged", day=3)
    older = branch(history, start, "older", day=4)
    history.git("checkout", "-q", "main")
    history.git("merge", "-q", "--no-ff", "-m", "merge", merged, day=5)
    base = history.git("rev-parse", "main")
    target = branch(history, base, "target", day=6)
    younger = branch(history, base, "younger", day=7)
    return [
        row(4, base, head_commit=younger),
        row(3, base, head_commit=target),
        row(2, start, head_commit=older),
        row(1, start, head_commit=merged),
    ]


def related(suite: Any, number: int) -> list[int]:  # noqa: ANN401
    (one,) = [i for i in suite.instances if i.target.pr_number == number]
    return [other.pr_number for other in one.related]


def test_only_the_past_is_related_oldest_first(
    history: History, tmp_path: Path
) -> None:
    path = write(tmp_path, *three_related(history))
    suite = load_suite(path, Repository.open(history.path))
    assert related(suite, 3) == [1, 2]
    assert related(suite, 1) == []
    assert [i.target.pr_number for i in suite.instances] == [4, 3, 2, 1]


def test_any_order_is_the_papers_setting_by_name(
    history: History, tmp_path: Path
) -> None:
    path = write(tmp_path, *three_related(history))
    suite = load_suite(path, Repository.open(history.path), order="any-order")
    assert related(suite, 3) == [1, 2, 4]
    assert related(suite, 1) == [2, 3, 4]


@pytest.mark.parametrize(
    ("changes", "is_past"),
    [
        ({}, True),
        ({"created_at": "2024-01-04"}, True),
        ({"created_at": "2024-01-05"}, False),
        ({"created_at": "20240105"}, False),
        ({"created_at": "2024-01-05T11:59:59Z"}, True),
        ({"merged_at": "2024-01-04T00:00:00Z"}, True),
        ({"merged_at": "2024-01-06T00:00:00Z"}, False),
        ({"merge_commit": "a" * 40}, False),
        ({"merge_commit": "a" * 40, "merged_at": "2024-01-04T00:00:00Z"}, True),
    ],
)
def test_dates_decide_for_what_is_not_in_the_history(
    history: History,
    tmp_path: Path,
    changes: dict[str, str],
    is_past: bool,  # noqa: FBT001
) -> None:
    rows = three_related(history)
    rows[2] |= changes
    suite = load_suite(write(tmp_path, *rows), Repository.open(history.path))
    assert (2 in related(suite, 3)) is is_past


def test_what_was_merged_after_the_base_is_not_past_however_old_its_head(
    history: History, tmp_path: Path
) -> None:
    rows = three_related(history)
    history.git("checkout", "-q", "main")
    history.git("merge", "-q", "-X", "ours", "--no-ff", rows[2]["head_commit"], day=9)
    rows[2]["merge_commit"] = history.git("rev-parse", "main")
    suite = load_suite(write(tmp_path, *rows), Repository.open(history.path))
    assert related(suite, 3) == [1]


def test_what_the_target_is_built_on_is_some_of_its_answer(
    history: History, tmp_path: Path
) -> None:
    """Its patch was shown: nine of eleven gold files of one of httpx's."""
    rows = three_related(history)
    history.git("checkout", "-q", "-B", "target", rows[2]["head_commit"])
    history.git("merge", "-q", "-X", "ours", "--no-edit", rows[1]["base_commit"], day=7)
    rows[1]["head_commit"] = history.add({"a.py": "on top of it\n"})
    suite = load_suite(write(tmp_path, *rows), Repository.open(history.path))
    assert related(suite, 3) == [1]


def test_without_a_head_nothing_is_past(history: History, tmp_path: Path) -> None:
    rows = three_related(history)
    del rows[2]["head_commit"]
    rows[2]["changed_files"] = ["a.py"]
    suite = load_suite(write(tmp_path, *rows), Repository.open(history.path))
    assert related(suite, 3) == [1]


def test_other_clusters_and_no_cluster_are_not_related(
    history: History, tmp_path: Path
) -> None:
    rows = three_related(history)
    rows[3]["cluster"] = "others"
    rows[2]["cluster"] = None
    path = write(tmp_path, *rows)
    repository = Repository.open(history.path)
    assert related(load_suite(path, repository, order="any-order"), 3) == [4]
    assert related(load_suite(path, repository, order="any-order"), 2) == []


def test_rows_can_list_their_related_pull_requests(
    history: History, tmp_path: Path
) -> None:
    rows = three_related(history)
    rows[1]["related_prs"] = [4, 1, 99]
    suite = load_suite(
        write(tmp_path, *rows), Repository.open(history.path), relate="related_prs"
    )
    assert related(suite, 3) == [1]
    assert related(suite, 4) == []


def broken_suite(history: History, tmp_path: Path) -> Path:
    base = history.add({"a.py": "one\n"})
    head = branch(history, base, "two", day=5)
    added = [{"filename": "new.py", "status": "added"}]
    path = write(
        tmp_path,
        row(1, base, head_commit=head),
        row(2, "0" * 40, changed_files=["a.py"]),
        row(3, base, changed_files=added),
        row(4, base),
    )
    path.write_text(path.read_text() + "{\n")
    return path


def test_one_bad_row_refuses_the_suite_in_one_line(
    history: History, tmp_path: Path
) -> None:
    path = broken_suite(history, tmp_path)
    with pytest.raises(SuiteError) as refused:
        load_suite(path, Repository.open(history.path))
    text = str(refused.value)
    assert "line 2: owner__name-2: base commit 0000" in text
    assert "(and 3 more rows)" in text
    assert "--skip-invalid" in text
    assert "\n" not in text


def test_bad_rows_are_skipped_and_counted_on_request(
    history: History, tmp_path: Path
) -> None:
    path = broken_suite(history, tmp_path)
    suite = load_suite(path, Repository.open(history.path), skip_invalid=True)
    assert [i.target.pr_number for i in suite.instances] == [1]
    assert [problem.line for problem in suite.skipped] == [2, 3, 4, 5]
    assert "none of its 1 changed files is modified" in suite.skipped[1].message


def test_a_suite_without_a_usable_row_is_refused(
    history: History, tmp_path: Path
) -> None:
    history.add({"a.py": "one\n"})
    path = write(tmp_path, row(2, "0" * 40))
    with pytest.raises(SuiteError, match="holds no usable row; first: line 1"):
        load_suite(path, Repository.open(history.path), skip_invalid=True)


def test_the_digest_follows_what_is_asked_shown_and_scored(
    history: History, tmp_path: Path
) -> None:
    rows = three_related(history)
    repository = Repository.open(history.path)

    def digest(**options: Any) -> str:  # noqa: ANN401
        return load_suite(write(tmp_path, *rows), repository, **options).digest

    first = digest()
    assert digest() == first
    assert digest(order="any-order") != first
    rows[0]["title"] = "Another"
    assert digest() != first


def test_each_repository_has_its_own_rows(history: History, tmp_path: Path) -> None:
    base = history.add({"a.py": "one\n"})
    other = replace(Repository.open(history.path))
    files = ["a.py"]
    path = write(
        tmp_path,
        row(1, base, changed_files=files),
        row(1, base, repo="other/name", changed_files=files),
    )
    suite = load_suite(path, {"owner/name": other}, skip_invalid=True)
    assert [i.instance_id for i in suite.instances] == ["owner__name-1"]
    assert "no repository was given for 'other/name'" in suite.skipped[0].message


@pytest.mark.parametrize("options", [{"order": "sideways"}, {"relate": "magic"}])
def test_unknown_options_are_refused(
    history: History, tmp_path: Path, options: dict[str, str]
) -> None:
    base = history.add({"a.py": "one\n"})
    path = write(tmp_path, row(1, base, changed_files=["a.py"]))
    with pytest.raises(SuiteError, match="unknown"):
        load_suite(path, Repository.open(history.path), **options)  # type: ignore[arg-type]


def test_gold_is_read_without_a_repository(tmp_path: Path) -> None:
    listed = [
        {"filename": "a.py", "status": "modified"},
        {"filename": "b.py", "status": "new"},
    ]
    path = write(tmp_path, row(1, "a" * 40, changed_files=listed), row(2, "b" * 40))
    gold = load_gold(path, None, skip_invalid=True)
    assert gold.files == {"owner__name-1": {"a.py"}}
    assert gold.skipped_ids == {"owner__name-2"}
