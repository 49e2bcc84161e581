"""Replace a file as a whole or not at all: somebody may be reading the old one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["draft_of", "write_whole"]


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """A file to write, which takes the place of another one when the block ends.

    A block that fails leaves the old file as it was, and no draft. A link stays one,
    and what is no file, as `/dev/stdout`, is written itself.
    """
    # Asked before the links are followed: that of a pipe leads to no name.
    if path.exists() and not path.is_file():
        yield path
        return
    path = path.resolve()
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        yield draft
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink()


def write_whole(path: Path, text: str) -> None:
    """Put a text where `path` was, or leave all as it was.

    Raises:
        OSError: It cannot be written.
    """
    with draft_of(path) as draft:
        draft.write_text(text, "utf-8")
