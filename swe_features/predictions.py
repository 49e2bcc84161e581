"""Read what any agent predicted: lists of files, or SWE-bench style patches.

Known shapes, each as JSON lines, as a JSON list, or as one object by instance id
(`preds.json`): `predicted_files`, the `found_files` of Agentless and LocAgent, and the
`model_patch` of SWE-bench. Of a patch only the files count that it modifies, as
docs/scoring.md says.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from swe_features.errors import PredictionError
from swe_features.scoring import normalize_paths
from tasks.errors import RowError
from tasks.patches import parse_patch
from tasks.pull_requests import FileStatus

__all__ = ["Predictions", "load_predictions"]

_LISTS = ("predicted_files", "found_files", "files")
_PATCHES = ("model_patch", "patch")
_IDS = ("instance_id", "id")
_NUMBERED = re.compile(r"-\d+$")
"""Every instance id ends with the number of its pull request."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predicted files of each instance that a file of predictions has an entry for."""

    files: Mapping[str, frozenset[str]]
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """Instances whose patch no program could apply, and why; they predict nothing."""


def load_predictions(path: Path | str, *, top: int | None = None) -> Predictions:
    """Read a file of predictions.

    Args:
        path: JSON lines, a JSON list, or a JSON object by instance id.
        top: Of a list, take its first files only; None takes all.

    Raises:
        PredictionError: The file cannot be read, an entry has no known shape, or an
            instance has two entries.
    """
    files: dict[str, frozenset[str]] = {}
    unreadable: dict[str, str] = {}
    for where, instance_id, entry in _entries(Path(path)):
        if instance_id in files:
            message = f"{where}: {instance_id!r} has an entry already: keep one"
            raise PredictionError(message)
        try:
            files[instance_id] = _read_entry(entry, where, top)
        except RowError as error:
            files[instance_id] = frozenset()
            unreadable[instance_id] = str(error)
    return Predictions(files, unreadable)


# Any, here and below: an entry is whatever JSON value somebody's agent wrote.
def _entries(path: Path) -> Iterator[tuple[str, str, Any]]:
    """Place, instance id and value of each entry."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        message = f"cannot read the predictions {path}: {error.strerror or error}"
        raise PredictionError(message) from error
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8: write it again in UTF-8"
        raise PredictionError(message) from error
    whole = _parse_whole(text)
    if isinstance(whole, _Object) and _is_by_instance(whole):
        for instance_id, entry in whole.pairs:
            yield f"{path}, {instance_id}", instance_id, entry
        return
    if isinstance(whole, _Object):
        numbered = [(f"{path}, line 1", whole)]
    elif isinstance(whole, list):
        numbered = [(f"{path}, entry {n}", e) for n, e in enumerate(whole, start=1)]
    else:
        numbered = list(_parse_lines(path, text))
    if not numbered:
        message = f"{path} holds no predictions: write one JSON object a line"
        raise PredictionError(message)
    for where, entry in numbered:
        yield where, _instance_id(entry, where), entry


def _is_by_instance(whole: Mapping[str, Any]) -> bool:
    """Whether its names are instance ids, and not the fields of one prediction."""
    if any(name in whole for name in (*_IDS, *_LISTS, *_PATCHES)):
        return False
    return not whole or any(_NUMBERED.search(name) for name in whole)


class _Object(dict[str, Any]):
    """A JSON object that still has all its pairs: a name may stand there twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def _parse_whole(text: str) -> Any:  # noqa: ANN401 - whatever JSON the file holds
    try:
        return json.loads(text, object_pairs_hook=_Object)
    except (ValueError, RecursionError):
        return None


def _parse_lines(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            yield where, json.loads(line)
        except (ValueError, RecursionError) as error:
            message = f"{where}: broken JSON ({error}): repair or remove the line"
            raise PredictionError(message) from error


def _instance_id(entry: Any, where: str) -> str:  # noqa: ANN401
    if isinstance(entry, dict):
        for name in _IDS:
            if isinstance(entry.get(name), str):
                return str(entry[name])
    message = f"{where}: no instance_id: every prediction is an object with one"
    raise PredictionError(message)


def _read_entry(
    entry: Any,  # noqa: ANN401
    where: str,
    top: int | None,
) -> frozenset[str]:
    if isinstance(entry, str):
        return _modified_files(entry)
    if isinstance(entry, list):
        return _listed_files(entry, where, top)
    if isinstance(entry, dict):
        for name in _LISTS:
            if entry.get(name) is not None:
                return _listed_files(entry[name], where, top)
        for name in _PATCHES:
            if isinstance(entry.get(name), str):
                return _modified_files(entry[name])
        if any(name in entry for name in (*_LISTS, *_PATCHES)):
            return frozenset()  # null: the agent ran and gave no answer
    known = ", ".join((*_LISTS[:2], _PATCHES[0]))
    message = f"{where}: nothing to score: give it one of {known}"
    raise PredictionError(message)


def _modified_files(patch: str) -> frozenset[str]:
    return normalize_paths(
        file.filename
        for file in parse_patch(patch)
        if file.status is FileStatus.MODIFIED
    )


def _listed_files(value: Any, where: str, top: int | None) -> frozenset[str]:  # noqa: ANN401
    """A list of names; of a list of such lists, one a sample, the first with names."""
    names = value
    if isinstance(value, list) and value and all(isinstance(v, list) for v in value):
        names = next((sample for sample in value if sample), [])
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        message = f"{where}: predicted files are a list of paths, not {names!r:.60}"
        raise PredictionError(message)
    return normalize_paths(names[:top])
