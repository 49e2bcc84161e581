"""What a path alone says: what kind of file it is, and which files belong to it."""

import re
from dataclasses import dataclass
from enum import IntEnum
from pathlib import PurePosixPath

from agent.localizer.tokens import IDENTIFIER, terms_of

__all__ = ["CODE_SUFFIXES", "FileKind", "PathFacts", "describe_path"]

_CODE_SUFFIXES_TEXT = """
    .py .pyi .pyx .js .jsx .mjs .cjs .es6 .ts .tsx .mts .cts .coffee .vue .svelte .astro
    .hbs .ejs .graphql .go .rs .java .kt .kts .scala .groovy .dart .swift .m .mm .c .h
    .cc .cpp .cxx .hh .hpp .hxx .cu .cs .fs .rb .php .pl .sh .lua .ex .exs .erl .clj .hs
    .ml .jl .r .zig .proto .sql .css .scss .sass .less .styl
"""
CODE_SUFFIXES = frozenset(_CODE_SUFFIXES_TEXT.split())
_DOC_SUFFIXES_TEXT = ".md .markdown .mdx .qmd .rst .rdoc .txt .adoc .html"
_DOC_SUFFIXES = frozenset(_DOC_SUFFIXES_TEXT.split())
_CONFIG_SUFFIXES = frozenset(
    (".toml", ".cfg", ".ini", ".yml", ".yaml", ".json", ".in", ".lock", ".conf", ".env")
)
_CHANGELOG = re.compile(
    r"^((change(s|log|_log)|history|news|releases?(.notes)?)\b|what'?s.?new)", re.I
)
_REQUIREMENTS = re.compile(
    r"^((requirements|constraints)[\w.-]*\.(txt|in|pip|ya?ml|toml)|setup\.(py|cfg)"
    r"|pyproject\.toml|pipfile|tox\.ini|noxfile\.py|.*\.lockb?|package(-lock)?\.json|pnpm-[\w-]+\.yaml"
    r"|npm-shrinkwrap\.json|(lerna|composer|bower)\.json|gemfile|.*\.gemspec|cargo\.toml"
    r"|environment[\w.-]*\.ya?ml|build\.sbt|.*\.csproj"
    r"|go\.(mod|sum)|pom\.xml|build\.gradle(\.kts)?|cmakelists\.txt)$",
    re.I,
)
_SETTINGS = re.compile(r"^(\.\w+rc|[\w.-]+\.config)\.[cm]?[jt]s$", re.I)
"""What tools of JavaScript are set up by, which is code in name only."""
_TEST_DIRS_TEXT = """
    test tests testing testdata spec specs e2e cypress __tests__ __mocks__
    __fixtures__ __snapshots__
"""
_TEST_DIRS = frozenset(_TEST_DIRS_TEXT.split())
_EXAMPLE_DIRS_TEXT = """
    example examples demo demos sample samples bench benchmark benchmarks
"""
_EXAMPLE_DIRS = frozenset(_EXAMPLE_DIRS_TEXT.split())
_CHANGELOG_DIRS = frozenset(("changelog", "changelog.d", "newsfragments", ".changeset"))
_ENTRY_SUFFIXES = frozenset((".md", ".rst", ".txt"))
_FRAGMENT_DIRS_TEXT = """
    changes news releases release_notes release-notes releasenotes relnotes whatsnew
    whats_new next_whats_new
"""
_FRAGMENT_DIRS = frozenset(_FRAGMENT_DIRS_TEXT.split())
"""Of changelog entries, where it is texts that are in them."""
_TEST_WORDS = frozenset(("test", "tests", "spec", "specs"))
_CYPRESS = re.compile(r"\.cy\.[cm]?[jt]sx?$")
_INDEX_STEMS = frozenset(("__init__", "index", "mod", "conftest", "__main__"))
_FOLDER_STEMS = _INDEX_STEMS | _TEST_WORDS
_PLAIN_FOLDERS = _TEST_DIRS | frozenset(("src", "lib", "dist"))
"""Folders that say nothing of what is in them."""
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W_A-Z]+|[A-Z]+")


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
    """What the file is about, so that `test_io.py`, `IoTest.java`, `io.md` agree."""
    depth: int
    name_terms: tuple[str, ...]
    folder_terms: tuple[str, ...]


def describe_path(path: str) -> PathFacts:
    """Read the facts off a POSIX path from the repository root."""
    pure = PurePosixPath(path)
    name = pure.name
    stem = name.split(".", 1)[0].lower() if not name.startswith(".") else name.lower()
    folders = tuple(part.lower() for part in pure.parts[:-1])
    words = [word.lower() for word in _WORD.findall(name)]
    kind = _kind_of(name, stem, pure.suffix.lower(), folders, words)
    return PathFacts(
        kind=kind,
        folder=pure.parent.as_posix(),
        suffix=pure.suffix.lower(),
        stem=stem,
        subject=_subject_of(stem, name.split(".", 1)[0], pure.parts[:-1]),
        depth=len(folders),
        name_terms=_terms((name,)),
        folder_terms=_terms(pure.parts[:-1]),
    )


def _subject_of(stem: str, spelled: str, folders: tuple[str, ...]) -> str:
    """A file's name without the words of tests, or its folder's where it gathers it.

    It is spelled as `terms_of` would, to be found by what a text says.
    """
    if stem in _FOLDER_STEMS:
        told = [one for one in folders if one.lower() not in _PLAIN_FOLDERS]
        spelled = told[-1] if told else stem
    words = [word.lower() for word in _WORD.findall(spelled)]
    words = [word for word in words if word not in _TEST_WORDS] or words or [stem]
    found = terms_of("_".join(words))
    return found[-1].lstrip("=") if found else "".join(words)


def _terms(names: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        for identifier in IDENTIFIER.findall(name):
            found.update(dict.fromkeys(terms_of(identifier)))
    return tuple(found)


def _kind_of(
    name: str, stem: str, suffix: str, folders: tuple[str, ...], words: list[str]
) -> FileKind:
    """The first rule that fits."""
    around = {*folders, *(word for one in folders for word in one.split("-"))}
    in_tests = bool(_TEST_DIRS & around)
    is_named_test = _TEST_WORDS.intersection(words) or _CYPRESS.search(name)
    is_settings = bool(_SETTINGS.match(name))
    is_code = suffix in CODE_SUFFIXES and not is_settings
    is_doc = suffix in _DOC_SUFFIXES
    is_page = stem in ("readme", "index") or suffix not in _ENTRY_SUFFIXES
    is_entry = not is_page and bool(_FRAGMENT_DIRS.intersection(folders))
    is_history = _CHANGELOG.match(name) and not (is_code or suffix in _CONFIG_SUFFIXES)
    is_listed = "requirements" in folders and not is_code
    is_config = suffix in _CONFIG_SUFFIXES or name.startswith(".") or not suffix
    rules = (
        (is_code and (in_tests or is_named_test), FileKind.TEST),
        (is_history or is_entry or _CHANGELOG_DIRS & around, FileKind.CHANGELOG),
        (_REQUIREMENTS.match(name) or is_listed, FileKind.REQUIREMENTS),
        (_EXAMPLE_DIRS & around, FileKind.EXAMPLE),
        (is_code and stem in _INDEX_STEMS, FileKind.INDEX),
        (is_code, FileKind.SOURCE),
        (in_tests, FileKind.OTHER),
        (is_doc, FileKind.DOC),
        (is_config or is_settings, FileKind.CONFIG),
    )
    return next((kind for fits, kind in rules if fits), FileKind.OTHER)
