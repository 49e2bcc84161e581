import subprocess
from pathlib import Path

import pytest

from agent.localizer.history import list_changes, resolve_commit
from tests.agent.localizer.pasts import Past, git


def test_a_merge_speaks_with_the_words_of_its_branch(tmp_path: Path) -> None:
    past = Past(tmp_path / "one")
    past.commit("Begin", {"a.py": "1\n"})
    past.commit("Draft the proxy", {"a.py": "2\n"}, ref="refs/heads/side", parents=(1,))
    past.commit("Finish the proxy", {"a.py": "3\n"}, ref="refs/heads/side")
    past.commit(
        "Merge pull request #12 from someone/side\n\nAdd a proxy",
        {"a.py": "3\n"},
        parents=(1, 3),
    )
    repo = past.write()
    changes = list_changes(repo, resolve_commit(repo, "main"))
    assert [one.title for one in changes if not one.is_part] == ["Begin", "Add a proxy"]
    assert changes[1].number == 12
    assert changes[1].body.split("\n")[-2:] == [
        "Draft the proxy",
        "Finish the proxy",
    ]
    assert changes[1].parent == changes[0].commit


def test_a_branch_that_fell_behind_speaks_of_itself_alone(tmp_path: Path) -> None:
    past = Past(tmp_path / "one")
    past.commit("Begin", {"a.py": "1\n"})
    past.commit("Go on", {"b.py": "1\n"})
    past.commit("Draft", {"a.py": "2\n"}, ref="refs/heads/side", parents=(2,))
    past.commit("Go further", {"b.py": "2\n"}, parents=(2,))
    past.commit(
        "Merge pull request #12 from someone/side\n\nAdd a proxy",
        {"a.py": "2\n"},
        parents=(4, 3),
    )
    repo = past.write()
    tip = resolve_commit(repo, "main")
    changes = list_changes(repo, tip)
    assert changes[-1].body.split() == ["Draft"]
    for known in ("main~1", "main~2"):
        new = list_changes(repo, tip, after=resolve_commit(repo, known))
        assert new == changes[-len(new) :]


def test_the_commits_of_a_branch_are_told_apart_after_its_merge(tmp_path: Path) -> None:
    past = Past(tmp_path / "one")
    past.commit("Begin", {"a.py": "1\n", "b.py": "1\n", "c.py": "1\n"})
    past.commit("Draft", {"a.py": "2\n"}, ref="refs/heads/side", parents=(1,))
    past.commit("Go on", {"c.py": "2\n"}, parents=(1,))
    past.commit("Merge main", {"c.py": "2\n"}, ref="refs/heads/side", parents=(2, 3))
    past.commit("Finish", {"b.py": "2\n"}, ref="refs/heads/side")
    past.commit(
        "Merge side",
        {"a.py": "2\n", "b.py": "2\n"},
        ref="refs/heads/main",
        parents=(3, 5),
    )
    past.commit("Alone", {"a.py": "3\n"}, ref="refs/heads/twig", parents=(6,))
    past.commit("Merge twig", {"a.py": "3\n"}, parents=(6, 7))
    repo = past.write()
    tip = resolve_commit(repo, "main")
    changes = list_changes(repo, tip)
    assert [(one.title, one.is_part) for one in changes] == [
        ("Begin", False),
        ("Go on", False),
        ("Merge side", False),
        ("Draft", True),
        ("Finish", True),
        ("Merge twig", False),
    ]
    assert changes[4].parent == resolve_commit(repo, "side~1")
    for known in ("main~2", "main~1"):
        after = resolve_commit(repo, known)
        new = list_changes(repo, tip, after=after)
        assert new == changes[-len(new) :]


def test_a_squash_is_numbered_by_its_end_and_an_issue_is_no_number(
    tmp_path: Path,
) -> None:
    past = Past(tmp_path / "one")
    past.commit("Begin, refs #5", {"a.py": "1\n"})
    past.commit("Add a proxy (#12)", {"a.py": "2\n"})
    repo = past.write()
    changes = list_changes(repo, resolve_commit(repo, "main"))
    assert [one.number for one in changes] == [None, 12]


