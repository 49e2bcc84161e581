"""A streamed reply, gathered into a whole one.

litellm hides what matters here: where a stream stops early it makes up a proper end
(before 1.107) or an error of the provider's (since), where a provider reports no usage
or no bill it makes up an estimate, and where calls share a number it makes them one. So
the pieces are looked at before litellm sees them, and put together here.
"""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import ModuleType
from typing import Any

from agent.models.chat_completions import find_error
from agent.models.error_answers import ReportedError
from agent.models.faults import BrokenReplyError, StreamCutError

__all__ = ["gather_stream"]

_TEXTS = ("content", "reasoning_content", "reasoning")


class _Tap:
    """Passes a provider's pieces on, and notes what litellm would not tell."""

    def __init__(self, pieces: Any) -> None:  # noqa: ANN401 - any provider's iterator
        self._source = pieces
        self._pieces = iter(pieces)
        self.count = 0
        self.is_over = False
        self.usage: dict[str, Any] = {}
        self.finish_reason: str | None = None
        self.refusal = ""
        self.details: list[dict[str, Any]] = []
        self.reported: ReportedError | None = None

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:  # noqa: ANN401 - any provider's piece
        try:
            piece = next(self._pieces)
        except StopIteration:
            self.is_over = True
            raise
        except Exception as error:
            self.reported = _find_reported(error)
            raise
        self._note(_read_fields(piece))
        return piece

    def close(self) -> None:
        """Give the connection back; left to the collector it may block the next one."""
        close = getattr(self._source, "close", None)
        if close is not None:
            close()

    def _note(self, piece: Mapping[str, Any]) -> None:
        self.count += 1
        # Some send the prompt's tokens first and the reply's last, some all each time.
        self.usage = _merge_counts(self.usage, _read_fields(piece.get("usage")))
        for choice in piece.get("choices") or ():
            error = find_error(choice)
            if error:
                self.reported = ReportedError(error)
                raise self.reported
            self.finish_reason = choice.get("finish_reason") or self.finish_reason
            delta = choice.get("delta") or {}
            self.refusal += delta.get("refusal") or ""
            for part in delta.get("reasoning_details") or ():
                _join_part(self.details, part)


class _Message:
    """A reply's message, as far as its pieces have come."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self._open: dict[int, dict[str, Any]] = {}

    def add(self, delta: Mapping[str, Any]) -> None:
        """Put one piece to what there is."""
        for name in _TEXTS:
            if isinstance(delta.get(name), str):
                self.fields[name] = self.fields.get(name, "") + delta[name]
        for part in delta.get("thinking_blocks") or ():
            _join_part(self.fields.setdefault("thinking_blocks", []), part)
        for part in delta.get("tool_calls") or ():
            self._add_call(part)

    def _add_call(self, part: Mapping[str, Any]) -> None:
        """Put a piece of a call to its call: by number, which not all servers count.

        A further id begins a further call; but some old servers draw one for each
        piece. Those pieces name no function, or go on with unfinished arguments.
        """
        number = part.get("index") or 0
        call = self._open.get(number)
        function = part.get("function") or {}
        if call is None or (
            part.get("id") not in (None, "", call.get("id"))
            and function.get("name")
            and _is_whole(call["function"]["arguments"])
        ):
            call = {"function": {"name": "", "arguments": ""}}
            self._open[number] = call
            self.fields.setdefault("tool_calls", []).append(call)
        said = call["function"]
        said["name"] = said["name"] or function.get("name") or ""
        said["arguments"] += function.get("arguments") or ""
        for name, value in part.items():
            if name not in ("function", "index"):
                call.setdefault(name, value)


def gather_stream(litellm: ModuleType, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ask for a stream and put its pieces together.

    Args:
        litellm: The library.
        request: Arguments of its `completion`. Any: JSON values.

    Raises:
        ReportedError: The provider reported an error in place of a piece.
        StreamCutError: The stream stopped before it said that it was finished.
        BrokenReplyError: What came was no stream.
    """
    options = {"stream": True, "stream_options": {"include_usage": True}}
    stream = litellm.completion(**request, **options)
    if stream.completion_stream is None:
        # Some providers are asked only when the first piece is wanted.
        stream.fetch_sync_stream()
    tap = _Tap(stream.completion_stream)
    stream.completion_stream = tap
    message = _Message()
    try:
        for piece in stream:
            for choice in _read_fields(piece).get("choices") or ():
                message.add(choice.get("delta") or {})
    except Exception as error:
        if tap.reported is not None:
            raise tap.reported from error
        if tap.is_over and stream.received_finish_reason is None:
            raise _cut_after(tap) from error
        raise
    return _finish(message, tap, stream.received_finish_reason or tap.finish_reason)


def _finish(
    message: _Message, tap: _Tap, finish_reason: str | None
) -> Mapping[str, Any]:
    if finish_reason is None:
        raise _cut_after(tap)
    if tap.count == 1 and not message.fields and tap.usage.get("completion_tokens"):
        msg = "a whole answer where a stream was asked for: leave out the option stream"
        raise BrokenReplyError(msg)
    told = {"refusal": tap.refusal, "reasoning_details": tap.details}
    fields = message.fields | told
    for part in fields.get("thinking_blocks", ()):
        # Numbered by litellm; Anthropic refuses them with a number.
        part.pop("index", None)
    choice = {"message": fields, "finish_reason": finish_reason}
    return {"choices": [choice], "usage": tap.usage or None}


def _join_part(parts: list[dict[str, Any]], part: Mapping[str, Any]) -> None:
    """Put a piece of a thought to the last one, or begin another."""
    last = parts[-1] if parts else {}
    same = all(part.get(name) == last.get(name) for name in ("type", "index"))
    if not parts or not same or last.get("signature"):
        parts.append(dict(part))
        return
    for name, value in part.items():
        if name in ("thinking", "text", "summary", "data") and last.get(name):
            last[name] += value
        elif value:
            last[name] = value


def _find_reported(error: Exception) -> ReportedError | None:
    """What the provider says in place of a piece; None where it said nothing."""
    body = getattr(error, "body", None)
    if body:
        return ReportedError(body)
    status = getattr(error, "status_code", None)
    if status is None:
        return None
    reported = ReportedError({"message": str(error), "code": status})
    if reported.answer.status == HTTPStatus.BAD_REQUEST and not (
        reported.answer.is_overflow
    ):
        # litellm's word for what it could not read; the request had been taken.
        return ReportedError({"message": str(error), "code": HTTPStatus.BAD_GATEWAY})
    return reported


def _merge_counts(counts: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Counts with those of a further piece; zeros take nothing back, at any depth."""
    merged = dict(counts)
    for name, count in told.items():
        if isinstance(count, Mapping):
            merged[name] = _merge_counts(_read_fields(merged.get(name)), count)
        elif count:
            merged[name] = count
    return merged


def _is_whole(arguments: str) -> bool:
    """Whether the arguments of a call can be all: a JSON value, or none."""
    try:
        json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return False
    return True


def _cut_after(tap: _Tap) -> StreamCutError:
    return StreamCutError(f"the stream stopped after {tap.count} pieces, unfinished")


def _read_fields(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - objects or mappings
    """A piece, or a part of it, as JSON has it."""
    if hasattr(value, "model_dump"):
        value = value.model_dump(exclude_none=True)
    return value if isinstance(value, Mapping) else {}
