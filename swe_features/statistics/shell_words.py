"""The simple commands in a line of shell, as far as they can be read without running.

`grep curl docs | head` is a `grep` and a `head`, and no `curl`: what a command is told
to look for is not what it does. Variables and aliases are not followed.
"""

import re
import shlex
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

__all__ = ["SimpleCommand", "read_commands"]

DEEPEST = 4
"""Shells within shells that are followed."""

LONGEST = 100_000
"""Characters that are split as a shell would; a longer text is split roughly, as the
time for one long word grows with its square."""

_HEREDOC = re.compile(r"(?<!<)<<-?[ \t]*(?P<quote>['\"]?)(?P<end>\w+)(?P=quote)")
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
    text, heredocs = _take_heredocs(text)
    for line, bodies in heredocs:
        yield from _read_heredocs(line, bodies, depth)
    for match in _SUBSTITUTION.finditer(text):
        yield from read_commands(match[1] or match[2] or "", depth + 1)
    for words in _split(text):
        yield from _read(words, depth)


def _take_heredocs(text: str) -> tuple[str, list[tuple[str, list[str]]]]:
    """A text without its here-documents, and these by the line that begins them."""
    lines = text.split("\n")
    ends: dict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        ends[line.strip(" \t")].append(number)
    kept: list[str] = []
    found: list[tuple[str, list[str]]] = []
    place = 0
    while place < len(lines):
        line = lines[place]
        place += 1
        bodies = []
        for match in _HEREDOC.finditer(line):
            marks = ends.get(match["end"], [])
            later = bisect_left(marks, place)
            if later < len(marks):
                bodies.append("".join(f"{x}\n" for x in lines[place : marks[later]]))
                place = marks[later] + 1
        kept.append(line)
        if bodies:
            found.append((line, bodies))
    return "\n".join(kept), found


def _read_heredocs(line: str, bodies: list[str], depth: int) -> Iterator[SimpleCommand]:
    """What here-documents say, where a program is to run them."""
    before, _, _ = line.partition("<<")
    readers = list(read_commands(before, depth + 1))
    if not readers:
        return
    reader = readers[-1].name
    for body in bodies:
        if reader in _SHELLS:
            yield from read_commands(body, depth + 1)
        elif _base(reader) in _INTERPRETERS:
            yield SimpleCommand(reader, (), code=body)


def _split(text: str) -> list[list[str]]:
    """Words of each simple command; one with open quotes, or huge, is split roughly."""
    if len(text) > LONGEST:
        return _split_roughly(text)
    lexer = shlex.shlex(text, posix=True, punctuation_chars=_SEPARATORS)
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        tokens = list(lexer)
    except ValueError:
        return _split_roughly(text)
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


def _split_roughly(text: str) -> list[list[str]]:
    return [part.split() for part in re.split(r"[();<>|&\n]+", text)]


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
    """A program's name without its version: `python3.11` is a `python`."""
    return name.rstrip("0123456789.") or name
