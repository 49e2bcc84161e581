"""Learned contexts on disk: one JSON file each, named by what it was learned from.

Two writers of the same context agree on its name and replace each other's file whole,
so a reader sees none or all of it.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from agent.errors import LearnedContextError
from agent.events import JSON
from agent.learned_context import LearnedContext, Revision
from agent.pull_request_text import write_pull_request
from agent.usage import Usage
from tasks.pull_requests import PullRequest

__all__ = ["LearnedContextStore", "context_key"]

FORMAT = 1


def context_key(  # noqa: PLR0913 - every condition by its name
    *,
    repo: str,
    commit: str,
    related: Sequence[PullRequest],
    model: str,
    prompt_hash: str,
    seed: int = 0,
    settings: Mapping[str, JSON] | None = None,
) -> str:
    """The address of the context that a sleep phase under these conditions learns.

    The related pull requests count by the text that the phase reads of them, in order.
    `settings` is whatever else the phase depends on: effort, caps, parallel sleeps.
    """
    parts = {
        "format": FORMAT,
        "repo": repo,
        "commit": commit,
        "related": [
            [pull.pr_number, hashlib.sha256(_text(pull)).hexdigest()]
            for pull in related
        ],
        "model": model,
        "prompt_hash": prompt_hash,
        "seed": seed,
        "settings": dict(settings or {}),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _text(pull: PullRequest) -> bytes:
    return write_pull_request(pull).encode()


class LearnedContextStore:
    """A folder of learned contexts. Safe for many threads and processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path_of(self, key: str) -> Path:
        """Where the context of a key is, or would be."""
        return self.folder / f"{key}.json"

    def find(self, key: str) -> LearnedContext | None:
        """The stored context of a key; None where there is none.

        Raises:
            LearnedContextError: There is a file, but no context can be read from it.
        """
        path = self.path_of(key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return _from_record(json.loads(content.decode()))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            msg = f"{path} is no learned context ({error}): remove it to learn it again"
            raise LearnedContextError(msg) from error

    def put(self, key: str, context: LearnedContext) -> Path:
        """Store a context under its key; where it is then."""
        self.folder.mkdir(parents=True, exist_ok=True)
        record = {"format": FORMAT, "key": key, **asdict(context)}
        # In ASCII: a model may say half of a surrogate pair, and UTF-8 has none.
        text = json.dumps(record, ensure_ascii=True, indent=1) + "\n"
        path = self.path_of(key)
        # Not tempfile's: what it makes, nobody else who shares the folder can read.
        draft = self.folder / f".writing-{uuid4().hex}"
        try:
            with draft.open("x", encoding="ascii") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        return path


def _from_record(record: Mapping[str, Any]) -> LearnedContext:
    """A context from its JSON values. Any: JSON, checked by the constructors' keys."""
    if record["format"] != FORMAT:
        msg = f"its format is {record['format']!r}, not {FORMAT}"
        raise ValueError(msg)
    return LearnedContext(
        text=record["text"],
        repo=record["repo"],
        commit=record["commit"],
        related=tuple(record["related"]),
        model=record["model"],
        prompt_hash=record["prompt_hash"],
        usage=Usage(**record["usage"]),
        duration_s=record["duration_s"],
        revisions=tuple(
            Revision(kept["text"], kept["pr_number"], Usage(**kept["usage"]))
            for kept in record["revisions"]
        ),
    )
