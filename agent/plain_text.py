"""Bytes and text from a repository made safe to show: to a model, or in a terminal."""

import re

__all__ = ["cut_middle", "decode", "show_on_one_line", "strip_escapes"]

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor movement
    r"|\x1b[\]PX^_].*?(?:\x1b\\|\x07|\Z)"  # window titles, links, device strings
    r"|\x1b[ -/]*[0-~]",
    re.DOTALL,
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def strip_escapes(text: str) -> str:
    """Remove terminal escapes, control characters and direction overrides.

    Line ends become line feeds; tabs stay. Bytes that were not UTF-8 are spelled out,
    so that the text can be sent and stored.
    """
    text = text.encode("utf-8", errors="backslashreplace").decode("utf-8")
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", _ESCAPES.sub("", unified))


def show_on_one_line(text: str) -> str:
    """A name or a sentence of a repository, each character that is no text as `?`.

    Line ends are among those: no name of a file can begin a line of its own.
    """
    return "".join(one if one.isprintable() else "?" for one in text)


def decode(content: bytes) -> str:
    """Text of bytes that ought to be UTF-8, safe to show."""
    return strip_escapes(content.decode("utf-8", errors="replace"))


def cut_middle(text: str, limit: int) -> str:
    """Shorten a text to about `limit` characters, and say in its middle what is gone.

    The beginning and the end stay, at line ends where there are any nearby.
    """
    if len(text) <= limit:
        return text
    head_end = _line_end_before(text, limit * 2 // 3)
    tail_start = _line_start_after(text, len(text) - (limit - limit * 2 // 3))
    omitted = tail_start - head_end
    notice = f"\n[... {omitted} characters omitted; ask for less to see them ...]\n"
    return text[:head_end].rstrip("\n") + notice + text[tail_start:]


def _line_end_before(text: str, position: int) -> int:
    found = text.rfind("\n", position // 2, position)
    return position if found < 0 else found


def _line_start_after(text: str, position: int) -> int:
    found = text.find("\n", position, position + (len(text) - position) // 2)
    return position if found < 0 else found + 1
