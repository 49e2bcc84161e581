"""What was learned, lent to the files of a tree that an agent reads by itself.

It stands between two marks below what the repository has there. Before anybody looks
for changes it is taken out again, so that neither it nor a file of its own counts as
one; what the agent wrote around it stays.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from agent.errors import AgentError

__all__ = ["PlacedContext"]

_BEGIN = "<!-- swe-features: begin -->"
_END = "<!-- swe-features: end -->"
_BLOCK = re.compile(
    rb"\s*" + re.escape(_BEGIN.encode()) + rb".*?" + re.escape(_END.encode()) + rb"\n?",
    re.DOTALL,
)


class PlacedContext:
    """A text in files of a tree, and what was there before."""

    def __init__(self, tree: Path, names: Iterable[str], text: str) -> None:
        """Write the text into each file.

        Args:
            tree: Where the files are.
            names: Of the files; those that are missing are made.
            text: What was learned.

        Raises:
            AgentError: One of them is a folder.
        """
        self._before = {tree / name: _read(tree / name) for name in names}
        self._block = f"{_BEGIN}\n{text.strip()}\n{_END}\n".encode()
        for path, own in self._before.items():
            if isinstance(own, Path):
                path.unlink()
            path.write_bytes(self._place_below(own))

    def remove(self) -> None:
        """Take the text out again; a file that says nothing new is as it was."""
        for path, own in self._before.items():
            if path.is_symlink() or not path.is_file():
                continue
            content = path.read_bytes()
            rest = self._cut(content, own)
            said = own.strip() if isinstance(own, bytes) else b""
            if content != self._place_below(own) and rest.strip() != said:
                path.write_bytes(rest)
            elif isinstance(own, bytes):
                path.write_bytes(own)
            else:
                path.unlink()
                if own is not None:
                    path.symlink_to(own)

    def _cut(self, content: bytes, own: bytes | Path | None) -> bytes:
        """A file without the text, and all around it as the agent left it."""
        own = own if isinstance(own, bytes) else b""
        above = own.rstrip()
        before, lent, after = content.rpartition(self._place_below(own)[len(above) :])
        if not lent:  # The agent changed the text itself: its marks are left.
            return _BLOCK.sub(b"\n", content).lstrip(b"\n")
        before += own[len(above) :]
        if before and after and not before.endswith(b"\n"):
            before += b"\n"
        return before + after

    def _place_below(self, own: bytes | Path | None) -> bytes:
        above = own.rstrip() if isinstance(own, bytes) else b""
        return above + b"\n\n" + self._block if above else self._block


def _read(path: Path) -> bytes | Path | None:
    """Content of a file, target of a link, None where there is neither."""
    if path.is_symlink():
        return path.readlink()
    if path.is_dir():
        msg = (
            f"{path.name} is a folder here, and no file that can say what was learned: "
            "describe the agent with `context: [prompt]`"
        )
        raise AgentError(msg)
    return path.read_bytes() if path.is_file() else None
