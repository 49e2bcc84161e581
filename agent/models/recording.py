"""Every request to a model on the disk, and models that answer from there.

A recording is a folder with one JSON Lines file for each conversation: the first line
says whose it is, each further one holds what was asked beyond the request before, and
the reply or the error. Nothing is stored twice, and everything is there to ask again.

Replayed, the same code gives the same results byte for byte, without a model; where the
code asks anything else than was recorded, the replay says so and stops.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

from agent import errors
from agent.errors import ModelError, ModelSetupError
from agent.messages import Message, ToolCall, ToolSpec
from agent.model import Model, Reply
from agent.redaction import redact_value
from agent.usage import Usage

__all__ = ["RecordingModel", "ReplayModel", "conversation"]

FORMAT = 1
_NAME_CHARACTERS = 32
_KEY_CHARACTERS = 32
_ERRORS = ("ModelError", "ModelSetupError", "ContextOverflowError")


class _Conversation:
    """Whose requests these are; a new one for each attempt at the same work."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path: Path | None = None
        self.asked = 0
        self.messages: tuple[Message, ...] = ()


_current: ContextVar[_Conversation | None] = ContextVar("conversation", default=None)


def _find_name() -> str:
    at = _current.get()
    return at.name if at else ""


@contextmanager
def conversation(name: str) -> Iterator[None]:
    """Say whose requests the ones made on this thread are.

    Two attempts may ask the same and be told different things; their names keep them
    apart when they are replayed.

    Args:
        name: The same in every run of the same work, and no other work's.
    """
    token = _current.set(_Conversation(name))
    try:
        yield
    finally:
        _current.reset(token)


class RecordingModel:
    """Hands requests on to a model and writes down what became of them."""

    def __init__(self, model: Model, folder: Path) -> None:
        """Record into a folder, which is made when there is something to write.

        Args:
            model: Who answers.
            folder: Recordings that are there already stay; the latest one counts.
        """
        self.name = model.name
        self._model = model
        self._folder = folder
        self._lock = Lock()
        self._nameless = _Conversation("")

    @property
    def context_tokens(self) -> int | None:
        """As the model that answers has it."""
        return self._model.context_tokens

    def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Reply:
        """Ask the model, and record the request with its reply or its error.

        Raises:
            ModelError: As the model does.
        """
        at = _current.get() or self._nameless
        try:
            reply = self._model.complete(messages, tools)
        except ModelError as error:
            outcome = {"error": type(error).__name__, "text": str(error)}
            self._write(at, messages, tools, outcome)
            raise
        self._write(at, messages, tools, {"reply": asdict(reply)})
        return reply

    def _write(
        self,
        at: _Conversation,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        outcome: Mapping[str, Any],
    ) -> None:
        with self._lock:
            if at.path is None:
                at.path = self._begin(at.name)
            kept = len(at.messages)
            if tuple(messages[:kept]) != at.messages:
                kept = 0
            record = {
                "key": request_key(self.name, messages, tools),
                "kept_messages": kept,
                "messages": [asdict(message) for message in messages[kept:]],
                "tools": [asdict(tool) for tool in tools] if not at.asked else None,
                **outcome,
            }
            at.messages = tuple(messages)
            at.asked += 1
            _append(at.path, record)

    def _begin(self, name: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        for number in count(1):
            path = self._folder / f"{_file_stem(name, self.name)}.{number:03}.jsonl"
            try:
                path.touch(exist_ok=False)
            except FileExistsError:
                continue
            head = {
                "format": FORMAT,
                "conversation": name,
                "model": self.name,
                "context_tokens": self.context_tokens,
            }
            _append(path, head)
            return path
        raise AssertionError  # the count has no end


@dataclass(slots=True)
class _Script:
    """What was recorded of one conversation."""

    context_tokens: int | None = None
    replies: dict[str, list[Mapping[str, Any]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """By key, in the order of the recording. Any: JSON values."""


class ReplayModel:
    """Answers as a recording says, without any model."""

    def __init__(self, name: str, folder: Path) -> None:
        """Answer for a model from a folder.

        Raises:
            ModelSetupError: There is no recording of this model.
        """
        self.name = name
        self._folder = folder
        self._lock = Lock()
        self._scripts: dict[str, _Script] = {}
        if not any(folder.glob("*.jsonl")):
            msg = f"there is nothing to replay in {folder}: record a run there first"
            raise ModelSetupError(msg)

    @property
    def context_tokens(self) -> int | None:
        """As it was when this conversation was recorded: it decides what is dropped."""
        with self._lock:
            return self._find_script(_find_name()).context_tokens

    def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Reply:
        """Give the recorded reply to a request, in the order of its recording.

        Raises:
            ModelError: As recorded, or because nothing like this was ever asked.
        """
        whose = _find_name()
        key = request_key(self.name, messages, tools)
        with self._lock:
            lines = self._find_script(whose).replies.get(key, [])
            if not lines:
                msg = (
                    f"the recording of {self.name} has no answer to a request of "
                    f"{len(messages)} messages in {whose or 'a nameless run'!r}: "
                    "prompts, tools or code are not those of the recording"
                )
                raise ModelSetupError(msg)
            line = lines.pop(0) if len(lines) > 1 else lines[0]
        if "reply" in line:
            return _read_reply(line["reply"])
        kind = line["error"] if line["error"] in _ERRORS else "ModelError"
        raise getattr(errors, kind)(line["text"])

    def _find_script(self, whose: str) -> "_Script":
        if whose not in self._scripts:
            self._scripts[whose] = self._load(whose)
        return self._scripts[whose]

    def _load(self, whose: str) -> "_Script":
        stem = _file_stem(whose, self.name)
        attempts = sorted(self._folder.glob(f"{stem}.*.jsonl"))
        script = _Script()
        if attempts:
            lines = attempts[-1].read_text(encoding="utf-8").splitlines()
            for number, line in enumerate(lines):
                try:
                    record = json.loads(line)
                except ValueError:
                    # The recording was killed in the middle of this line.
                    break
                if number == 0:
                    _check_format(record, attempts[-1])
                    script.context_tokens = record.get("context_tokens")
                else:
                    script.replies[record["key"]].append(record)
        return script


def request_key(
    model: str, messages: Sequence[Message], tools: Sequence[ToolSpec]
) -> str:
    """A hash of all that a model is asked, keys taken out."""
    value = {
        "model": model,
        "messages": [asdict(message) for message in messages],
        "tools": [asdict(tool) for tool in tools],
    }
    text = json.dumps(redact_value(value), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_CHARACTERS]


def _check_format(head: Mapping[str, Any], path: Path) -> None:
    found = head.get("format")
    if found != FORMAT:
        msg = f"{path} has format {found!r}, this version reads {FORMAT}: record again"
        raise ModelSetupError(msg)


def _file_stem(conversation_name: str, model: str) -> str:
    text = json.dumps([conversation_name, model])
    return hashlib.sha256(text.encode()).hexdigest()[:_NAME_CHARACTERS]


def _append(path: Path, record: Mapping[str, Any]) -> None:
    line = json.dumps(redact_value(record), ensure_ascii=True, allow_nan=False)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def _read_reply(record: Mapping[str, Any]) -> Reply:
    values = dict(record)
    values["tool_calls"] = tuple(ToolCall(**call) for call in values["tool_calls"])
    values["usage"] = Usage(**values["usage"])
    return Reply(**values)
