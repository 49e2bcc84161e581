"""Marks that make text look like other text, shown by number instead."""

import unicodedata

__all__ = ["undisguise"]


def undisguise(text: str) -> str:
    """One line, its control characters and marks of direction as `[U+202E]`."""
    return "".join(map(_shown, " ".join(str(text).split())))


def _shown(character: str) -> str:
    if unicodedata.category(character) in {"Cc", "Cf"}:
        return f"[U+{ord(character):04X}]"
    return character
