"""Lent to an agent, and taken back."""

from pathlib import Path

import pytest

from agent.errors import AgentError
from agent.external.placed_context import PlacedContext

NAME = "AGENTS.md"
NOTES = "Prices are in shop/prices.py."


@pytest.mark.parametrize(
    "own", [None, b"", b"Use tabs.", b"Use tabs.\n\n\n", b"caf\xe9\r\n"]
)
def test_a_file_that_the_agent_left_alone_is_as_it_was(
    own: bytes | None, tmp_path: Path
) -> None:
    """Rules that are not UTF-8 ended the attempt with a traceback."""
    path = tmp_path / NAME
    if own is not None:
        path.write_bytes(own)

    placed = PlacedContext(tmp_path, [NAME], NOTES)
    said = path.read_bytes()
    placed.remove()

    assert said.startswith((own or b"").rstrip())
    assert NOTES.encode() in said
    assert (path.read_bytes() if path.exists() else None) == own


def test_a_link_is_one_again(tmp_path: Path) -> None:
    (tmp_path / "CLAUDE.md").write_text("Use tabs.\n")
    (tmp_path / NAME).symlink_to("CLAUDE.md")

    placed = PlacedContext(tmp_path, [NAME], NOTES)
    said = (tmp_path / NAME).read_text()
    placed.remove()

    assert NOTES in said
    assert (tmp_path / NAME).readlink() == Path("CLAUDE.md")
    assert (tmp_path / "CLAUDE.md").read_text() == "Use tabs.\n"


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        ("", "No globals.\n", "Use tabs.\nNo globals.\n"),
        ("No globals.\n", "", "No globals.\nUse tabs.\n"),
    ],
)
def test_what_the_agent_wrote_stays(
    before: str, after: str, left: str, tmp_path: Path
) -> None:
    path = tmp_path / NAME
    path.write_text("Use tabs.\n")
    placed = PlacedContext(tmp_path, [NAME], NOTES)

    path.write_text(before + path.read_text().replace("are in", "live in") + after)
    placed.remove()

    assert path.read_text() == left


@pytest.mark.parametrize(
    "own",
    [
        b"Use tabs.\r\nNo globals.\r\n",
        b"\n\nUse tabs.\n\n\n",
        b"Use tabs.",
        b"<!-- swe-features: begin -->\nUse tabs.\n<!-- swe-features: end -->\n",
    ],
)
@pytest.mark.parametrize("notes", [NOTES, f"<!-- swe-features: end --> {NOTES}"])
def test_bytes_that_the_agent_left_alone_are_as_they_were(
    own: bytes, notes: str, tmp_path: Path
) -> None:
    """One edited word gave a file other line ends, and rests of what was learned."""
    path = tmp_path / NAME
    path.write_bytes(own)
    placed = PlacedContext(tmp_path, [NAME], notes)

    path.write_bytes(path.read_bytes().replace(b"tabs", b"spaces"))
    placed.remove()

    assert path.read_bytes() == own.replace(b"tabs", b"spaces")


def test_a_line_below_the_text_stays_a_line(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text("Use tabs.")
    placed = PlacedContext(tmp_path, [NAME], NOTES)

    path.write_text(path.read_text() + "No globals.\n")
    placed.remove()

    assert path.read_text() == "Use tabs.\nNo globals.\n"


@pytest.mark.parametrize("left", [None, ""])
def test_a_file_that_the_agent_emptied_or_deleted_stays_so(
    left: str | None, tmp_path: Path
) -> None:
    path = tmp_path / NAME
    path.write_text("Use tabs.\n")
    placed = PlacedContext(tmp_path, [NAME], NOTES)

    path.unlink()
    if left is not None:
        path.write_text(left)
    placed.remove()

    assert (path.read_text() if path.exists() else None) == left


def test_a_folder_of_that_name_is_an_error(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()

    with pytest.raises(AgentError, match=r"AGENTS.md is a folder here"):
        PlacedContext(tmp_path, [NAME], NOTES)
