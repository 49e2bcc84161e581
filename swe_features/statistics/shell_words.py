"""The simple commands in a line of shell, as far as they can be read without running.

`grep curl docs | head` is a `grep` and a `head`, and no `curl`: what a command is told
to look for is not what it does. Variables and aliases are not followed.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

__all__ = ["SimpleCommand", "read_commands"]

DEEPEST = 4
"""Shells within shells that are followed."""

_HEREDOC = re.compile(
    r"^(?P<line>[^\n]*<<-?[ \t]*(?P<quote>['\"]?)(?P<end>\w+)(?P=quote)[^\n]*)\n"
    r"(?P<body>.*?)^[ \t]*(?P=end)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_SUBSTITUTION = re.compile(r"\$\(([^()]*(?:\([^()]*\)[^()]*)*)\)|`([^`]*)`")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_SEPARATORS = "();<>|&\n"
_SHELLS = frozenset({"bash", "sh", "zsh", "dash"})
_INTERPRETERS = frozenset({"python", "python3", "node", "ruby", "perl"})
_PREFIXES = frozenset(
    {
        *("sudo", "env", "nohup", "time", "exec", "command", "nice", "timeout"),
        *("xargs", "stdbuf", "then", "do", "else", "if", "while", "until", "!", "{"),
    }
)
_NUMBER = re.compile(r"\d+[smhd]?")


@dataclass(frozen=True, slots=True)
class SimpleCommand:
    """One program that is run."""

    name: str
    """Without its folder."""
    words: tuple[str, ...]
    """Its arguments, unquoted."""
    code: str = ""
    """Program text that an interpreter is handed on the command line."""


def read_commands(text: str, depth: int = 0) -> Iterator[SimpleCommand]:
    """The commands of a text, those in substitutions and inner shells included."""
    if depth > DEEPEST:
        return
    for match in _HEREDOC.finditer(text):
        yield from _read_heredoc(match["line"], match["body"], depth)
    text = _HEREDOC.sub(lambda match: match["line"], text)
    for match in _SUBSTITUTION.finditer(text):
        yield from read_commands(match[1] or match[2] or "", depth + 1)
    for words in _split(text):
        yield from _read(words, depth)


def _read_heredoc(line: str, body: str, depth: int) -> Iterator[SimpleCommand]:
    """What a here-document says, where a program is to run it."""
    before, _, _ = line.partition("<<")
    readers = list(read_commands(before, depth + 1))
    if not readers:
        return
    reader = readers[-1].name
    if reader in _SHELLS:
        yield from read_commands(body, depth + 1)
    elif _base(reader) in _INTERPRETERS:
        yield SimpleCommand(reader, (), code=body)


def _split(text: str) -> list[list[str]]:
    """Words of each simple command; a text with open quotes is split roughly."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=_SEPARATORS)
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        tokens = list(lexer)
    except ValueError:
        return [part.split() for part in re.split(r"[();<>|&\n]+", text)]
    commands: list[list[str]] = [[]]
    skips_file = False
    for token in tokens:
        if token and not token.strip(_SEPARATORS):
            # What follows < and > is a file, and the command goes on after it.
            skips_file = "<" in token or (">" in token and "(" not in token)
            if not skips_file:
                commands.append([])
        elif skips_file:
            skips_file = False
        else:
            commands[-1].append(token)
    return commands


def _read(words: list[str], depth: int) -> Iterator[SimpleCommand]:
    rest = _without_prefixes(words)
    if not rest:
        return
    name, arguments = PurePosixPath(rest[0]).name, rest[1:]
    if name == "eval":
        yield from read_commands(" ".join(arguments), depth + 1)
        return
    inner = _inline(arguments)
    if name in _SHELLS and inner is not None:
        yield from read_commands(inner, depth + 1)
        return
    is_interpreter = _base(name) in _INTERPRETERS and inner is not None
    yield SimpleCommand(name, tuple(arguments), inner or "" if is_interpreter else "")


def _without_prefixes(words: list[str]) -> list[str]:
    """Words from the program on, without assignments, wrappers and their options."""
    is_wrapped = False
    for place, word in enumerate(words):
        if word in _PREFIXES:
            is_wrapped = True
        elif _ASSIGNMENT.match(word):
            continue
        elif not is_wrapped or not (word.startswith("-") or _NUMBER.fullmatch(word)):
            return words[place:]
    return []


def _inline(arguments: list[str]) -> str | None:
    """The program text after `-c`, `-lc` or `-e`."""
    for option, text in pairwise(arguments):
        if re.fullmatch(r"-[a-z]*[ce]", option):
            return text
    return None


def _base(name: str) -> str:
    return re.sub(r"[\d.]+$", "", name) or name
