"""A streamed reply, gathered into a whole one.

litellm hides two things that matter here: where a stream stops early it makes up a
proper end (before 1.107) or an error of the provider's (since), and where a provider
reports no usage it makes up an estimate. So the pieces are looked at before litellm
sees them.
"""

from collections.abc import Iterator, Mapping, Sized
from types import ModuleType
from typing import Any

from agent.models.faults import StreamCutError

__all__ = ["gather_stream"]


class _Tap:
    """Passes a provider's pieces on, and notes what they carry."""

    def __init__(self, pieces: Any) -> None:  # noqa: ANN401 - any provider's iterator
        self._pieces = iter(pieces)
        self.is_over = False
        self.has_usage = False
        self.refusal = ""

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:  # noqa: ANN401 - any provider's piece
        try:
            piece = next(self._pieces)
        except StopIteration:
            self.is_over = True
            raise
        self.has_usage = self.has_usage or bool(_field(piece, "usage"))
        for choice in _field(piece, "choices") or ():
            self.refusal += _field(_field(choice, "delta"), "refusal") or ""
        return piece


def gather_stream(litellm: ModuleType, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ask for a stream and put its pieces together.

    Args:
        litellm: The library.
        request: Arguments of its `completion`. Any: JSON values.

    Raises:
        StreamCutError: The stream stopped before it said that it was finished.
    """
    options = {"stream": True, "stream_options": {"include_usage": True}}
    stream = litellm.completion(**request, **options)
    tap = _Tap(stream.completion_stream)
    stream.completion_stream = tap
    pieces = []
    try:
        pieces.extend(stream)
    except Exception as error:
        if tap.is_over and stream.received_finish_reason is None:
            raise _cut_after(pieces) from error
        raise
    finish_reason = stream.received_finish_reason
    if finish_reason is None:
        raise _cut_after(pieces)
    whole: dict[str, Any] = litellm.stream_chunk_builder(
        pieces, messages=request["messages"]
    ).model_dump()
    whole["choices"][0]["finish_reason"] = finish_reason
    if tap.refusal:
        whole["choices"][0]["message"]["refusal"] = tap.refusal
    if not tap.has_usage:
        whole["usage"] = None
    return whole


def _cut_after(pieces: Sized) -> StreamCutError:
    return StreamCutError(f"the stream stopped after {len(pieces)} pieces, unfinished")


def _field(value: Any, name: str) -> Any:  # noqa: ANN401 - objects and mappings alike
    if isinstance(value, Mapping):
        return value.get(name)
    return getattr(value, name, None)
