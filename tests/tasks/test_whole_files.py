import os
from pathlib import Path

import pytest

from tasks.whole_files import draft_of, write_whole


def write_and_fail(path: Path) -> None:
    with draft_of(path) as draft:
        draft.write_text("half of the n")
        raise OSError


def test_file_is_replaced_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with draft_of(path) as draft:
        draft.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_block_that_fails_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(OSError):  # noqa: PT011  # it says nothing
        write_and_fail(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_link_stays_one(tmp_path: Path) -> None:
    path, link = tmp_path / "a.txt", tmp_path / "link.txt"
    link.symlink_to(path)
    with draft_of(link) as draft:
        draft.write_text("new")
    assert link.is_symlink()
    assert path.read_text() == "new"


def test_device_is_written_and_not_replaced() -> None:
    with draft_of(Path("/dev/null")) as draft:
        draft.write_text("new")
    assert Path("/dev/null").is_char_device()


def test_pipe_is_written_and_not_replaced() -> None:
    """`/dev/stdout` of a program whose output another one reads."""
    reading, writing = os.pipe()
    write_whole(Path(f"/dev/fd/{writing}"), "new")
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert pipe.read() == "new"
