from pathlib import Path

from agent.localizer.diffs import ChangeDiff, read_diffs
from agent.localizer.history import list_changes, resolve_commit
from tests.agent.localizer.pasts import Past


def _diffs(repo: Path) -> list[ChangeDiff]:
    return list(read_diffs(repo, list_changes(repo, resolve_commit(repo, "main"))))


def test_lines_that_look_like_headers_are_lines(tmp_path: Path) -> None:
    past = Past(tmp_path / "one")
    past.commit("One", {"a.sql": "-- old note\nselect 1\n", "b.py": "b = 1\n"})
    past.commit("Two", {"a.sql": "++ new note\nselect 1\n", "b.py": "b = 2\n"})
    last = _diffs(past.write())[-1]
    first, second = last.patches
    assert (first.path, first.removed, first.added) == (
        "a.sql",
        [b"-- old note\n"],
        [b"++ new note\n"],
    )
    assert (second.path, second.added) == ("b.py", [b"b = 2\n"])


def test_a_rename_is_followed_and_its_edit_seen(tmp_path: Path) -> None:
    past = Past(tmp_path / "one")
    lines = "".join(f"line {number}\n" for number in range(30))
    past.commit("One", {"old.py": lines})
    past.commit("Two", {"old.py": None, "new.py": lines + "more\n"})
    last = _diffs(past.write())[-1]
    assert {(one.path, one.status) for one in last.paths} == {
        ("old.py", "D"),
        ("new.py", "A"),
    }
    (patch,) = last.patches
    assert (patch.old_path, patch.path, patch.added) == (
        "old.py",
        "new.py",
        [b"more\n"],
    )


def test_every_change_has_a_diff_even_an_empty_one(tmp_path: Path) -> None:
    past = Past(tmp_path / "one")
    past.commit("One", {"a.py": "1\n"})
    past.commit("Nothing", {})
    past.commit("Three", {"a.py": "3\n", "ü b.py": "x\n"})
    one, nothing, three = _diffs(past.write())
    assert len(one.patches) == 1
    assert nothing == ChangeDiff((), ())
    assert [patch.path for patch in three.patches] == ["a.py", "ü b.py"]


def test_a_bundle_is_named_and_not_read(tmp_path: Path) -> None:
    past = Past(tmp_path / "one")
    past.commit("One", {"bundle.js": "var a;" * 400_000, "a.py": "1\n"})
    (diff,) = _diffs(past.write())
    assert {one.path for one in diff.paths} == {"bundle.js", "a.py"}
    added = {patch.path: len(patch.added) for patch in diff.patches if patch.added}
    assert added == {"a.py": 1}
