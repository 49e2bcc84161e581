"""Each kind of pull request, in a history made for it."""

import os
from pathlib import Path

import pytest

from tasks.drafts import Draft, Kind
from tasks.errors import RepositoryError
from tasks.mining import Found, compare_drafts, find_pull_requests
from tasks.repository import Repository
from tests.tasks.histories import History


def mine(history: History, *, with_commits: bool = False) -> Found:
    repository = Repository.open(history.path)
    return find_pull_requests(repository, with_commits=with_commits)


def only(found: Found) -> Draft:
    (draft,) = found.drafts
    return draft


def files(history: History, draft: Draft) -> dict[str, str]:
    repository = Repository.open(history.path)
    ((_, compared),) = compare_drafts(repository, [draft])
    assert compared.problem is None
    return {file.filename: file.status.value for file in compared.files}


def start(history: History) -> str:
    return history.add({"a.py": "one\n", "b.py": "one\n"}, "start")


def merge(history: History, branch: str, message: str) -> str:
    history.day += 1
    history.git("checkout", "-q", "main")
    history.git("merge", "-q", "--no-ff", "-m", message, branch)
    return history.git("rev-parse", "HEAD")


GITHUB = "Merge pull request #7 from someone/branch\n\nAdd a thing"


def test_a_merge_starts_at_the_merge_base(history: History) -> None:
    base = start(history)
    history.git("checkout", "-q", "-b", "branch")
    head = history.add({"a.py": "two\n"})
    history.git("checkout", "-q", "main")
    history.add({"b.py": "main went on\n"})
    merged = merge(history, "branch", GITHUB)

    draft = only(mine(history))

    assert draft == Draft(7, Kind.MERGE, base, head, merged)
    assert files(history, draft) == {"a.py": "modified"}


def test_what_a_branch_merged_from_main_is_not_its_own(history: History) -> None:
    start(history)
    history.git("checkout", "-q", "-b", "branch")
    history.add({"a.py": "two\n"})
    history.git("checkout", "-q", "main")
    later = history.add({"b.py": "main went on\n", "c.py": "new\n"})
    history.git("checkout", "-q", "branch")
    history.git("merge", "-q", "--no-ff", "-m", "Merge main", "main")
    head = history.add({"a.py": "three\n"})
    history.git("checkout", "-q", "main")
    history.add({"b.py": "and on\n"})
    merge(history, "branch", GITHUB)

    draft = only(mine(history))

    assert (draft.base, draft.head) == (later, head)
    assert files(history, draft) == {"a.py": "modified"}


def test_evil_changes_of_a_merge_are_not_the_branchs(history: History) -> None:
    start(history)
    history.git("checkout", "-q", "-b", "branch")
    history.add({"a.py": "two\n"})
    history.git("checkout", "-q", "main")
    history.git("merge", "-q", "--no-ff", "--no-commit", "branch")
    history.write("b.py", "evil\n")
    history.commit(GITHUB)

    assert files(history, only(mine(history))) == {"a.py": "modified"}


def test_a_squash_starts_at_its_parent(history: History) -> None:
    base = start(history)
    head = history.add({"a.py": "two\n"}, "Add a thing (#12)")

    draft = only(mine(history))

    assert draft == Draft(12, Kind.SQUASH, base, head, head)


def test_the_address_of_a_merge_request_names_it(history: History) -> None:
    start(history)
    address = "https://forge.example/group/project/-/merge_requests/7"
    message = f"Add a thing\n\nSee merge request {address}"
    head = history.add({"a.py": "two\n"}, message)
    assert (only(mine(history)).number, only(mine(history)).head) == (7, head)


