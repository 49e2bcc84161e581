"""The lines of a file that a query is about, and the symbols they belong to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.localizer.git import run_git
from agent.localizer.query import Query
from agent.localizer.symbols import Symbol, find_symbols
from agent.localizer.tokens import IDENTIFIER, terms_of

__all__ = ["Excerpt", "best_excerpt", "read_excerpts"]

_WINDOW = 30
_STEP = 10
_LONGEST_FILE = 400_000


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A range of lines, both ends included, counted from 1."""

    first_line: int
    last_line: int
    symbols: tuple[str, ...]
    """Functions and classes in the range that speak of the query, outermost first."""


def read_excerpts(
    repo: Path, commit: str, paths: Sequence[str], query: Query
) -> Mapping[str, Excerpt]:
    """The best excerpt of each file in which something matches."""
    found = {}
    for path, content in _read_files(repo, commit, paths).items():
        excerpt = best_excerpt(path, content, query)
        if excerpt is not None:
            found[path] = excerpt
    return found


def best_excerpt(path: str, content: bytes, query: Query) -> Excerpt | None:
    """The symbol, or else the window of lines, with the most of the query in it."""
    if len(content) > _LONGEST_FILE or b"\0" in content:
        return None
    lines = content.decode("utf-8", "replace").removesuffix("\n").split("\n")
    matched = _matched_terms(lines, query)
    spread: dict[str, int] = {}
    for terms in matched:
        for term in terms:
            spread[term] = spread.get(term, 0) + 1
    value = {term: query.terms[term] / (1 + count) for term, count in spread.items()}
    symbols = find_symbols(path, content)
    ranges = [(one.first_line, one.last_line) for one in symbols]
    ranges = [(first, last) for first, last in ranges if last - first < 4 * _WINDOW]
    ranges += [
        (first, min(first + _WINDOW - 1, len(lines)))
        for first in range(1, len(lines) + 1, _STEP)
    ]
    best, best_score = None, 0.0
    for first, last in ranges:
        present = set().union(*matched[first - 1 : last])
        score = sum(value[term] for term in present) / (last - first + 10) ** 0.25
        if score > best_score:
            best, best_score = (first, last), score
    if best is None:
        return None
    return Excerpt(best[0], best[1], _named_within(symbols, best, query))


def _matched_terms(lines: Sequence[str], query: Query) -> list[set[str]]:
    known: dict[str, set[str]] = {}
    matched = []
    for line in lines:
        terms: set[str] = set()
        for identifier in IDENTIFIER.findall(line[:1000]):
            if identifier not in known:
                known[identifier] = set(terms_of(identifier)) & query.terms.keys()
            terms |= known[identifier]
        matched.append(terms)
    return matched


def _named_within(
    symbols: Sequence[Symbol], lines: tuple[int, int], query: Query
) -> tuple[str, ...]:
    first, last = lines
    inside = [one for one in symbols if one.first_line <= last]
    inside = [one for one in inside if one.last_line >= first]
    spoken = [one for one in inside if query.terms.keys() & set(terms_of(one.name))]
    chosen = spoken or [one for one in inside if one.first_line <= first]
    return tuple(dict.fromkeys(one.name for one in chosen))[:4]


def _read_files(repo: Path, commit: str, paths: Sequence[str]) -> dict[str, bytes]:
    """Contents of the files that can be read."""
    readable = [path for path in paths if "\n" not in path]
    if not readable:
        return {}
    output = run_git(
        repo,
        ("cat-file", "--batch"),
        (f"{commit}:{path}" for path in readable),
    )
    contents = {}
    at = 0
    for path in readable:
        end = output.index(b"\n", at)
        header = output[at:end].split(b" ")
        at = end + 1
        if header[-1].isdigit():
            size = int(header[-1])
            contents[path] = output[at : at + size]
            at += size + 1
    return contents
