"""Plain tables of text: the same on a terminal, in a file and in a README."""

from collections.abc import Sequence

__all__ = ["NOTHING", "lay_out"]

NOTHING = "-"
"""Stands where there is no value."""


def lay_out(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under their headings, the first to the left, the others to the right."""
    lines = [headings, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(headings))]
    text = [
        "  ".join(
            part.rjust(width) if place else part.ljust(width)
            for place, (part, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    text.insert(1, "-" * max(len(line) for line in text))
    return "\n".join(text) + "\n"
