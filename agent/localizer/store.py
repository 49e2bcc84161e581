"""Indexes on disk: plain arrays and JSON, one folder for each base commit.

An index depends on nothing but its base commit and on what bounds the past of it
(`horizon`), so the folder's name says everything, and the index of an older commit of
the same chain is a start for a newer one.
"""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.errors import LocalizerError
from agent.localizer.index import Index
from agent.localizer.journal import FIELDS, ChangeRow
from agent.localizer.paths import FileKind, PathFacts
from agent.localizer.postings import Postings
from agent.localizer.practice import Practice, as_arrays, from_arrays
from agent.localizer.prior import Prior, read_prior

__all__ = ["FORMAT", "IndexStore", "StoredIndex"]

FORMAT = 7
"""Other coefficients are another format too: what was practised fits only its own."""
_ARRAYS = ("touch_starts", "touch_file", "touch_status", "touch_length", "namings")
_COLUMNS = ("starts", "place", "plus", "minus")
_KEPT = 12
"""Indexes of one history."""
_ORIGIN = "origin"
"""A file in each index, with the oldest commit of its history."""
_NAME = re.compile(r"[0-9a-f]{40,64}-\d+-(chain|heads-).*")
"""Of an index, whatever its format and horizon."""


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """An index, and the coefficients that its own past was used for."""

    commit: str
    horizon: str
    """What bounds the past, as `horizon_of` names it."""
    index: Index
    prior: Prior
    practice: Practice
    fitted: int
    """How many examples of the past the coefficients were fitted to, at most."""


class IndexStore:
    """Indexes below one folder. Readers and writers need not know of each other."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def commits(self, horizon: str) -> frozenset[str]:
        """Base commits that there are indexes of, within one horizon."""
        ending = _ending(horizon)
        if not self._root.is_dir():
            return frozenset()
        names = (entry.name for entry in self._root.iterdir())
        return frozenset(
            name.removesuffix(ending) for name in names if name.endswith(ending)
        )

    def load(self, commit: str, horizon: str) -> StoredIndex | None:
        """The index of a commit; None where there is none.

        Raises:
            LocalizerError: It is there and cannot be read.
        """
        folder = self._root / (commit + _ending(horizon))
        before = _inode(folder)
        if before is None:
            return None
        try:
            stored = _read(folder, commit, horizon)
            os.utime(folder)
        except (OSError, ValueError, KeyError, TypeError) as error:
            if _inode(folder) != before:
                return None  # it made room for another one meanwhile
            msg = f"the index in {str(folder)!r} is broken ({error}): delete it"
            raise LocalizerError(msg) from error
        return stored

    def save(self, stored: StoredIndex) -> None:
        """Keep an index; those of its history that were not used for longest make room.

        Raises:
            LocalizerError: It cannot be written there.
        """
        try:
            self._keep(stored)
            self._forget(_origin_of(stored))
        except OSError as error:
            msg = (
                f"no index can be kept in {str(self._root)!r} ({error.strerror}): name"
                " another folder for it"
            )
            raise LocalizerError(msg) from error

    def _keep(self, stored: StoredIndex) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        name = stored.commit + _ending(stored.horizon)
        half = Path(tempfile.mkdtemp(prefix=".half-", dir=self._root))
        try:
            _write(half, stored)
            try:
                half.rename(self._root / name)
            except OSError:
                shutil.rmtree(half)  # somebody was faster with the same index
        except BaseException:
            shutil.rmtree(half, ignore_errors=True)
            raise

    def _forget(self, origin: str) -> None:
        # Whoever names a folder for indexes may keep something else there.
        found = self._root.iterdir()
        indexes = [one for one in found if _NAME.fullmatch(one.name)]
        folders = [one for one in indexes if _read_origin(one) in {origin, None}]
        folders.sort(key=_last_use, reverse=True)
        for folder in folders[_KEPT:]:
            # At once: who reads it finds it whole, or gone.
            gone = folder.with_name(f".gone-{folder.name}")
            with suppress(OSError):  # somebody else was faster
                folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)


def _origin_of(stored: StoredIndex) -> str:
    changes = stored.index.changes
    return changes[0].commit if changes else ""


def _read_origin(folder: Path) -> str | None:
    """The oldest commit of an index's history; None of an older format, or gone."""
    try:
        return (folder / _ORIGIN).read_text(encoding="ascii")
    except (OSError, ValueError):
        return None


def _inode(folder: Path) -> int | None:
    """Which folder it is that has this name now; None where none has."""
    try:
        return folder.stat().st_ino
    except (FileNotFoundError, NotADirectoryError):
        return None


def _last_use(folder: Path) -> float:
    """When an index was used last, by its folder's time; never, where it is gone."""
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _ending(horizon: str) -> str:
    return f"-{FORMAT}-{horizon}"


def _write(folder: Path, stored: StoredIndex) -> None:
    index = stored.index
    (folder / _ORIGIN).write_text(_origin_of(stored), encoding="ascii")
    for name in _ARRAYS:
        np.save(folder / f"{name}.npy", getattr(index, name))
    for field in FIELDS:
        for column in _COLUMNS:
            array = getattr(index.postings[field], column)
            np.save(folder / f"{field}-{column}.npy", array)
    starts, terms = index.change_terms
    np.save(folder / "forward-starts.npy", starts)
    np.save(folder / "forward-terms.npy", terms)
    for name, array in as_arrays(stored.practice).items():
        np.save(folder / f"practice-{name}.npy", array)
    tables: dict[str, Any] = {
        "words": index.words,
        "paths": index.paths,
        "facts": _as_rows(index.facts, PathFacts),
        "changes": _as_rows(index.changes, ChangeRow),
        "prior": {**stored.prior.as_record(), "fitted": stored.fitted},
    }
    for name, table in tables.items():
        (folder / f"{name}.json").write_text(json.dumps(table), encoding="ascii")


def _as_rows(records: Sequence[Any], kind: type) -> list[Any]:
    """Values of many small records, in the order of their fields. Any: JSON values."""
    return [*map(attrgetter(*(one.name for one in fields(kind))), records)]


def _facts(row: Sequence[Any]) -> PathFacts:
    """Facts of a path from JSON values."""
    kind, folder, suffix, stem, subject, depth, name, folders = row
    terms = tuple(name), tuple(folders)
    return PathFacts(FileKind(kind), folder, suffix, stem, subject, depth, *terms)


def _read(folder: Path, commit: str, horizon: str) -> StoredIndex:
    def array(name: str) -> NDArray[Any]:
        # A plain view of the mapped file: numpy's own class for it slows every slice.
        return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r"))

    def table(name: str) -> Any:  # noqa: ANN401 - JSON values
        return json.loads((folder / f"{name}.json").read_text(encoding="ascii"))

    index = Index(
        words=table("words"),
        paths=table("paths"),
        changes=[ChangeRow(*row) for row in table("changes")],
        facts=[_facts(row) for row in table("facts")],
        postings={
            field: Postings(*(array(f"{field}-{column}") for column in _COLUMNS))
            for field in FIELDS
        },
        **{name: array(name) for name in _ARRAYS},
    )
    index.__dict__["change_terms"] = array("forward-starts"), array("forward-terms")
    prior = table("prior")
    return StoredIndex(
        commit=commit,
        horizon=horizon,
        index=index,
        prior=read_prior(prior),
        practice=from_arrays(lambda name: array(f"practice-{name}")),
        fitted=int(prior["fitted"]),
    )
