"""Take the names of gold files out of a query, to see how much of a score they made.

A pull request's description often names the files that it modifies. Whoever is then
scored by these names was told the answer.
"""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

__all__ = ["MASK", "mask_files"]

MASK = "[file]"

SHORTEST_STEM = 4
"""Characters; `io` or `app` as words of a sentence say nothing."""


def mask_files(text: str, files: Iterable[str]) -> str:
    """Replace every mention of some files: path, tail of a path, name, module.

    Args:
        text: A title or a body.
        files: POSIX paths from the repository root.
    """
    forms = sorted({f for file in files for f in _forms(file)}, key=lambda f: -len(f))
    if not forms:
        return text
    alternatives = "|".join(map(_alternative, forms))
    # What surrounds a name may be any punctuation, but no further letter or folder. Its
    # own folders are read from where they begin, once: from each dot anew would take a
    # time that grows with the square of the text.
    folders = r"(?<![\w./-])[\w./-]*/|(?<![\w/-])"
    pattern = rf"(?:{folders})(?:{alternatives})(?![\w/-])"
    return re.sub(pattern, MASK, text, flags=re.IGNORECASE)


def _forms(file: str) -> set[str]:
    path = PurePosixPath(file)
    parts = path.parts
    tails = {"/".join(parts[start:]) for start in range(len(parts))}
    module = ".".join(path.with_suffix("").parts)
    forms = {*tails, module}
    if len(path.stem) >= SHORTEST_STEM and ("_" in path.stem or "-" in path.stem):
        # `base_coder` is a name; `main` or `models` is a word.
        forms.add(path.stem)
    # A module of one part, such as `setup`, is a word as well; `Makefile` is a name.
    return {form for form in forms if re.search(r"[./_-]|^[A-Z]", form)}


def _alternative(form: str) -> str:
    """A pattern for one form; what is a name by its capital alone keeps that."""
    escaped = re.escape(form)
    return escaped if re.search(r"[./_-]", form) else f"(?-i:{escaped})"