def test_a_head_is_compared_with_what_it_builds_on(tmp_path: Path) -> None:
    past = Past(tmp_path / "one")
    for number in range(4):
        past.commit(f"Step {number}", {"a.py": f"{number}\n"})
    past.commit("Propose", {"a.py": "p\n"}, ref="refs/pull/3/head", parents=(2,), day=3)
    past.commit("Go on", {"a.py": "q\n"}, ref="refs/pull/3/head", day=3)
    repo = past.write()
    changes = list_changes(repo, resolve_commit(repo, "main"), with_heads=True)
    (head,) = (one for one in changes if one.is_head)
    assert head.parent == resolve_commit(repo, "main~2")
    assert (head.title, head.number) == ("Propose", 3)
    assert "Go on" in head.body
    assert [one.title for one in changes].index("Propose") == 3


def test_only_what_is_new_is_listed_after_a_commit(tmp_path: Path) -> None:
    past = Past(tmp_path / "one")
    for number in range(5):
        past.commit(f"Step {number}", {"a.py": f"{number}\n"})
    repo = past.write()
    tip, old = (resolve_commit(repo, one) for one in ("main", "main~2"))
    new = list_changes(repo, tip, after=old)
    assert [one.title for one in new] == ["Step 3", "Step 4"]


@pytest.mark.parametrize(
    ("message", "title", "number"),
    [
        ("Add a proxy (#12)", "Add a proxy", 12),
        ("Merged PR 12: Add a proxy", "Add a proxy", 12),
        (f"Add a proxy (#{'1' * 5_000})", f"Add a proxy (#{'1' * 5_000})", None),
        ("Merge branches 'one' and 'two'\n\nAdd a proxy", "Add a proxy", None),
        ("Auto merge of #12 - me:side, r=you\n\nAdd a proxy", "Add a proxy", 12),
        ("Merged in side (pull request #12)\n\nAdd a proxy", "Add a proxy", 12),
        (
            "Merge branch 'a' into 'b'\n\nAdd a proxy\n\nSee merge request a/b!12",
            "Add a proxy",
            12,
        ),
    ],
)
def test_what_other_forges_write_is_read(
    tmp_path: Path, message: str, title: str, number: int | None
) -> None:
    past = Past(tmp_path / "one")
    past.commit("Begin", {"a.py": "1\n"})
    past.commit("Draft", {"a.py": "2\n"}, ref="refs/heads/side", parents=(1,))
    past.commit(message, {"a.py": "2\n"}, parents=(1, 2))
    repo = past.write()
    last = list_changes(repo, resolve_commit(repo, "main"))[-1]
    assert last.title.removesuffix(" (#12)") == title
    assert last.number == number


def test_every_branch_of_an_octopus_speaks(tmp_path: Path) -> None:
    past = Past(tmp_path / "one")
    past.commit("Begin", {"a.py": "1\n"})
    past.commit("Draft one", {"b.py": "2\n"}, ref="refs/heads/one", parents=(1,))
    past.commit("Draft two", {"c.py": "2\n"}, ref="refs/heads/two", parents=(1,))
    files: dict[str, str | bytes | None] = {"b.py": "2\n", "c.py": "2\n"}
    past.commit("Merge branches 'one' and 'two'", files, parents=(1, 2, 3))
    repo = past.write()
    changes = list_changes(repo, resolve_commit(repo, "main"))
    merge = next(one for one in changes if one.title == "Draft one" and not one.is_part)
    assert merge.body.split("\n")[-2:] == ["Draft one", "Draft two"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [("i18n.logOutputEncoding", "UTF-16"), ("i18n.commitEncoding", "ISO-8859-1")],
)
def test_a_message_is_read_whatever_its_repository_is_set_to(
    tmp_path: Path, setting: str, value: str
) -> None:
    past = Past(tmp_path / "one")
    past.commit("Größe \x1e\n und mehr", {"a.py": "1\n"})
    repo = past.write()
    git(repo, "config", setting, value)
    (change,) = list_changes(repo, resolve_commit(repo, "main"))
    assert change.title == "Größe"
    assert change.body.endswith("und mehr")


def test_a_commit_without_a_date_is_as_old_as_can_be(tmp_path: Path) -> None:
    past = Past(tmp_path / "one")
    past.commit("Begin", {"a.py": "1\n"})
    repo = past.write()
    raw = git(repo, "cat-file", "commit", "main")
    undated = "\n".join(
        line.rpartition("> ")[0] + ">" if line.startswith("committer ") else line
        for line in raw.split("\n")
    )
    done = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
        cwd=repo,
        input=undated.encode(),
        capture_output=True,
        check=True,
    )
    (change,) = list_changes(repo, done.stdout.decode().strip())
    assert change.time == 0
