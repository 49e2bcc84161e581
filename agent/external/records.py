"""Steps and tokens, where an agent's own record tells them."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from agent.external.command import Record
from agent.models.reported_usage import read_usage
from agent.usage import Usage

__all__ = ["OwnRecord", "read_record"]


_NO_STEPS = ("error", "reasoning")
"""Items of Codex's that are nothing that its model did."""
_AIDER_REPLY = re.compile(r"^Tokens: .* received", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """What an agent says of itself; the host does not vouch for it."""

    steps: int = 0
    usage: Usage = field(default_factory=partial(Usage, 0, 0, 0, 0, 1, 1))
    exit_status: str = ""


def read_record(form: Record | None, trajectory: Path, output: str) -> OwnRecord:
    """Read an agent's record; whatever cannot be read is unmeasured.

    Args:
        form: Which agent's.
        trajectory: The file it was asked to write.
        output: What it printed.
    """
    if form is None:
        return OwnRecord()
    try:
        return _READERS[form](trajectory, output)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return OwnRecord()


def _read_mini(trajectory: Path, output: str) -> OwnRecord:
    del output
    record = json.loads(trajectory.read_text(encoding="utf-8"))
    usage = Usage()
    for message in record["messages"]:
        response = (message.get("extra") or {}).get("response") or {}
        if isinstance(response, Mapping) and response.get("choices"):
            usage += read_usage(response.get("usage"))
    status = str(record["info"].get("exit_status") or "")
    return OwnRecord(usage.requests, usage, status)


def _read_claude(trajectory: Path, output: str) -> OwnRecord:
    del trajectory
    results = [each for each in _read_lines(output) if each.get("type") == "result"]
    result = results[-1]
    spent = result["usage"]
    cached = int(spent.get("cache_read_input_tokens") or 0)
    written = int(spent.get("cache_creation_input_tokens") or 0)
    lifetimes = spent.get("cache_creation") or {}
    # It counts a turn that its model never answered.
    steps = int(result.get("num_turns") or 0) if spent["output_tokens"] else 0
    usage = Usage(
        prompt_tokens=int(spent["input_tokens"]) + cached + written,
        cached_prompt_tokens=cached,
        cache_write_tokens=written,
        hour_cache_write_tokens=int(lifetimes.get("ephemeral_1h_input_tokens") or 0),
        completion_tokens=int(spent["output_tokens"]),
        requests=steps,
    )
    return OwnRecord(steps, usage, str(result.get("subtype") or ""))


def _read_codex(trajectory: Path, output: str) -> OwnRecord:
    del trajectory
    usage = Usage()
    for line in _read_lines(output):
        if line.get("type") == "turn.completed":
            spent = line["usage"]
            usage += Usage(
                prompt_tokens=int(spent["input_tokens"]),
                cached_prompt_tokens=int(spent.get("cached_input_tokens") or 0),
                cache_write_tokens=int(spent.get("cache_write_input_tokens") or 0),
                completion_tokens=int(spent["output_tokens"]),
                reasoning_tokens=int(spent.get("reasoning_output_tokens") or 0),
                requests=1,
            )
    items = [
        line["item"].get("type")
        for line in _read_lines(output)
        if line.get("type") == "item.completed"
    ]
    steps = [kind for kind in items if kind not in _NO_STEPS]
    return OwnRecord(len(steps), usage if usage.requests else OwnRecord().usage)


def _read_openhands(trajectory: Path, output: str) -> OwnRecord:
    """Steps alone: its events say which reply they are of, and not what it cost."""
    del trajectory
    replies = {line.get("llm_response_id") for line in _read_lines(output)}
    return OwnRecord(len(replies - {None}))


def _read_aider(trajectory: Path, output: str) -> OwnRecord:
    """Steps alone: it rounds its tokens to thousands."""
    del trajectory
    return OwnRecord(len(_AIDER_REPLY.findall(output)))


def _read_lines(output: str) -> Iterator[Mapping[str, Any]]:
    """JSON objects of an output, one on each line, or one as a whole."""
    for line in output.splitlines():
        if line.lstrip().startswith("{"):
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                yield value


_READERS: Mapping[Record, Callable[[Path, str], OwnRecord]] = {
    "aider": _read_aider,
    "claude-code": _read_claude,
    "codex": _read_codex,
    "mini-swe-agent": _read_mini,
    "openhands": _read_openhands,
}
