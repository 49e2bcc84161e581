"""Functions and classes of a file, with their lines, from its syntax tree."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Any

__all__ = ["Symbol", "find_symbols"]

_GRAMMARS = {
    ".py": ("tree_sitter_python", "language"),
    ".pyi": ("tree_sitter_python", "language"),
    ".js": ("tree_sitter_javascript", "language"),
    ".jsx": ("tree_sitter_javascript", "language"),
    ".mjs": ("tree_sitter_javascript", "language"),
    ".cjs": ("tree_sitter_javascript", "language"),
    ".ts": ("tree_sitter_typescript", "language_typescript"),
    ".tsx": ("tree_sitter_typescript", "language_tsx"),
}
_NAMED = frozenset(
    (
        "function_definition",
        "class_definition",
        "function_declaration",
        "generator_function_declaration",
        "class_declaration",
        "method_definition",
        "interface_declaration",
        "type_alias_declaration",
        "enum_declaration",
    )
)
_HEADING = re.compile(rb"^#{1,4}\s+(.+?)\s*#*$", re.M)
_MARKUP = frozenset((".md", ".mdx", ".markdown"))
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Symbol:
    """Something with a name; lines are counted from 1, both ends included."""

    name: str
    first_line: int
    last_line: int


def find_symbols(path: str, content: bytes) -> tuple[Symbol, ...]:
    """Symbols in order of their first line; none in a language we have no grammar of.

    Args:
        path: Tells the language by its suffix.
        content: The file.
    """
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in _MARKUP:
        return tuple(_headings(content))
    parser = _parser(suffix)
    if parser is None:
        return ()
    return tuple(_walk(parser.parse(content).root_node, 0))


# Any: the grammars' parser has no types of its own.
@cache
def _parser(suffix: str) -> Any:  # noqa: ANN401
    """A parser for a suffix; None where there is no grammar, or it is not installed."""
    if suffix not in _GRAMMARS:
        return None
    module, function = _GRAMMARS[suffix]
    try:
        sitter = importlib.import_module("tree_sitter")
        grammar = importlib.import_module(module)
    except ImportError:
        return None
    return sitter.Parser(sitter.Language(getattr(grammar, function)()))


def _walk(node: Any, depth: int) -> Iterator[Symbol]:  # noqa: ANN401 - as above
    for child in node.children:
        deeper = depth
        if child.type in _NAMED:
            name = child.child_by_field_name("name")
            if name is not None:
                yield Symbol(
                    name.text.decode("utf-8", "replace"),
                    child.start_point[0] + 1,
                    child.end_point[0] + 1,
                )
            deeper += 1
        if deeper < _DEEPEST and child.child_count:
            yield from _walk(child, deeper)


def _headings(content: bytes) -> Iterator[Symbol]:
    found = list(_HEADING.finditer(content))
    lines = [content.count(b"\n", 0, match.start()) + 1 for match in found]
    ends = [line - 1 for line in lines[1:]] + [content.count(b"\n") + 1]
    for match, first, last in zip(found, lines, ends, strict=False):
        yield Symbol(match[1].decode("utf-8", "replace"), first, max(first, last))
