from pathlib import Path

import pytest

from agent.localizer.diffs import ChangeDiff, read_diffs
from agent.localizer.history import list_changes, resolve_commit
from agent.localizer.horizon import horizon_of
from tests.agent.localizer.pasts import Past, git


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


def test_a_file_written_anew_keeps_both_sides(tmp_path: Path) -> None:
    past = Past(tmp_path / "one")
    lines = "".join(f"row {number:05} of the table\n" for number in range(4_000))
    past.commit("One", {"table.py": lines})
    past.commit("Two", {"table.py": lines.replace("\n", "\r\n")})
    (patch,) = _diffs(past.write())[-1].patches
    assert len(patch.removed) == len(patch.added) == 4_000


@pytest.mark.parametrize("file", [".gitattributes", ".git/info/attributes"])
def test_no_attribute_outside_of_the_past_hides_a_text(
    tmp_path: Path, file: str
) -> None:
    past = Past(tmp_path / "one")
    past.commit("One", {"a.py": "1\n"})
    repo = past.write()
    before = horizon_of(repo, with_heads=False)
    (repo / file).parent.mkdir(exist_ok=True)
    (repo / file).write_text("*.py -diff\n")
    if file == ".gitattributes":
        git(repo, "add", file)
        git(repo, "config", "core.worktree", "..")
    if file.startswith(".git/"):  # git obeys it, so it names another past
        assert horizon_of(repo, with_heads=False) != before
    else:
        assert _diffs(repo)[-1].patches[0].added == [b"1\n"]
