"""Which names some lines define, told from how languages write it."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

__all__ = ["defined_names"]

_BEFORE = (
    r"(?:(?:module\.)?exports[ \t]*=[ \t]*)?"
    r"(?:(?:export|default|declare|async|public|private|protected|internal|static"
    r"|abstract|override|readonly|final|open|unsafe|suspend|pub(?:\([\w: ]+\))?"
    r"|const(?=[ \t]+(?:fn|enum)\b))[ \t]+)*"
)
_NAME = r"(?!(?:extends|implements)\b|(?:enum|fn|class)[ \t]+\w)([^\W\d]\w*)"
_BRACKETS = r"\((?:[^()\n]|\([^()\n]*\))*\)"
_KEYWORD = (
    rf"^[ \t]*{_BEFORE}(?:def|class|function[ \t]*\*?|func|fun|fn|interface|type|enum"
    r"|struct|trait|namespace|const|macro_rules!)[ \t]+"
    rf"\*?(?:\([^)\n]*\)[ \t]*)?{_NAME}"
)
_BOUND = (
    # `res.send = function`, `let send = async () =>`, `send: x =>`
    rf"^[ \t]*{_BEFORE}(?:(?:let|var)[ \t]+)?(?:[\w$]+\.)*(?!exports\b)([^\W\d]\w*)"
    r"(?:[ \t]*:[^=\n]+)?[ \t]*[=:][ \t]*(?:async[ \t]+)?"
    rf"(?:function\b|(?:<[^<>\n]*>)?{_BRACKETS}[ \t]*(?::[^{{}}=\n]+)?=>|\w+[ \t]*=>)"
)
_METHOD = (
    r"^[ \t]+(?:(?:async|static|get|set|public|private|protected|override)[ \t]+|\*)*"
    r"(?!(?:if|for|while|switch|catch|with|return|function)\b)"
    rf"#?([^\W\d]\w*)(?:<[^<>\n]*>)?{_BRACKETS}[ \t]*(?::[^{{}}=\n]+)?\{{[ \t\r]*$"
)
_TYPED_METHOD = (
    r"^[ \t]+(?:(?:public|private|protected|internal|static|final|override|virtual"
    rf"|async)[ \t]+)+[\w<>\[\],.?]+[ \t]+([^\W\d]\w*){_BRACKETS}[^;=\n]*\{{[ \t\r]*$"
)
"""As Java and C# have it: what it returns stands before its name."""
_OPTION = r"[\"'](?:-\w,?[ \t]*)?(--[a-z][\w-]+)"
_MACRO = r"^[ \t]*#define[ \t]+(\w+)"
_CODE = re.compile(
    "|".join((_KEYWORD, _OPTION, _BOUND, _METHOD, _TYPED_METHOD, _MACRO)), re.M
)
_HEADING = re.compile(
    r"^#{1,4}[ \t]+(.+)$|^(?=[^\n]*\w)([^\n]+)\n([=~^\"*+#-])\3{2,}[ \t\r]*$", re.M
)
"""Of Markdown, and of reStructuredText, which underlines them."""
_MARKUP = frozenset((".md", ".mdx", ".markdown", ".qmd", ".rst", ".txt", ".adoc"))


def defined_names(text: str, path: str) -> Iterator[str]:
    """Functions, classes, types, options of a command line; headings of pages.

    Args:
        text: Some lines of a file.
        path: Which file, whose suffix tells pages from code.
    """
    for groups in _CODE.findall(text):
        yield from filter(None, groups)
    if PurePosixPath(path).suffix.lower() in _MARKUP:
        for markdown, underlined, _ in _HEADING.findall(text):
            yield markdown or underlined