def test_a_rebase_merge_is_found_by_its_copies(history: History) -> None:
    start(history)
    history.git("checkout", "-q", "-b", "branch")
    history.add({"a.py": "two\n"}, "first")
    history.add({"c.py": "new\n"}, "second")
    history.git("update-ref", "refs/pull/3/head", "branch")
    history.git("checkout", "-q", "main")
    base = history.add({"b.py": "main went on\n"}, "main")
    history.git("checkout", "-q", "branch")
    history.git("rebase", "-q", "main")
    rebased = history.git("rev-parse", "HEAD")
    history.git("checkout", "-q", "main")
    history.git("merge", "-q", "--ff-only", "branch")
    history.git("branch", "-q", "-D", "branch")

    draft = only(mine(history))

    assert (draft.kind, draft.number) == (Kind.REBASE, 3)
    assert (draft.base, draft.head, draft.merge) == (base, rebased, rebased)
    assert files(history, draft) == {"a.py": "modified", "c.py": "added"}
    plain = mine(history, with_commits=True).drafts
    assert [one.head for one in plain if one.kind is Kind.COMMIT] == [base]


def test_a_head_that_was_never_merged_starts_at_the_merge_base(
    history: History,
) -> None:
    base = start(history)
    history.git("checkout", "-q", "--detach")
    head = history.add({"a.py": "two\n"})
    history.git("update-ref", "refs/merge-requests/4/head", head)
    history.git("checkout", "-q", "main")
    history.add({"b.py": "main went on\n"})

    draft = only(mine(history))

    assert draft == Draft(4, Kind.BRANCH, base, head, None, (head,))


def test_rewritten_copies_of_main_below_a_head_are_not_its_own(
    history: History,
) -> None:
    root = start(history)
    original = history.add({"b.py": "main\n"}, "main's own")
    history.git("checkout", "-q", "--detach", root)
    history.git("cherry-pick", original, day=20)
    head = history.add({"a.py": "two\n"}, "the change")
    history.git("update-ref", "refs/pull/4/head", head)
    history.git("checkout", "-q", "main")

    draft = only(mine(history))

    assert (draft.kind, draft.base, draft.head) == (Kind.BRANCH, original, head)
    assert files(history, draft) == {"a.py": "modified"}


def release_line(history: History) -> tuple[str, str]:
    """A branch beside main that took a pull request; main's tip and its own."""
    start(history)
    history.git("checkout", "-q", "-b", "1.x")
    release = history.add({"b.py": "released\n"}, "Fix the release (#2)")
    history.git("checkout", "-q", "main")
    return history.add({"a.py": "main\n"}, "main's own"), release


def test_a_backport_starts_at_the_release_that_it_is_for(history: History) -> None:
    """Against main it would seem to bring all that the release branch has."""
    original, release = release_line(history)
    history.git("checkout", "-q", "--detach", "1.x")
    history.git("cherry-pick", original, day=20)
    head = history.git("rev-parse", "HEAD")
    history.git("update-ref", "refs/pull/4/head", head)
    history.git("checkout", "-q", "main")

    draft = only(mine(history))

    assert draft == Draft(4, Kind.BRANCH, release, head, None, (head,))
    assert files(history, draft) == {"a.py": "modified"}


def test_a_branch_pushed_to_the_clone_is_not_its_own_base(history: History) -> None:
    _, release = release_line(history)
    history.git("checkout", "-q", "-b", "work", "1.x")
    history.add({"a.py": "two\n"})
    head = history.add({"a.py": "three\n"})
    history.git("update-ref", "refs/pull/4/head", head)
    history.git("checkout", "-q", "main")

    assert only(mine(history)).base == release


def test_somebodys_unfinished_branch_is_no_base(history: History) -> None:
    base = start(history)
    history.git("checkout", "-q", "-b", "idea")
    history.add({"b.py": "two\n"})
    history.git("checkout", "-q", "--detach")
    history.git("update-ref", "refs/pull/4/head", history.add({"a.py": "two\n"}))
    history.git("checkout", "-q", "main")

    draft = only(mine(history))

    assert draft.base == base
    assert files(history, draft) == {"a.py": "modified", "b.py": "modified"}


def test_a_head_that_the_clone_lacks_is_left_out_with_its_reason(
    history: History,
) -> None:
    start(history)
    history.add({"a.py": "two\n"}, "Squashed (#1)")
    blob = history.git("rev-parse", "HEAD:a.py")
    history.git("update-ref", "refs/pull/8/head", blob)
    (history.path / ".git/refs/pull/9").mkdir()
    (history.path / ".git/refs/pull/9/head").write_text("1" * 40 + "\n")

    found = mine(history)

    assert only(found).number == 1
    assert {one.number: one.reason for one in found.rejections} == {
        8: "its head is not in the clone, or no commit",
        9: "its head is not in the clone, or no commit",
    }


