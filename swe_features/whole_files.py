"""Replace a file as a whole or not at all: somebody may be reading the old one."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["draft_of"]


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """A file to write, which takes the place of another one when the block ends.

    A block that fails leaves the old file as it was, and no draft. A link stays one,
    and what is no file, as `/dev/stdout`, is written itself.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        yield path
        return
    draft = path.with_name(f".{path.name}.draft")
    try:
        yield draft
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink()
