"""The test phase without a language model: look, answer, look closer, submit.

Each step answers as well as it can and asks for what would help most. What c' has told
need not be asked for, so that fewer steps remain to be made; where an index has read
every word already, a step looks for what goes by the name of one candidate.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from agent.messages import ToolCall
from agent.offline.commands import (
    Looks,
    count_changes,
    count_companions,
    find_changes,
    list_named,
    mark_files,
    search_term,
)
from agent.offline.evidence import (
    read_counts,
    read_likely,
    read_log,
    read_pulls,
    read_term_hits,
)
from agent.offline.notes import Notes, read_notes
from agent.offline.ranking import Evidence, choose_files, rank_files
from agent.offline.terms import named_paths, weigh_terms
from agent.offline.transcript import Exchange, Transcript

__all__ = ["choose_step"]

_TERMS_A_STEP = 6
_CLOSER_LOOKS = 3
"""Candidates that are looked at closer in one step."""
_ABSENT = re.compile(r"^Not a file of this repository, so left out: (.+?)(?: \(|$)")


def choose_step(
    transcript: Transcript, *, seed: int, is_editing: bool = False
) -> list[ToolCall]:
    """The calls of the next step of a test phase.

    Args:
        transcript: Of the phase so far.
        seed: Decides ties.
        is_editing: Whether the answer is what was modified, and not what was declared.
    """
    evidence = _gather(transcript)
    ranked = rank_files(evidence, seed=seed)
    answer = choose_files(ranked, evidence.likely)
    looks = Looks(transcript.exchanges)
    steps_left = transcript.budget - transcript.steps_used
    if steps_left > 1:
        best = [path for path, _ in ranked[:_CLOSER_LOOKS]]
        for calls in _plan(looks, evidence, best):
            fresh = _not_made_yet(calls, transcript.exchanges)
            if fresh:
                stated = () if is_editing else _propose(looks, transcript, answer)
                return [*stated, *fresh]
    if is_editing:
        marked = mark_files(looks, answer, evidence.title)
        return [*marked, looks.call("submit")]
    if not answer or list(answer) == _stated(transcript):
        return [looks.call("submit")]
    return [looks.call("submit", files=list(answer))]


def _plan(
    looks: Looks, evidence: Evidence, best: Sequence[str]
) -> Iterator[list[ToolCall]]:
    """What to look at, the most telling first."""
    namesakes = [list_named(looks, PurePosixPath(path).stem) for path in best]
    if evidence.likely:
        yield from ([call] for call in namesakes)
        return
    terms = list(evidence.terms)
    batches = [
        [search_term(looks, term) for term in terms[start : start + _TERMS_A_STEP]]
        for start in range(0, len(terms), _TERMS_A_STEP)
    ]
    history = [count_changes(looks), find_changes(looks, terms[:_TERMS_A_STEP])]
    has_learned = bool(evidence.notes.files)
    yield batches[0] if batches else history
    if not has_learned:
        yield history
    yield namesakes
    if not has_learned:
        yield [count_companions(looks, path) for path in best]
        yield from batches[1:3]


def _not_made_yet(
    calls: Sequence[ToolCall], exchanges: Sequence[Exchange]
) -> list[ToolCall]:
    made = [(exchange.call.name, exchange.call.arguments) for exchange in exchanges]
    return [call for call in calls if (call.name, call.arguments) not in made]


def _propose(
    looks: Looks, transcript: Transcript, answer: tuple[str, ...]
) -> list[ToolCall]:
    """State the answer so far, unless it is what was stated last."""
    if not answer or list(answer) == _stated(transcript):
        return []
    return [looks.call("propose_files", files=list(answer))]


def _stated(transcript: Transcript) -> list[str] | None:
    """The last proposal, which is scored if nothing replaces it."""
    stated = [
        list(exchange.call.arguments["files"])
        for exchange in transcript.exchanges
        if exchange.call.name == "propose_files"
    ]
    return stated[-1] if stated else None


def _gather(transcript: Transcript) -> Evidence:
    """All that the conversation says so far."""
    task = transcript.parts[0]
    texts = {block.name: block.text for block in task.blocks}
    # The target's own title and body come last, after those of related ones.
    title, body = texts.get("title", ""), texts.get("body", "")
    exchanges = transcript.exchanges
    return Evidence(
        title=title,
        terms=weigh_terms(title, body),
        named=named_paths(f"{title}\n{body}"),
        hits=read_term_hits(exchanges),
        log=[c for text in _outputs(exchanges, "--grep") for c in read_log(text)],
        related=read_pulls(task),
        often=_first_counts(exchanges),
        companions=_read_companions(exchanges),
        likely=read_likely(task.blocks),
        notes=_read_learned(transcript),
        listed=_read_listed(exchanges),
        absent=_read_absent(exchanges),
    )


def _read_learned(transcript: Transcript) -> Notes:
    texts = {block.name: block.text for block in transcript.background}
    learned = texts.get("learned_context")
    return read_notes(learned) if learned is not None else Notes()


def _outputs(exchanges: Sequence[Exchange], mark: str) -> list[str]:
    """What commands with this mark printed."""
    return [
        exchange.observation
        for exchange in exchanges
        if exchange.call.name == "run_command"
        and mark in str(exchange.call.arguments["command"])
    ]


def _first_counts(exchanges: Sequence[Exchange]) -> Mapping[str, int]:
    outputs = _outputs(exchanges, "-n 300 --format= ")
    return read_counts(outputs[0]) if outputs else {}


def _read_companions(exchanges: Sequence[Exchange]) -> dict[str, dict[str, float]]:
    companions = {}
    for text in _outputs(exchanges, "--full-diff"):
        counts = read_counts(text)
        if not counts:
            continue
        # The file itself is in each of its changes, so it is the most frequent.
        path, most = max(counts.items(), key=lambda item: item[1])
        companions[path] = {
            other: count / most for other, count in counts.items() if other != path
        }
    return companions


def _read_absent(exchanges: Sequence[Exchange]) -> frozenset[str]:
    return frozenset(
        found.group(1)
        for exchange in exchanges
        if exchange.call.name == "propose_files"
        for line in exchange.observation.split("\n")
        if (found := _ABSENT.match(line))
    )


def _read_listed(exchanges: Sequence[Exchange]) -> frozenset[str]:
    return frozenset(
        line
        for exchange in exchanges
        if exchange.call.name == "list_files"
        for line in exchange.observation.split("\n")[1:]
    )