def test_a_head_that_a_plain_merge_brought_in_is_a_merge(history: History) -> None:
    base = start(history)
    history.git("checkout", "-q", "-b", "branch")
    head = history.add({"a.py": "two\n"})
    history.git("update-ref", "refs/pull/4/head", head)
    merged = merge(history, "branch", "Merge branch 'branch'")

    draft = only(mine(history))

    assert (draft.kind, draft.base, draft.head) == (Kind.MERGE, base, head)
    assert draft.merge == merged


def test_a_merge_into_another_branch_starts_where_the_two_parted(
    history: History,
) -> None:
    start(history)
    history.git("checkout", "-q", "-b", "develop")
    base = history.add({"c.py": "new\n"})
    history.git("checkout", "-q", "-b", "branch")
    history.add({"a.py": "two\n"})
    history.git("checkout", "-q", "develop")
    history.git("merge", "-q", "--no-ff", "-m", GITHUB, "branch")
    merge(history, "develop", "Merge branch 'develop'")

    draft = only(mine(history))

    assert (draft.kind, draft.base) == (Kind.MERGE, base)
    assert files(history, draft) == {"a.py": "modified"}


def test_what_takes_the_main_line_to_another_branch_is_no_change_of_its_own(
    history: History,
) -> None:
    """117 pull requests of pytest did: what others had done was their answer."""
    start(history)
    history.git("checkout", "-q", "-b", "develop")
    history.add({"c.py": "new\n"})
    history.git("checkout", "-q", "main")
    history.add({"a.py": "two\n"}, "Squashed (#1)")
    history.git("checkout", "-q", "-b", "branch", "develop")
    history.git("merge", "-q", "--no-ff", "-m", "Take main", "main")
    head = history.add({"b.py": "two\n"})
    history.git("update-ref", "refs/pull/7/head", head)
    history.git("checkout", "-q", "develop")
    history.git("merge", "-q", "--no-ff", "-m", GITHUB, "branch")
    merge(history, "develop", "Merge branch 'develop'")

    found = mine(history)

    assert only(found).number == 1
    (rejection,) = found.rejections
    told = (rejection.number, rejection.reason)
    assert told == (7, "it brought commits of the main line to another branch")


@pytest.mark.parametrize("rest", [None, "d.py"])
def test_a_head_that_another_branch_took_in_starts_where_the_two_parted(
    history: History, rest: str | None
) -> None:
    """It had all of that branch's work for its own, 161 files instead of one."""
    start(history)
    history.git("checkout", "-q", "-b", "develop")
    base = history.add({"c.py": "new\n"})
    history.git("checkout", "-q", "-b", "branch")
    head = history.add({"a.py": "two\n"})
    history.git("update-ref", "refs/pull/4/head", head)
    if rest is not None:  # whoever merged it added something
        history.add({rest: "new\n"})
    history.git("checkout", "-q", "develop")
    history.git("merge", "-q", "--no-ff", "-m", "Merge branch 'branch'", "branch")
    merged = merge(history, "develop", "Merge branch 'develop'")

    draft = only(mine(history))

    assert (draft.kind, draft.base, draft.merge) == (Kind.MERGE, base, merged)
    assert draft.own_commits == (head,)
    assert files(history, draft) == {"a.py": "modified"}


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Merge pull request #7 from a/b", "it merges 2 branches at once"),
        ("Merge pull request #7 from a/b\n\nOctopus", "it merges 2 branches at once"),
    ],
)
def test_an_octopus_is_left_out_with_its_reason(
    history: History, message: str, reason: str
) -> None:
    start(history)
    for name in ("one", "two"):
        history.git("checkout", "-q", "-b", name, "main")
        history.add({f"{name}.py": "new\n"})
    history.git("checkout", "-q", "main")
    history.add({"a.py": "squashed\n"}, "Squashed (#1)")
    history.git("merge", "-q", "-m", message, "one", "two")

    found = mine(history)

    assert only(found).number == 1
    (rejection,) = found.rejections
    assert (rejection.number, rejection.reason) == (7, reason)


