from tasks.duplicates import drop_duplicates
from tasks.pull_requests import ChangedFile, FileStatus, PullRequest


def pull_request(
    number: int, title: str, head: str, *names: str, merge: str | None = None
) -> PullRequest:
    files = tuple(ChangedFile(name, FileStatus.MODIFIED) for name in names)
    return PullRequest(
        "o/n", number, title, "", "b", files, head_commit=head, merge_commit=merge
    )


def kept(*pull_requests: PullRequest) -> list[int]:
    rows, rejections = drop_duplicates(pull_requests)
    assert len(rows) + len(rejections) == len(pull_requests)
    return [row.pr_number for row in rows]


def test_the_first_of_two_with_the_same_head_is_kept() -> None:
    one = pull_request(1, "Add", "h", "a.py")
    again = pull_request(2, "Another title", "h", "a.py")
    assert kept(one, again) == [1]
    ((_, (rejection,))) = drop_duplicates([one, again])
    assert rejection.reason == "asks for the same as #1"


def test_a_merged_one_is_kept_before_an_earlier_attempt() -> None:
    attempt = pull_request(1, "Add a thing", "h", "a.py", "b.py")
    merged = pull_request(2, "add  a thing", "i", "b.py", "a.py", merge="m")
    assert kept(attempt, merged) == [2]


def test_the_same_title_for_other_files_is_another_change() -> None:
    one = pull_request(1, "Update", "h", "a.py")
    assert kept(one, pull_request(2, "Update", "i", "b.py")) == [1, 2]
    assert kept(pull_request(1, "", "h", "a"), pull_request(2, "", "i", "a")) == [1, 2]
