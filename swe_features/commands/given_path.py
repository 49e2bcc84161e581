"""A path that somebody gives: an option that stays empty names nothing."""

from pathlib import Path

import typer

__all__ = ["given_path"]


def given_path(text: str) -> Path:
    """Read a path; `pathlib` would take an empty one for the current folder.

    Raises:
        BadParameter: It is empty, as a variable of a shell that was never set.
    """
    if not text.strip():
        msg = "an empty path names nothing: write one, or . for this folder"
        raise typer.BadParameter(msg)
    return Path(text)