def test_a_number_counts_where_it_was_merged_first(history: History) -> None:
    start(history)
    first = history.add({"a.py": "two\n"}, "Add a thing (#5)")
    again = history.add({"a.py": "three\n"}, "Add it again (#5)")

    found = mine(history)

    assert only(found).head == first
    (rejection,) = found.rejections
    assert rejection.commit == again
    assert rejection.reason == f"{first[:12]} names #5 already"


def test_a_merge_of_nothing_new_is_left_out(history: History) -> None:
    root = start(history)
    history.add({"a.py": "two\n"}, "Squashed (#1)")
    tree = history.git("rev-parse", "HEAD^{tree}")
    empty = history.git(
        "commit-tree", tree, "-p", "HEAD", "-p", root, stdin=GITHUB.encode()
    )
    history.git("reset", "-q", "--hard", empty)

    (rejection,) = mine(history).rejections

    assert rejection.reason == "it was merged without a change of its own"


def test_histories_that_share_nothing_are_left_out(history: History) -> None:
    start(history)
    history.add({"a.py": "two\n"}, "Squashed (#1)")
    history.git("checkout", "-q", "--orphan", "other")
    head = history.add({"z.py": "alone\n"})
    history.git("update-ref", "refs/pull/9/head", head)
    history.git("checkout", "-q", "main")

    (rejection,) = mine(history).rejections

    assert rejection.reason == "it shares no history with the main line"


def test_a_head_on_the_main_line_cannot_be_placed(history: History) -> None:
    start(history)
    history.add({"a.py": "two\n"}, "Squashed (#1)")
    head = history.add({"a.py": "three\n"})
    history.git("update-ref", "refs/pull/9/head", head)

    (rejection,) = mine(history).rejections

    assert "where it began is not recorded" in rejection.reason


def test_plain_commits_are_taken_on_request(history: History) -> None:
    base = start(history)
    head = history.add({"a.py": "two\n"}, "Add a thing")

    with pytest.raises(RepositoryError, match="--commits"):
        mine(history)
    draft = only(mine(history, with_commits=True))

    assert (draft.kind, draft.base, draft.head) == (Kind.COMMIT, base, head)
    assert draft.number == int(head[:12], 16)


def test_renames_with_edits_and_kinds_keep_their_status(history: History) -> None:
    lines = "".join(f"line {n}\n" for n in range(20))
    history.add({"old.py": lines, "kind.py": "x\n", "same.py": "unchanged\n"})
    (history.path / "old.py").rename(history.path / "new.py")
    history.write("new.py", lines + "more\n")
    (history.path / "same.py").rename(history.path / "moved.py")
    (history.path / "kind.py").unlink()
    (history.path / "kind.py").symlink_to("new.py")
    (history.path / "run.sh").write_text("echo\n")
    history.commit("Move things (#2)")

    assert files(history, only(mine(history))) == {
        "new.py": "renamed",
        "moved.py": "renamed",
        "kind.py": "changed",
        "run.sh": "added",
    }


def test_an_empty_pull_request_changes_no_file(history: History) -> None:
    start(history)
    history.commit("Nothing (#2)")
    assert files(history, only(mine(history))) == {}


def test_names_and_messages_in_other_encodings_are_read(history: History) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    history.add({name: "one\n"})
    history.write(name, "two\n")
    history.git("config", "i18n.commitEncoding", "ISO-8859-1")
    history.git("add", "-A")
    history.git("commit", "-q", "-F", "-", stdin=b"Caf\xe9 (#2)")
    history.git("config", "--unset", "i18n.commitEncoding")
    history.write(name, "three\n")
    history.git("add", "-A")
    history.git("commit", "-q", "-F", "-", stdin=b"Broken \xff\xfe (#3)")

    found = mine(history)

    assert [draft.number for draft in found.drafts] == [2, 3]
    assert files(history, found.drafts[1]) == {"caf\udce9.py": "modified"}


