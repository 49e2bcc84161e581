"""What kind of change a text asks for, in words that every project uses."""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from agent.localizer.index import Index, Snapshot
from agent.localizer.paths import FileKind
from agent.localizer.query import Query

__all__ = ["add_asking"]

Floats = NDArray[np.float64]

_TOPICS = {
    name: re.compile(rf"\b(?:{words})\b", re.I)
    for name, words in {
        "docs": r"docs?|documentation|docstrings?|jsdoc|readme|tutorials?|guides?"
        r"|examples?",
        "tests": r"tests?|testing|tested|coverage|fixtures?",
        "option": r"options?|flags?|arguments?|args?|cli|command.?line|parameters?"
        r"|settings?",
        "fix": r"fix|fixes|fixed|bugs?|errors?|crash\w*|regressions?|issues?|wrong",
        "remove": r"remov\w*|drop\w*|delet\w*|deprecat\w*",
        "move": r"mov\w*|renam\w*|refactor\w*|reorgani\w*|split\w*|extract\w*",
        "typing": r"typ(?:e|es|ed|ing|ings)|typescript|tsc|mypy|pyright|annotat\w*"
        r"|overloads?",
        "config": r"config\w*|yaml|yml|toml|json|ini|schema|workflows?|ci",
        "deps": r"dependenc\w*|requirements?|packag\w*|versions?|python ?3\S*|upgrad\w*"
        r"|pin(?:ned|s)?|node ?\d\d|npm|yarn|pnpm|lockfiles?",
        "api": r"api|public|interfaces?|protocols?|classes|class|methods?|functions?",
        "new": r"add|adds|added|adding|new|supports?|introduc\w*|implement\w*|allow\w*",
    }.items()
}
_KINDS = (
    ("docs", (FileKind.DOC, FileKind.CHANGELOG)),
    ("tests", (FileKind.TEST,)),
    ("config", (FileKind.CONFIG,)),
    ("deps", (FileKind.REQUIREMENTS,)),
)
_CLOSES = re.compile(r"\b(?:clos|fix|resolv)(?:e|es|ed)?:? +(?:[\w/.-]+)?#\d", re.I)
_NUMBER = re.compile(r"#\d+")
_TICKS = re.compile(r"`[^`\n]+`")


def add_asking(
    index: Index, snapshot: Snapshot, query: Query, signals: dict[str, Floats]
) -> None:
    """Add what the text asks for, alike for every file but for the kinds it names.

    Args:
        index: The past.
        snapshot: The tree that is asked about.
        query: The text.
        signals: What was measured so far; takes the new ones.
    """
    title, body = _topics(query.title), _topics(query.body)
    rows = len(snapshot.candidates)
    for name in _TOPICS:
        signals[f"query.title_{name}"] = np.full(rows, title[name])
        signals[f"query.body_{name}"] = np.full(rows, body[name])
    for name, value in _shape(query).items():
        signals[f"query.{name}"] = np.full(rows, value)
    kind = index.path_kind[snapshot.path[snapshot.candidates]]
    for place, found in (("title", title), ("body", body)):
        named = np.zeros(len(FileKind))
        for topic, kinds in _KINDS:
            named[list(kinds)] = found[topic]
        signals[f"kind.named_in_{place}"] = named[kind]


def _topics(text: str) -> Mapping[str, float]:
    return {name: float(bool(words.search(text))) for name, words in _TOPICS.items()}


def _shape(query: Query) -> Mapping[str, float]:
    """How the text is written, which tells a commit's from a described feature's."""
    lines = sum(bool(line.strip()) for line in query.body.splitlines())
    text = f"{query.title}\n{query.body}"
    return {
        "lines": float(np.log1p(lines)),
        "bare": float(not lines),
        "closes": float(bool(_CLOSES.search(query.body))),
        "refers": float(bool(_NUMBER.search(query.body))),
        "ticks": float(np.log1p(len(_TICKS.findall(text)))),
    }
