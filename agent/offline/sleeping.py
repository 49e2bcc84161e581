"""The sleep phase without a language model: read the past, write down what it shows."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import log, sqrt

from agent.code_tokens import telling_words
from agent.messages import ToolCall
from agent.offline.commands import Looks, count_companions, list_changes
from agent.offline.evidence import Change, read_log, read_pulls
from agent.offline.notes import Notes, write_notes
from agent.offline.ranking import kind_factor
from agent.offline.terms import stem
from agent.offline.transcript import Exchange, Transcript

__all__ = ["choose_step"]

_PAGES = 8
_PAGE_SIZE = 50
_STUDIED_FILES = 4
"""Files of a pull request whose companions are asked for."""
_NOTED_FILES = 40
_NOTED_GROUPS = 15
_NOTED_COMPANIONS = 5
_NOTED_WORDS = 70
_FILES_A_WORD = 4
_PULL_WEIGHT = 6.0
"""Commits that one related pull request counts as much as."""
_USUAL_FILES = 5
_FEWEST_CHANGES = 2
_MOST_COMMON_SHARE = 0.3
"""Words of more changes than this share point nowhere."""


def choose_step(transcript: Transcript, *, notes_limit: int) -> list[ToolCall]:
    """The calls of the next step of a sleep phase.

    Args:
        transcript: Of the phase so far.
        notes_limit: Characters that the memory block can take.
    """
    looks = Looks(transcript.exchanges)
    part = transcript.parts[-1]
    if part.steps == 0 and transcript.budget > 1:
        calls = _explore(looks, transcript)
        if calls:
            return calls
    pulls = [pull for each in transcript.parts for pull in read_pulls(each)]
    text = write_notes(
        _take_notes(pulls, _read_past(transcript.exchanges)), limit=notes_limit
    )
    return [
        looks.call(
            "rethink_memory",
            new_memory=text or "Nothing was found that is worth keeping.",
            target_block_label="learned_context",
            source_block_label=f"pull_request_{len(transcript.parts)}",
        ),
        looks.call("finish_rethinking_memory"),
    ]


def _explore(looks: Looks, transcript: Transcript) -> list[ToolCall]:
    """Read the history once, and what the pull request's files changed with."""
    calls = []
    if len(transcript.parts) == 1:
        calls += [
            list_changes(looks, page=page, size=_PAGE_SIZE) for page in range(_PAGES)
        ]
    for pull in read_pulls(transcript.parts[-1]):
        likely = sorted(pull.files, key=lambda path: -kind_factor(path))
        calls += [count_companions(looks, path) for path in likely[:_STUDIED_FILES]]
    return calls


def _read_past(exchanges: Sequence[Exchange]) -> list[Change]:
    """Every past change that was listed, newest first."""
    return [
        change
        for exchange in exchanges
        if exchange.call.name == "run_command"
        and "--skip" in str(exchange.call.arguments["command"])
        for change in read_log(exchange.observation)
    ]


def _take_notes(pulls: Sequence[Change], past: Sequence[Change]) -> Notes:
    weighted = [(pull, _PULL_WEIGHT) for pull in pulls]
    weighted += [
        (change, 0.5 + 0.5 * (1 - i / len(past))) for i, change in enumerate(past)
    ]
    return Notes(
        pulls=tuple(
            f"{pull.text.partition(chr(10))[0]}: {', '.join(pull.files[:12])}"
            for pull in pulls
        ),
        files=_weigh_files(weighted),
        companions=_weigh_companions(weighted),
        words=_weigh_words(weighted),
    )


def _weigh_files(changes: Sequence[tuple[Change, float]]) -> dict[str, float]:
    counts: dict[str, float] = defaultdict(float)
    for change, weight in changes:
        for path in change.files:
            counts[path] += weight * _focus(change)
    best = max(counts.values(), default=1.0)
    return {path: count / best for path, count in _largest(counts, _NOTED_FILES)}


def _weigh_companions(
    changes: Sequence[tuple[Change, float]],
) -> dict[str, dict[str, float]]:
    alone: dict[str, float] = defaultdict(float)
    together: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for change, weight in changes:
        for path in change.files:
            alone[path] += weight
            for other in change.files:
                if other != path:
                    together[path][other] += weight * _focus(change)
    return {
        path: {
            other: count / (alone[path] + 1)
            for other, count in _largest(together[path], _NOTED_COMPANIONS)
        }
        for path, _ in _largest(alone, _NOTED_GROUPS)
        if together[path]
    }


def _weigh_words(
    changes: Sequence[tuple[Change, float]],
) -> dict[str, dict[str, float]]:
    """For the words that tell most: the files whose changes they described."""
    frequency: Counter[str] = Counter()
    files: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for change, weight in changes:
        for word in {stem(word) for word in telling_words(change.text)}:
            frequency[word] += 1
            for path in change.files:
                files[word][path] += weight * _focus(change)
    most = max(2.0, _MOST_COMMON_SHARE * len(changes))
    telling = {
        word: log(len(changes) / count) * sqrt(count)
        for word, count in frequency.items()
        if _FEWEST_CHANGES <= count <= most
    }
    chosen = [word for word, _ in _largest(telling, _NOTED_WORDS)]
    return {
        word: {
            path: min(0.99, count / (frequency[word] + 1))
            for path, count in _largest(files[word], _FILES_A_WORD)
        }
        for word in sorted(chosen)
    }


def _focus(change: Change) -> float:
    """How much a change says about each of its files: sweeping ones say little."""
    return 1 / max(1.0, len(change.files) / _USUAL_FILES)


def _largest(counts: Mapping[str, float], limit: int) -> list[tuple[str, float]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]
