from pathlib import Path

from agent.localizer.changes import list_changes, resolve_commit
from tests.agent.localizer.pasts import Past


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
    assert [one.title for one in changes] == ["Begin", "Add a proxy"]
    assert changes[1].number == 12
    assert changes[1].body.split("\n")[-2:] == [
        "Draft the proxy",
        "Finish the proxy",
    ]
    assert changes[1].parent == changes[0].commit


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
    for with_heads in (False, True):
        new = list_changes(repo, tip, after=old, with_heads=with_heads)
        assert [one.title for one in new] == ["Step 3", "Step 4"]
