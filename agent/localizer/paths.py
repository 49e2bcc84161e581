"""What a path alone says: what kind of file it is, and which files belong to it."""

import re
from dataclasses import dataclass
from enum import IntEnum
from pathlib import PurePosixPath

from agent.localizer.tokens import IDENTIFIER, terms_of

__all__ = ["CODE_SUFFIXES", "FileKind", "PathFacts", "describe_path"]

_CODE_SUFFIXES_TEXT = """
    .py .pyi .pyx .js .jsx .mjs .cjs .ts .tsx .mts .cts .vue .svelte .go .rs .java .kt
    .c .h .cc .cpp .hpp .cs .rb .php .swift .scala .sh .lua .ex .exs .erl .clj .hs .ml
    .jl .r .sql .css .scss .less
"""
CODE_SUFFIXES = frozenset(_CODE_SUFFIXES_TEXT.split())
_DOC_SUFFIXES = frozenset((".md", ".rst", ".txt", ".adoc", ".mdx", ".qmd", ".html"))
_CONFIG_SUFFIXES = frozenset(
    (".toml", ".cfg", ".ini", ".yml", ".yaml", ".json", ".in", ".lock", ".conf", ".env")
)
_CHANGELOG = re.compile(
    r"^(change(s|log|_log)|history|news|releases?(.notes)?)\b", re.I
)
_REQUIREMENTS = re.compile(
    r"^(requirements.*|setup\.(py|cfg)|pyproject\.toml|package\.json|pipfile|.*\.lock"
    r"|package-lock\.json|cargo\.toml|go\.(mod|sum)|constraints.*|tox\.ini|noxfile\.py)$",
    re.I,
)
_TEST_DIRS = frozenset(
    ("test", "tests", "testing", "spec", "specs", "__tests__", "e2e")
)
_EXAMPLE_DIRS = frozenset(
    ("example", "examples", "demo", "demos", "benchmark", "sample")
)
_CHANGELOG_DIRS = frozenset(("changelog", "changelog.d", "newsfragments"))
_TEST_WORDS = frozenset(("test", "tests", "spec", "specs"))
_INDEX_STEMS = frozenset(("__init__", "index", "mod", "conftest", "__main__"))


class FileKind(IntEnum):
    """What a file is for, told from its path."""

    SOURCE = 0
    TEST = 1
    DOC = 2
    CHANGELOG = 3
    REQUIREMENTS = 4
    CONFIG = 5
    INDEX = 6
    """Gathers its folder: `__init__.py`, `index.ts`, `conftest.py`."""
    EXAMPLE = 7
    OTHER = 8


@dataclass(frozen=True, slots=True)
class PathFacts:
    """Everything that is read off one path."""

    kind: FileKind
    folder: str
    suffix: str
    stem: str
    """File name without suffixes, lower case."""
    subject: str
    """What the file is about, so that `test_io.py`, `io.py`, `docs/io.md` agree."""
    depth: int
    name_terms: tuple[str, ...]
    folder_terms: tuple[str, ...]


def describe_path(path: str) -> PathFacts:
    """Read the facts off a POSIX path from the repository root."""
    pure = PurePosixPath(path)
    name = pure.name
    stem = name.split(".", 1)[0].lower() if not name.startswith(".") else name.lower()
    folders = tuple(part.lower() for part in pure.parts[:-1])
    kind = _kind_of(name, stem, pure.suffix.lower(), folders)
    subject = stem
    if stem in _INDEX_STEMS and folders:
        subject = folders[-1]
    words = [word for word in re.split(r"[^a-z0-9]+", subject) if word]
    words = [word for word in words if word not in _TEST_WORDS] or words
    return PathFacts(
        kind=kind,
        folder=pure.parent.as_posix(),
        suffix=pure.suffix.lower(),
        stem=stem,
        subject="".join(words),
        depth=len(folders),
        name_terms=_terms((name,)),
        folder_terms=_terms(pure.parts[:-1]),
    )


def _terms(names: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        for identifier in IDENTIFIER.findall(name):
            found.update(dict.fromkeys(terms_of(identifier)))
    return tuple(found)


def _kind_of(name: str, stem: str, suffix: str, folders: tuple[str, ...]) -> FileKind:
    """The first rule that fits."""
    in_tests = bool(_TEST_DIRS.intersection(folders))
    is_code = suffix in CODE_SUFFIXES
    words = set(re.split(r"[^a-z0-9]+", name.lower()))
    is_changelog = _CHANGELOG.match(name) or _CHANGELOG_DIRS.intersection(folders)
    is_requirements = _REQUIREMENTS.match(name) or "requirements" in folders
    is_config = suffix in _CONFIG_SUFFIXES or name.startswith(".") or not suffix
    rules = (
        (is_code and (in_tests or words & _TEST_WORDS), FileKind.TEST),
        (is_changelog, FileKind.CHANGELOG),
        (is_requirements, FileKind.REQUIREMENTS),
        (_EXAMPLE_DIRS.intersection(folders), FileKind.EXAMPLE),
        (is_code and stem in _INDEX_STEMS, FileKind.INDEX),
        (is_code, FileKind.SOURCE),
        (in_tests, FileKind.OTHER),
        (suffix in _DOC_SUFFIXES, FileKind.DOC),
        (is_config, FileKind.CONFIG),
    )
    return next((kind for fits, kind in rules if fits), FileKind.OTHER)
