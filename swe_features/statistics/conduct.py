"""Rollouts that looked for the future or the network, and the score without them.

A seal that holds makes such looking vain, so this is a witness and no wall: it tells
which scores to distrust, should a seal ever have leaked. It reads commands only, and a
rollout that hides what it runs is not found out.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from swe_features.results import StoredExperiment
from swe_features.statistics.shell_words import SimpleCommand, read_commands

__all__ = ["Suspicion", "find_suspects", "scan_command", "scan_trajectory"]

Kind: TypeAlias = Literal["future", "network"]

_ID = re.compile(r"[0-9a-f]{7,64}")
_REVISION = re.compile(r"([0-9a-f]{7,64})(?=$|[\^~:.@])")
_ELSEWHERE = re.compile(
    r"(^|[\s.^:])((origin|upstream)/|refs/(pull|remotes|merge-requests)/"
    r"|(FETCH_HEAD|ORIG_HEAD|MERGE_HEAD)\b)|@\{"
)
_GIT_FOLDER = re.compile(
    r"(^|/)\.git/(objects|refs|logs|packed-refs|FETCH_HEAD|ORIG_HEAD|index)"
)
_REQUEST = re.compile(
    r"urlopen|urlretrieve|requests\.(get|post|head|put|request|Session)"
    r"|httpx\.(get|post|stream|Client|AsyncClient)|create_connection|http\.client"
    r"|\bfetch\(|Net::HTTP"
)
_OPTIONS_WITH_VALUE = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace"})
_EVERY_REF = frozenset(
    {"--all", "--branches", "--remotes", "--tags", "--reflog", "-g", "--walk-reflogs"}
)
_WALKS = frozenset({"log", "rev-list", "shortlog", "show", "grep", "whatchanged"})
_TAKES_REVISION = _WALKS | {
    *("diff", "checkout", "cat-file", "cherry-pick", "reset", "restore", "switch"),
    *("rev-parse", "ls-tree", "archive", "merge", "rebase", "worktree", "branch"),
    *("show-branch", "name-rev", "describe", "merge-base", "blame", "diff-tree"),
}
_NETWORK_GIT = frozenset({"fetch", "pull", "clone", "ls-remote", "push"})
_NETWORK_GIT_PAIRS = {("remote", "update"), ("remote", "add"), ("submodule", "update")}
_LISTS_OBJECTS = frozenset({"reflog", "fsck", "for-each-ref", "unbundle"})
_NETWORK_PROGRAMS = frozenset(
    {
        *("curl", "wget", "gh", "hub", "glab", "ssh", "scp", "sftp", "nc", "ncat"),
        *("netcat", "telnet", "ftp", "aria2c", "lynx", "w3m", "ping", "dig"),
        *("nslookup", "npx", "http", "https"),
    }
)
_INSTALLERS: Mapping[str, frozenset[str]] = {
    "pip": frozenset({"install", "download", "index"}),
    "pip3": frozenset({"install", "download", "index"}),
    "uv": frozenset({"add", "sync", "pip", "tool"}),
    "poetry": frozenset({"add", "install", "update"}),
    "conda": frozenset({"install", "create", "update"}),
    "npm": frozenset({"install", "i", "ci", "add", "view"}),
    "yarn": frozenset({"install", "add"}),
    "pnpm": frozenset({"install", "add"}),
    "apt": frozenset({"install", "update"}),
    "apt-get": frozenset({"install", "update"}),
    "apk": frozenset({"add", "update"}),
    "go": frozenset({"get", "install"}),
    "cargo": frozenset({"install", "add", "fetch", "update"}),
    "gem": frozenset({"install"}),
}


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One command that looked where a rollout must not."""

    kind: Kind
    why: str
    command: str
    """The whole command as the agent gave it."""
    step: int


def find_suspects(experiment: StoredExperiment) -> dict[str, tuple[Suspicion, ...]]:
    """The cells whose rollout, or whose sleep phase, is suspicious, by `cell_id`.

    What cannot be read is passed over; a report names it.
    """
    asleep: dict[str, tuple[Suspicion, ...]] = {}
    suspects = {}
    for result in experiment.results.values():
        found = scan_trajectory(experiment.recording(result).events)
        for key in result.contexts:
            if key not in asleep:
                asleep[key] = scan_trajectory(experiment.context_recording(key).events)
            found += asleep[key]
        if found:
            suspects[result.cell_id] = found
    return suspects


