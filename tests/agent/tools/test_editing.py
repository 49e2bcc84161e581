import pytest

from agent.tools.editing import edit_file_tool
from agent.tools.tool import Observation
from tests.agent.conftest import FolderSandbox


def _edit(sandbox: FolderSandbox, path: str, old: str, new: str) -> Observation:
    tool = edit_file_tool(sandbox)
    return tool.run({"path": path, "old_text": old, "new_text": new})


def test_the_text_is_replaced_where_it_occurs_once(sandbox: FolderSandbox) -> None:
    assert not _edit(sandbox, "shop/prices.py", "sum(items)", "max(items)").failed
    assert b"return max(items)" in sandbox.read("shop/prices.py")


@pytest.mark.parametrize(("old", "count"), [("absent", 0), ("items", 2)])
def test_nothing_changes_unless_it_occurs_once(
    sandbox: FolderSandbox, old: str, count: int
) -> None:
    before = sandbox.read("shop/prices.py")
    observation = _edit(sandbox, "shop/prices.py", old, "x")
    assert observation.failed
    assert f"occurs {count} times" in observation.text
    assert sandbox.read("shop/prices.py") == before


def test_a_file_is_created_with_its_folders(sandbox: FolderSandbox) -> None:
    assert not _edit(sandbox, "a/b/new.py", "", "x = 1\n").failed
    assert sandbox.read("a/b/new.py") == b"x = 1\n"


def test_an_existing_file_is_not_overwritten(sandbox: FolderSandbox) -> None:
    before = sandbox.read("README.md")
    assert _edit(sandbox, "README.md", "", "gone").failed
    assert sandbox.read("README.md") == before


def test_a_path_out_of_the_tree_is_an_observation(sandbox: FolderSandbox) -> None:
    observation = _edit(sandbox, "../outside.py", "", "x")
    assert observation.failed
    assert not (sandbox.folder.parent / "outside.py").exists()


def test_other_bytes_of_the_file_stay(sandbox: FolderSandbox) -> None:
    sandbox.write("latin.py", b"# caf\xe9\r\nx = 1\r\n")
    assert not _edit(sandbox, "latin.py", "x = 1", "x = 2").failed
    assert sandbox.read("latin.py") == b"# caf\xe9\r\nx = 2\r\n"


def test_lines_that_end_in_crlf_are_edited_as_they_are_shown(
    sandbox: FolderSandbox,
) -> None:
    """What open_file showed of such a file was refused, as occurring 0 times."""
    sandbox.write("win.py", b"def a():\r\n    return 1\r\n\r\nb = 2\r\n")

    assert not _edit(sandbox, "win.py", "a():\n    return 1\n", "a(): 3\n").failed
    assert sandbox.read("win.py") == b"def a(): 3\r\n\r\nb = 2\r\n"
    assert not _edit(sandbox, "win.py", "b = 2", "b = 2\nc = 3").failed
    assert sandbox.read("win.py").endswith(b"\r\nb = 2\r\nc = 3\r\n")


def test_lines_of_a_file_with_both_ends_keep_their_own(sandbox: FolderSandbox) -> None:
    sandbox.write("both.py", b"a = 1\nb = 2\nc = 3\r\nd = 4\r\n")

    assert not _edit(sandbox, "both.py", "a = 1\nb", "a = 9\nb").failed
    assert not _edit(sandbox, "both.py", "c = 3\nd", "c = 9\nd").failed
    assert sandbox.read("both.py") == b"a = 9\nb = 2\nc = 9\r\nd = 4\r\n"


def test_a_missing_file_is_an_observation(sandbox: FolderSandbox) -> None:
    assert "leave old_text empty" in _edit(sandbox, "no.py", "x", "y").text
