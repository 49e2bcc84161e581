from pathlib import Path

import pytest

from tasks.whole_files import write_whole


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "suite.jsonl"
    for text in ("one\n", "two é\n"):
        write_whole(path, text)
        assert path.read_text("utf-8") == text
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_no_draft(tmp_path: Path) -> None:
    """A full disk left `.suite.jsonl.<pid>` behind."""
    path = tmp_path / "suite.jsonl"
    write_whole(path, "before\n")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half of a pair: \ud800\n")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text("utf-8") == "before\n"
