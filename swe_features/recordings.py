"""Trajectories as reports read them: each one whole, or left out with the reason."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Recording", "read_recording"]


@dataclass(frozen=True, slots=True)
class Recording:
    """One finished trajectory."""

    events: tuple[Mapping[str, Any], ...] = ()
    """Each has a `kind` and `data`; none where there is a problem. Any: JSON values."""
    problem: str | None = None
    """Why it cannot be read, in a few words: `line 3 is no JSON`."""


def read_recording(path: Path) -> Recording:
    """Read a finished trajectory; damage is told, and nobody is stopped by it."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Recording(problem="its file is missing")
    except OSError as error:
        return Recording(problem=f"its file cannot be read: {error.strerror}")
    if content and not content.endswith(b"\n"):
        return Recording(problem="its last line is torn")
    events = []
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            return Recording(problem=f"line {number} is no JSON")
        if not _is_event(event):
            return Recording(problem=f"line {number} is no event")
        events.append(event)
    return Recording(tuple(events))


def _is_event(value: object) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("kind"), str)
        and isinstance(value.get("data"), dict)
        and isinstance(value.get("at_s", 0.0), int | float)
        and _has_our_types(value["data"])
    )


def _has_our_types(data: Mapping[str, Any]) -> bool:
    """Whether what a report counts with is what it takes it for."""
    usage = data.get("usage") or {}
    return (
        isinstance(data.get("step") or 0, int)
        and isinstance(data.get("files") or [], list)
        and isinstance(usage, dict)
        and all(isinstance(tokens or 0, int) for tokens in usage.values())
    )
