"""Which modules a text imports, and by which names a path is imported."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

__all__ = ["imported_names", "module_names"]

_IMPORT = re.compile(
    # Python: `from a.b import c, d`, in parentheses over several lines as well
    r"^[ \t]*from[ \t]+(?P<module>\.*[\w.]*)[ \t]+import\b[ \t]*"
    r"(?P<names>\(\s*(?:(?:\w[\w ]*(?:[,\n]|(?=[#)]))|#[^\n]*)\s*)*|[^()\n]*)"
    # `import a.b as c`, and as Java, Kotlin, Scala and Swift have it
    r"|^[ \t]*import[ \t]+(?:static[ \t]+)?(?![^\n]*\bfrom[ \t]*[\"'])"
    r"(?P<modules>[\w., \t]+)"
    # JavaScript: `import a from "b"`, `export * from "b"`
    r"|(?<![.\w])from[ \t]*[\"'](?P<origin>[^\"'\n]+)"
    # `import "b"`, `import("b")`, `require("b")`, `jest.mock("b")`; Ruby
    r"|(?<![.\w$])(?:import|require(?:\.resolve|_relative)?|(?:jest|vi)\.\w+)"
    r"[ \t]*\(?[ \t]*[\"'`](?P<path>[^\"'`\n]+)"
    r"|^[ \t]*#[ \t]*include[ \t]*[\"<](?P<header>[^\">\n]+)"
    r"|^[ \t]*(?:pub[ \t]+)?use[ \t]+(?P<crate>\w+(?:::\w+)+)",
    re.M,
)
_GO_IMPORT = re.compile(
    r"^[ \t]*(?:import[ \t]+)?(?:[\w.]+[ \t]+)?\"([\w.~/-]+)\"[ \t\r]*$", re.M
)
_GO = ".go"
_WORDS = ("import", "from", "require", "include", "::", "jest.", "vi.")
"""One of them is in every import; most texts have none, and need no closer look."""
_COMMENT = re.compile(r"#[^\n]*")
_MOST_NAMES = 24
_FOLDER_FILES = re.compile(r"__init__\.py[ix]?|index\.\w*[jt]s[x6]?|index|mod\.rs")
"""Files that gather their folder."""
_SOURCE_FOLDERS = frozenset(("src", "lib"))


def imported_names(text: str, path: str) -> list[str]:
    """What some lines of a file import: last names as words, and names of modules.

    Args:
        text: The lines.
        path: Where they stand; what they call relative is relative to it.

    Returns:
        Names of modules as `module_names` spells them, each with its own last name
        before it.
    """
    at = PurePosixPath(path)
    told = any(word in text for word in _WORDS)
    found = _imported(text, at.parent.parts) if told else iter(())
    if at.suffix == _GO:
        paths = _GO_IMPORT.findall(text)
        found = (parts for one in paths for parts in _filled(tuple(one.split("/"))))
    return [name for parts in found for name in (parts[-1], _spelled(parts))]


def module_names(path: str) -> tuple[str, ...]:
    """The names by which a file is imported: with its folder, and without.

    Each begins with a slash, so that no word is like it. A file that gathers its folder
    (`__init__.py`, `index.ts`) goes by the folder's name, as all of Go's do.
    """
    parts = tuple(path.split("/"))
    parts = parts[:-1] if path.endswith(_GO) else _module_parts(parts)
    if not parts:
        return ()
    return tuple(dict.fromkeys((_spelled(parts), _spelled(parts[-1:]))))


def _spelled(parts: tuple[str, ...]) -> str:
    return "/" + "/".join(parts[-2:]).lower()


def _module_parts(parts: tuple[str, ...]) -> tuple[str, ...]:
    *folders, name = parts
    if not _FOLDER_FILES.fullmatch(name):
        folders.append(name.split(".", 1)[0] or name)
        if "." in name:
            return tuple(folders)
    elif name.startswith("__init__"):
        return tuple(folders)
    if len(folders) > 1 and folders[-1] in _SOURCE_FOLDERS:
        folders.pop()  # `packages/core/src` is what `core` is imported as
    return tuple(folders)


def _imported(text: str, folder: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The parts of each module's name, and of each name in it, which may be one too."""
    for match in _IMPORT.finditer(text):
        if path := match["origin"] or match["path"] or match["header"]:
            found = [_followed(path, folder)]
        elif match["crate"] is not None:
            parts = tuple(match["crate"].split("::"))
            found = [parts[:-1], parts]
        elif match["modules"] is not None:
            found = [tuple(one.split(".")) for one in _listed(match["modules"])]
        else:
            parts = _absolute(match["module"], folder)
            names = _COMMENT.sub("", match["names"].lstrip("("))
            found = [*((*parts, name) for name in _listed(names)), parts]
        for parts in found:
            yield from _filled(parts)


def _listed(names: str) -> list[str]:
    """Names between commas, without what they are renamed to."""
    ones = map(str.split, names.split(",")[:_MOST_NAMES])
    return [words[0] for words in ones if words]


def _filled(parts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    kept = tuple(part for part in parts if part)
    if kept:
        yield kept


def _absolute(module: str, folder: tuple[str, ...]) -> tuple[str, ...]:
    """Parts of a Python module's name."""
    name = module.lstrip(".")
    level = len(module) - len(name)
    below = tuple(name.split(".")) if name else ()
    return (*folder[: len(folder) - level + 1], *below) if level else below


def _followed(path: str, folder: tuple[str, ...]) -> tuple[str, ...]:
    """Parts of a module that is named by a path, from the root where it can be told."""
    at = list(folder) if path.startswith(".") else []
    for part in path.partition("?")[0].split("/"):
        if part == "..":
            del at[-1:]
        # Scopes and aliases of the root: `@scope/name`, `@/name`, `~/name`, `#name`
        elif part.strip(".") and not part.startswith("@"):
            at += filter(None, (part.lstrip("~#"),))
    return _module_parts(tuple(at)) if at else ()