def test_contents_that_are_missing_cost_nothing_but_likeness(
    history: History,
) -> None:
    lines = "".join(f"line {n}\n" for n in range(20))
    history.add({"old.py": lines, "a.py": "one\n"})
    (history.path / "old.py").unlink()
    history.add({"new.py": lines + "more\n", "a.py": "two\n"}, "Move (#2)")
    history.add({"a.py": "three\n"}, "Edit (#3)")
    history.forget(history.git("rev-parse", "HEAD:new.py"))
    repository = Repository.open(history.path)
    drafts = mine(history).drafts

    compared = [one for _, one in compare_drafts(repository, drafts)]

    statuses = [
        {file.filename: file.status.value for file in one.files} for one in compared
    ]
    assert statuses == [
        {"a.py": "modified", "new.py": "added", "old.py": "removed"},
        {"a.py": "modified"},
    ]


def test_a_damaged_tree_costs_its_own_pull_request_only(history: History) -> None:
    history.add({"d/a.py": "one\n", "b.py": "one\n"})
    history.add({"d/a.py": "two\n"}, "One (#1)")
    lost = history.git("rev-parse", "HEAD:d")
    history.add({"b.py": "two\n"}, "Two (#2)")
    history.add({"d/a.py": "three\n"}, "Three (#3)")
    history.add({"b.py": "three\n"}, "Four (#4)")
    history.forget(lost)
    repository = Repository.open(history.path)

    compared = [one for _, one in compare_drafts(repository, mine(history).drafts)]

    assert [one.problem is None for one in compared] == [False, True, False, True]
    assert "cannot compare" in (compared[0].problem or "")


def test_a_damaged_commit_is_one_clear_error(history: History) -> None:
    start(history)
    lost = history.add({"a.py": "two\n"}, "One (#1)")
    history.add({"a.py": "three\n"}, "Two (#2)")
    history.forget(lost)
    with pytest.raises(RepositoryError, match="git log failed"):
        mine(history)


def test_a_damaged_branch_beside_the_main_line_stops_nothing(
    history: History,
) -> None:
    start(history)
    head = history.add({"a.py": "two\n"}, "One (#1)")
    history.git("checkout", "-q", "-b", "old")
    lost = history.add({"b.py": "two\n"})
    history.add({"b.py": "three\n"})
    history.git("checkout", "-q", "main")
    history.forget(lost)

    assert only(mine(history)).head == head


def test_a_shallow_clone_is_refused_with_the_way_out(
    history: History, tmp_path: Path
) -> None:
    start(history)
    history.add({"a.py": "two\n"}, "One (#1)")
    source = history.path.as_uri()
    history.git("clone", "-q", "--depth=1", source, str(tmp_path / "shallow"))
    with pytest.raises(RepositoryError, match="fetch --unshallow"):
        find_pull_requests(Repository.open(tmp_path / "shallow"))


def test_a_branch_that_is_not_there_is_refused(history: History) -> None:
    start(history)
    with pytest.raises(RepositoryError, match="pass --branch"):
        find_pull_requests(Repository.open(history.path), branch="trunk")


def test_a_history_without_pull_requests_says_what_was_looked_for(
    history: History,
) -> None:
    start(history)
    with pytest.raises(RepositoryError) as refused:
        mine(history)
    text = str(refused.value)
    assert "no pull requests in 1 commits" in text
    assert "(#N)" in text
    assert "refs/pull" in text


def test_mining_starts_few_processes_however_many_pull_requests(
    history: History, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    start(history)
    for number in range(30):
        history.day = 1
        history.add({"a.py": f"{number}\n"}, f"Change (#{number})")
    log = tmp_path / "calls"
    real = next(
        Path(folder) / "git"
        for folder in os.environ["PATH"].split(":")
        if (Path(folder) / "git").exists()
    )
    shim = tmp_path / "bin"
    shim.mkdir()
    (shim / "git").write_text(f'#!/bin/sh\necho x >> "{log}"\nexec "{real}" "$@"\n')
    (shim / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim}:{os.environ['PATH']}")

    repository = Repository.open(history.path)
    drafts = find_pull_requests(repository).drafts
    compared = list(compare_drafts(repository, drafts))

    assert len(compared) == 30
    assert len(log.read_text().splitlines()) < 8
