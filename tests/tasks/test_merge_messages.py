import pytest

from tasks.merge_messages import MergeMessage, clean_body, read_merge_message

CASES = [
    (
        "Merge pull request #12 from someone/some-branch\n\nAdd a thing\n\nMore words",
        MergeMessage(12, "Add a thing", "More words", "someone"),
    ),
    (
        "Merge pull request #12 from someone/add_a-thing",
        MergeMessage(12, "add a thing", "", "someone"),
    ),
    ("Merge PR #12: Add a thing", MergeMessage(12, "Add a thing", "")),
    (
        "Merge pull request 'Add a thing' (#12) from me/branch into main",
        MergeMessage(12, "Add a thing", "", "me"),
    ),
    (
        "Merged in branch (pull request #12)\n\nAdd a thing\n\nApproved-by: Me",
        MergeMessage(12, "Add a thing", ""),
    ),
    ("Merged PR 12: Add a thing\n\nWords", MergeMessage(12, "Add a thing", "Words")),
    (
        "Merge branch 'x' into 'main'\n\nAdd a thing\n\nWords\n\n"
        "See merge request group/project!12",
        MergeMessage(12, "Add a thing", "Words"),
    ),
    (
        "Merge branch 'x' into 'main'\n\nAdd a thing\n\nSee merge request "
        "https://forge.example/group/project/-/merge_requests/12\n\nMerged-by: Me",
        MergeMessage(12, "Add a thing", ""),
    ),
    (
        "Pull request #12: Add a thing\n\nMerge in GROUP/project from x to main\n\n"
        "* commit 'abc':\n  Begin it",
        MergeMessage(12, "Add a thing", "* commit 'abc':\n  Begin it"),
    ),
    (
        "Merge pull request #12 in GROUP/project from ~ME/project:add_a-thing to main\n"
        "\n* commit 'abc':\n  Begin it",
        MergeMessage(12, "add a thing", "* commit 'abc':\n  Begin it"),
    ),
    (
        "Add a thing (#12)\n\n* one\n* two",
        MergeMessage(12, "Add a thing", "* one\n* two"),
    ),
    ("gh-3: Add a thing (GH-12)", MergeMessage(12, "gh-3: Add a thing", "")),
    ('Revert "Add (#11)" (#12)', MergeMessage(12, 'Revert "Add (#11)"', "")),
]


@pytest.mark.parametrize(("message", "expected"), CASES)
def test_what_forges_write_is_read(message: str, expected: MergeMessage) -> None:
    assert read_merge_message(message, is_merge=True) == expected


@pytest.mark.parametrize(
    "message",
    [
        "Fix #12",
        "Add a thing (fixes #12)",
        "Merge branch 'main' into feature",
        "See #12 for more\n\n(#12)",
        "Add (#12) a thing",
        "Pull request #12: it broke",
        "Words\n\nAs https://forge.example/g/p/-/merge_requests/12 says",
        "Add a thing (#1234567890)",
        "",
    ],
)
def test_a_mention_is_no_pull_request(message: str) -> None:
    assert read_merge_message(message, is_merge=False) is None
    assert read_merge_message(message, is_merge=True) is None


def test_a_merge_subject_of_a_plain_commit_is_no_merge() -> None:
    message = "Merge pull request #12 from someone/branch"
    assert read_merge_message(message, is_merge=False) is None


def test_trailers_say_who_and_are_left_out() -> None:
    body = "Words\n\nCo-authored-by: A <a@b.c>\nSigned-off-by: A <a@b.c>\n\n\n\nMore"
    assert clean_body(body) == "Words\n\nMore"
