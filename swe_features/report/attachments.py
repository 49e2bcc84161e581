"""The large texts of a report: trajectories and learned contexts, compressed.

A report must open at once however many cells it has, so these are unpacked by the page
only when somebody looks. Texts that occur again (a prompt is in every trajectory of an
instance) are stored once.
"""

import base64
import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from agent.errors import LearnedContextError
from agent.learned_context import LearnedContext
from swe_features.cell_results import CellResult
from swe_features.report.evidence import context_keys, tokens_of
from swe_features.results import StoredExperiment

__all__ = [
    "Texts",
    "attach_contexts",
    "attach_trajectories",
    "find_context",
    "find_trajectories",
    "name_unreadable",
    "steps_of",
]

DAMAGED = "its file is damaged"
TEXT_CHARACTERS = 20_000
"""Of one text of a trajectory; longer ones are cut in the middle, and say so."""


class Texts:
    """Texts by number, each stored once."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text, which is cut if it is very long."""
        text = _cut(text)
        if text not in self._numbers:
            self._numbers[text] = len(self.all)
            self.all.append(text)
        return self._numbers[text]


def _cut(text: str) -> str:
    if len(text) <= TEXT_CHARACTERS:
        return text
    half = TEXT_CHARACTERS // 2
    rest = len(text) - 2 * half
    return f"{text[:half]}\n[{rest:,} characters left out here]\n{text[-half:]}"


def attach_trajectories(experiment: StoredExperiment) -> Iterator[tuple[str, str]]:
    """The trajectories of each instance: its id, and the packed text."""
    by_instance: dict[str, list[CellResult]] = {}
    for _, result in experiment.cells_with_results():
        if result is not None and result.trajectory is not None:
            by_instance.setdefault(result.instance_id, []).append(result)
    for instance_id, results in by_instance.items():
        yield instance_id, _pack_trajectories(experiment, results)


def find_trajectories(experiment: StoredExperiment, instance_id: str) -> str | None:
    """The packed trajectories of one instance; None where there is none."""
    results = [
        result
        for result in experiment.results.values()
        if result.instance_id == instance_id and result.trajectory is not None
    ]
    return _pack_trajectories(experiment, results) if results else None


def _pack_trajectories(
    experiment: StoredExperiment, results: Iterable[CellResult]
) -> str:
    texts = Texts()
    read = {result.cell_id: experiment.recording(result) for result in results}
    found = {cell_id: steps_of(each.events, texts) for cell_id, each in read.items()}
    problems = {name: each.problem for name, each in read.items() if each.problem}
    return _pack({"texts": texts.all, "trajectories": found, "problems": problems})


def attach_contexts(experiment: StoredExperiment) -> Iterator[tuple[str, str]]:
    """Each learned context that a result names: its key, and the packed text."""
    for key in _keys(experiment):
        packed = find_context(experiment, key)
        if packed is not None:
            yield key, packed


def find_context(experiment: StoredExperiment, key: str) -> str | None:
    """A learned context with its revisions and the trajectory of its sleep phase.

    None where no result names the key, or nothing is stored for it.
    """
    try:
        learned = experiment.context(key) if key in _keys(experiment) else None
    except LearnedContextError:
        return _pack({"problem": DAMAGED})
    if learned is None:
        return None
    texts = Texts()
    read = experiment.context_recording(key)
    record = {
        **_context(learned),
        "trajectory": steps_of(read.events, texts),
        "trajectory_problem": read.problem,
        "texts": texts.all,
    }
    return _pack(record)


def name_unreadable(experiment: StoredExperiment) -> Iterator[str]:
    """What is damaged or missing, and so left out, each in a sentence."""
    for result in experiment.results.values():
        problem = experiment.recording(result).problem
        if problem:
            yield (
                f"The trajectory of cell {result.cell_id} is left out, and was not "
                f"scanned: {problem}."
            )
    for key in _keys(experiment):
        problem = experiment.context_recording(key).problem
        if problem:
            yield f"The sleep phase of context {key[:12]} is left out: {problem}."
        try:
            experiment.context(key)
        except LearnedContextError:
            yield f"Learned context {key[:12]} is left out: {DAMAGED}."


def _keys(experiment: StoredExperiment) -> dict[str, None]:
    results = experiment.results.values()
    return dict.fromkeys(key for result in results for key in context_keys(result))


def _context(learned: LearnedContext) -> dict[str, Any]:
    return {
        "text": learned.text,
        "repo": learned.repo,
        "commit": learned.commit,
        "related": list(learned.related),
        "model": learned.model,
        "tokens": tokens_of(asdict(learned.usage)),
        "seconds": round(learned.duration_s, 3),
        "revisions": [
            {
                "text": revision.text,
                "pr_number": revision.pr_number,
                "tokens": tokens_of(asdict(revision.usage)),
            }
            for revision in learned.revisions
        ],
    }


def steps_of(events: Iterable[Mapping[str, Any]], texts: Texts) -> list[dict[str, Any]]:
    """A trajectory as the page shows it: small entries, texts by number.

    Any: JSON values. An event of a kind that is not known is shown as it is.
    """
    entries = []
    started_at = None
    for event in events:
        at_s = float(event.get("at_s") or 0.0)
        started_at = at_s if started_at is None else started_at
        data = event.get("data") or {}
        entry = _entry(str(event.get("kind")), data, texts)
        if entry is not None:
            entry["step"] = data.get("step")
            entry["at"] = round(at_s - started_at, 3)
            entries.append(entry)
    return entries


def _entry(kind: str, data: Mapping[str, Any], texts: Texts) -> dict[str, Any] | None:
    if kind == "request":
        return None
    if kind not in _SHOWN:
        return {"kind": kind, "text": texts.number(_as_json(data))}
    return {"kind": kind, **_SHOWN[kind](data, texts)}


def _message(data: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    return {"label": str(data.get("role")), "text": _of(data, "content", texts)}


def _reply(data: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    return {
        "text": _of(data, "content", texts),
        "reasoning": _of(data, "reasoning", texts),
        "tokens": tokens_of(data.get("usage") or {}),
    }


def _tool_call(data: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    arguments = data.get("arguments")
    # As the model wrote it where that is no JSON.
    text = _as_json(arguments) if arguments else str(data.get("raw_arguments") or "")
    return {
        "label": str(data.get("name")),
        "call": data.get("call_id"),
        "text": texts.number(text),
    }


def _observation(data: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    return {
        "call": data.get("call_id"),
        "failed": bool(data.get("failed")),
        "seconds": data.get("duration_s"),
        "text": _of(data, "text", texts),
    }


def _proposal(data: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    del texts
    return {"files": [str(name) for name in data.get("files") or ()]}


def _text(data: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    return {"text": _of(data, "text", texts)}


def _stop(data: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    del texts
    return {"label": str(data.get("reason"))}


_SHOWN: Mapping[str, Callable[[Mapping[str, Any], Texts], dict[str, Any]]] = {
    "message": _message,
    "reply": _reply,
    "tool_call": _tool_call,
    "observation": _observation,
    "proposal": _proposal,
    "notice": _text,
    "stop": _stop,
}


def _of(data: Mapping[str, Any], name: str, texts: Texts) -> int | None:
    text = data.get(name)
    return texts.number(str(text)) if text else None


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _pack(record: Mapping[str, Any]) -> str:
    text = json.dumps(record, separators=(",", ":"))
    # The time in a gzip header would make two reports of one run differ.
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode("ascii")
