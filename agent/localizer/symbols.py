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
    ".mts": ("tree_sitter_typescript", "language_typescript"),
    ".cts": ("tree_sitter_typescript", "language_typescript"),
    ".tsx": ("tree_sitter_typescript", "language_tsx"),
}
_NAMED = frozenset(
    (
        "function_definition",
        "class_definition",
        "function_declaration",
        "generator_function_declaration",
        "class_declaration",
        "abstract_class_declaration",
        "method_definition",
        "internal_module",
        "interface_declaration",
        "type_alias_declaration",
        "enum_declaration",
    )
)
_BOUND = {
    "variable_declarator": ("name", "value"),
    "pair": ("key", "value"),
    "field_definition": ("property", "value"),
    "public_field_definition": ("name", "value"),
    "assignment_expression": ("left", "right"),
}
"""What may bind a function to a name in JavaScript: the fields of both."""
_FUNCTIONS = frozenset(
    ("arrow_function", "function_expression", "generator_function", "class")
)
_PLAIN_NAME = re.compile(rb"#?[\w$]+(?:\.[\w$]+)*")
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
    return tuple(_walk(parser.parse(content).root_node))


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


def _walk(root: Any) -> Iterator[Symbol]:  # noqa: ANN401 - as above
    """Named nodes from top to bottom; long chains of operators are deep trees."""
    waiting = [(child, 0) for child in reversed(root.children)]
    while waiting:
        node, depth = waiting.pop()
        name = _name_of(node)
        if name is not None:
            text = name.text.decode("utf-8", "replace")
            yield Symbol(text, node.start_point[0] + 1, node.end_point[0] + 1)
        deeper = depth + (node.type in _NAMED)
        if deeper < _DEEPEST:
            waiting.extend((child, deeper) for child in reversed(node.children))


def _name_of(node: Any) -> Any:  # noqa: ANN401 - as above
    """The node that names what a node defines; None where it defines nothing."""
    if node.type in _NAMED:
        return node.child_by_field_name("name")
    if node.type not in _BOUND:
        return None
    name, value = map(node.child_by_field_name, _BOUND[node.type])
    if name is None or value is None or value.type not in _FUNCTIONS:
        return None
    return name if _PLAIN_NAME.fullmatch(name.text) else None


def _headings(content: bytes) -> Iterator[Symbol]:
    found = list(_HEADING.finditer(content))
    lines = [content.count(b"\n", 0, match.start()) + 1 for match in found]
    ends = [line - 1 for line in lines[1:]] + [content.count(b"\n") + 1]
    for match, first, last in zip(found, lines, ends, strict=False):
        yield Symbol(match[1].decode("utf-8", "replace"), first, max(first, last))
