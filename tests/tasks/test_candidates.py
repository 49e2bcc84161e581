import pytest

from tasks.candidates import (
    Threshold,
    is_named_by_forge,
    name_address,
    name_repository,
    select_candidates,
)
from tasks.mining import find_pull_requests
from tasks.pull_requests import ChangedFile, FileStatus
from tasks.repository import Repository
from tests.tasks.histories import History

THREE = {"a.py": "two\n", "b.py": "two\n", "c.js": "two\n"}


def select(history: History, threshold: Threshold | None = None):  # type: ignore[no-untyped-def]  # noqa: ANN201
    repository = Repository.open(history.path)
    drafts = find_pull_requests(repository).drafts
    return select_candidates(repository, drafts, "owner/name", threshold)


def begin(history: History) -> str:
    return history.add({"a.py": "one\n", "b.py": "one\n", "c.js": "one\n"})


def test_a_squash_becomes_a_row(history: History) -> None:
    base = begin(history)
    head = history.add(THREE, "Add a thing (#5)\n\nWords.\n\nCo-authored-by: A <a@b>")

    (row,) = select(history).pull_requests

    assert (row.repo, row.pr_number, row.title) == ("owner/name", 5, "Add a thing")
    assert (row.body, row.state, row.merged_at) == (
        "Words.",
        "closed",
        "2024-01-03T12:00:00Z",
    )
    assert (row.base_commit, row.head_commit, row.merge_commit) == (base, head, head)
    assert [f.filename for f in row.changed_files] == ["a.py", "b.py", "c.js"]
    assert row.extra == {"kind": "squash"}


def test_a_merge_of_no_year_has_no_time(history: History) -> None:
    """Commits may say any clock; the year 33658 was a traceback."""
    begin(history)
    head = history.add(THREE, "Add a thing (#5)")
    late = history.redate(head, 999_999_999_999)
    history.git("reset", "-q", "--hard", late)

    (row,) = select(history).pull_requests

    assert (row.merge_commit, row.merged_at) == (late, None)


@pytest.mark.parametrize("clock", ["", "-5", "9" * 26, str(2**63)])
def test_a_clock_that_git_takes_for_none_does_not_stop_mining(
    history: History, clock: str
) -> None:
    """Tools that write commits themselves forget the date; it was a traceback."""
    begin(history)
    head = history.add(THREE, "Add a thing (#5)")
    dateless = history.redate(head, clock)
    history.git("reset", "-q", "--hard", dateless)

    (row,) = select(history).pull_requests

    assert (row.merge_commit, row.merged_at) == (dateless, "1970-01-01T00:00:00Z")
    assert Repository.open(history.path).commit_time(dateless) == 0


def test_a_branch_is_described_by_its_own_commits(history: History) -> None:
    begin(history)
    history.git("checkout", "-q", "--detach")
    history.add({"a.py": "two\n"}, "Begin a thing\n\nBecause.")
    head = history.add(THREE, "Go on with it")
    history.git("update-ref", "refs/pull/5/head", head)
    history.git("checkout", "-q", "main")

    (row,) = select(history).pull_requests

    assert (row.title, row.body) == ("Begin a thing", "Because.\n\n* Go on with it")
    assert (row.state, row.merged_at, row.merge_commit) == (None, None, None)


def test_what_is_left_out_says_why(history: History) -> None:
    begin(history)
    history.add({"a.py": "three\n", "b.py": "three\n"}, "Two files (#6)")
    history.add({"d.py": "", "e.py": "", "f.py": ""}, "Only new ones (#7)")
    history.add({"a.md": "", "b.md": "", "c.md": ""}, "Only words (#8)")

    selected = select(history)

    assert selected.pull_requests == ()
    assert [(one.number, one.stage, one.reason) for one in selected.rejections] == [
        (6, "count", "changes 2 .py/.js files of the 3 asked for"),
        (7, "count", "modifies no file, so there is nothing to find"),
        (8, "count", "changes 0 .py/.js files of the 3 asked for"),
    ]


def test_count_and_suffixes_are_options(history: History) -> None:
    history.add({"a.md": "one\n"})
    history.add({"a.md": "two\n"}, "Words (#8)")
    (row,) = select(history, Threshold(1, (".md",))).pull_requests
    assert row.pr_number == 8


@pytest.mark.parametrize(
    ("statuses", "enough"),
    [("mmm", True), ("maa", True), ("rrm", True), ("aaa", False), ("mm", False)],
)
def test_the_threshold_counts_every_status_and_asks_for_one_edit(
    statuses: str,
    enough: bool,  # noqa: FBT001
) -> None:
    words = {"m": FileStatus.MODIFIED, "a": FileStatus.ADDED, "r": FileStatus.RENAMED}
    files = [ChangedFile(f"{n}.py", words[s]) for n, s in enumerate(statuses)]
    assert (Threshold().objection(files) is None) is enough


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/owner/name.git", "owner/name"),
        ("git@example.org:owner/name.git", "owner/name"),
        ("https://user:secret@example.org/group/sub/name", "sub/name"),
        ("", "local/repository"),
    ],
)
def test_a_clone_knows_its_name(history: History, url: str, name: str) -> None:
    history.add({"a.py": "one\n"})
    if url:
        history.git("config", "remote.origin.url", url)
    assert name_repository(Repository.open(history.path)) == name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/owner/name.git/", "owner/name"),
        ("git@example.org:owner/name.git", "owner/name"),
        ("https://example.org/name.git", "example.org/name"),
        ("git@example.org:name.git", "local/name"),
        ("file:///somewhere/repository.git", "local/repository"),
        ("file:///somewhere/two%20words", "local/two-words"),
    ],
)
def test_a_url_tells_the_name_by_its_end(url: str, name: str) -> None:
    assert name_address(url) == name


@pytest.mark.parametrize(
    ("url", "is_named"),
    [
        ("https://example.org/owner/name.git", True),
        ("git@example.org:owner/name.git", True),
        ("git@example.org:name.git", False),
        ("file:///srv/owner/name.git", False),
        ("/srv/owner/name.git", False),
        ("", False),
    ],
)
def test_only_another_machine_gives_a_repository_its_name(
    url: str, *, is_named: bool
) -> None:
    assert is_named_by_forge(url) is is_named