def scan_trajectory(
    events: Iterable[Mapping[str, Any]],
    *,
    is_ancestor: Callable[[str], bool] | None = None,
) -> tuple[Suspicion, ...]:
    """Find the suspicious commands of one attempt.

    Args:
        events: As a trajectory holds them. Any: JSON values.
        is_ancestor: Whether an id is one of the base commit's ancestors; None takes
            every id for one that the rollout has been shown before it used it.
    """
    shown: set[str] = set()

    def is_known(revision: str) -> bool:
        if is_ancestor is not None:
            return is_ancestor(revision)
        return any(seen.startswith(revision) for seen in shown)

    found = []
    for event in events:
        data = event["data"]
        if event["kind"] == "tool_call":
            arguments = data.get("arguments")
            command = arguments.get("command") if isinstance(arguments, dict) else None
            if isinstance(command, str):
                step = int(data.get("step") or 0)
                found += [
                    Suspicion(kind, why, command, step)
                    for kind, why in scan_command(command, is_known)
                ]
        elif is_ancestor is None:
            texts = (data.get(key) for key in ("text", "content", "commit"))
            if event["kind"] in {"observation", "message", "phase"}:
                known = (text for text in texts if isinstance(text, str))
                shown.update(_ID.findall(" ".join(known)))
    return tuple(found)


def scan_command(
    command: str, is_known: Callable[[str], bool]
) -> list[tuple[Kind, str]]:
    """What is suspicious about one command, each reason once."""
    found = [each for c in read_commands(command) for each in _judge(c, is_known)]
    return list(dict.fromkeys(found))


def _judge(
    command: SimpleCommand, is_known: Callable[[str], bool]
) -> Iterator[tuple[Kind, str]]:
    name, words = command.name, command.words
    if name == "git":
        yield from _judge_git(words, is_known)
        return
    if name.startswith("python") and words[:2] in {("-m", "pip"), ("-m", "pip3")}:
        name, words = "pip", words[2:]
    if name in _NETWORK_PROGRAMS:
        yield "network", f"runs {name}"
    if name in _INSTALLERS and "--no-index" not in words:
        verb = next((word for word in words if not word.startswith("-")), "")
        if verb in _INSTALLERS[name]:
            yield "network", f"runs {name} {verb}"
    if _REQUEST.search(command.code):
        yield "network", f"asks the network from {name}"
    if any(_GIT_FOLDER.search(word) for word in words):
        yield "future", "reads git's own files"


def _judge_git(
    words: tuple[str, ...], is_known: Callable[[str], bool]
) -> Iterator[tuple[Kind, str]]:
    verb, rest = _verb(words)
    options = set(rest)
    reasons: tuple[tuple[bool, Kind, str], ...] = (
        (
            verb in _NETWORK_GIT or (verb, *rest[:1]) in _NETWORK_GIT_PAIRS,
            "network",
            f"runs git {verb}",
        ),
        (
            verb in _WALKS and (bool(_EVERY_REF & options) or _has(rest, "--glob=")),
            "future",
            f"runs git {verb} over every ref",
        ),
        (
            verb in {"log", "rev-list"} and (_has(rest, "-S") or _has(rest, "-G")),
            "future",
            f"searches the history with git {verb} -S",
        ),
        (
            verb == "branch" and bool({"-a", "-r", "--all", "--remotes"} & options),
            "future",
            "lists other branches",
        ),
        (verb in _LISTS_OBJECTS, "future", f"runs git {verb}"),
        ("--batch-all-objects" in options, "future", "lists every object"),
    )
    yield from ((kind, why) for applies, kind, why in reasons if applies)
    if verb in _TAKES_REVISION:
        yield from _judge_revisions(rest, is_known)


def _judge_revisions(
    words: tuple[str, ...], is_known: Callable[[str], bool]
) -> Iterator[tuple[Kind, str]]:
    before_paths = words[: words.index("--")] if "--" in words else words
    for word in before_paths:
        if _ELSEWHERE.search(word):
            yield "future", f"names {word}"
        for match in _REVISION.finditer(word):
            is_start = match.start() == 0 or word[match.start() - 1] in ".^"
            if is_start and not is_known(match[1]):
                yield "future", f"names the unknown commit {match[1]}"


def _verb(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The git command and its arguments, after git's own options."""
    place = 0
    while place < len(words) and words[place].startswith("-"):
        place += 2 if words[place] in _OPTIONS_WITH_VALUE else 1
    return (words[place], words[place + 1 :]) if place < len(words) else ("", ())


def _has(words: Iterable[str], prefix: str) -> bool:
    return any(word.startswith(prefix) for word in words)
