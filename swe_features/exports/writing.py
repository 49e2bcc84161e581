"""A whole experiment, written in somebody else's form."""

import json
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote

from swe_features.cell_results import CellResult
from swe_features.errors import ConfigError, StoreError
from swe_features.exports.atif import Asleep, write_atif
from swe_features.exports.mini_swe_agent import write_mini_trajectory
from swe_features.exports.turns import Conversation, read_conversation
from swe_features.results import StoredExperiment
from tasks.whole_files import draft_of

__all__ = ["Form", "export_experiment"]


class Form(StrEnum):
    """What to write."""

    ATIF = "atif"
    """One trajectory for each attempt, as Harbor reads them."""
    MINI = "mini-swe-agent"
    """One trajectory for each attempt, as mini-swe-agent's inspector reads them."""
    SWE_BENCH = "swe-bench"
    """Patches of each arm, budget and seed, as SWE-bench's harness reads them."""
    FILES = "files"
    """File lists of each arm, budget and seed."""


_LACKING = {
    Form.ATIF: "trajectory of an agent",
    Form.MINI: "trajectory of an agent",
    Form.SWE_BENCH: "patch: they come from attempts with --mode edit",
    Form.FILES: "scored cell yet: run its experiment first",
}
_APART = ("model", "sleep_model", "mode", "related")
"""What else may differ in a merged experiment; each value has files of its own."""


def export_experiment(
    experiment: StoredExperiment, form: Form, out: Path
) -> tuple[Path, ...]:
    """Write every scored attempt.

    Args:
        experiment: Read from its directory.
        form: Which form.
        out: Folder for the files; made where there is something to write.

    Returns:
        The files, in order.

    Raises:
        ConfigError: Nothing in the experiment can be written in this form.
        StoreError: The folder or a file cannot be written, or a trajectory is damaged.
    """
    is_of_agents = form in (Form.ATIF, Form.MINI)
    write = _write_trajectories if is_of_agents else _write_predictions
    try:
        written = tuple(write(experiment, form, out))
    except OSError as error:
        msg = (
            f"cannot write {out}: {error.strerror or error}: mend that, and export "
            "again, or choose another --out"
        )
        raise StoreError(msg) from error
    if not written:
        msg = f"{experiment.directory} holds no {_LACKING[form]}"
        raise ConfigError(msg)
    return written


def _write_trajectories(
    experiment: StoredExperiment, form: Form, out: Path
) -> Iterator[Path]:
    for result in experiment.scored:
        attempted = _attempted(experiment, result)
        if not attempted.turns:
            continue
        if form is Form.MINI:
            path = out / result.instance_id / f"{result.cell_id}.traj.json"
            value = write_mini_trajectory(result, attempted)
        else:
            path = out / f"{result.cell_id}.json"
            value = _as_atif(experiment, result)
        _write(path, json.dumps(value, indent=1))
        yield path


def _as_atif(experiment: StoredExperiment, result: CellResult) -> dict[str, Any]:
    slept = [
        Asleep(
            _read(experiment.context_trajectory(key), f"the sleep phase of {key[:12]}"),
            experiment.context(key),
        )
        for key in result.contexts
    ]
    return write_atif(result, _attempted(experiment, result), slept)


def _attempted(experiment: StoredExperiment, result: CellResult) -> Conversation:
    return _read(experiment.trajectory(result), str(result.trajectory))


def _read(events: Iterable[Mapping[str, Any]], where: str) -> Conversation:
    try:
        return read_conversation(events)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        msg = f"{where} holds an event that is none of ours: restore it"
        raise StoreError(msg) from error


def _write_predictions(
    experiment: StoredExperiment, form: Form, out: Path
) -> Iterator[Path]:
    scored = experiment.scored
    values = {name: {getattr(r, name) for r in scored} - {None} for name in _APART}
    differing = [name for name in _APART if len(values[name]) > 1]
    groups: dict[str, dict[str, CellResult]] = {}
    for result in scored:
        apart = (getattr(result, name) for name in differing)
        # Quoted, so that no two models share a file: `a/b` and `a-b`.
        further = (quote(value, safe="") for value in apart if value is not None)
        group = groups.setdefault("-".join((_group(result), *further)), {})
        # Of cells that only differ by code or prompts, the latest counts.
        known = group.get(result.instance_id)
        if known is None or known.finished_at <= result.finished_at:
            group[result.instance_id] = result
    for name, results in groups.items():
        said = (_predict(experiment, each, form) for each in results.values())
        lines = [f"{json.dumps(line)}\n" for line in said if line is not None]
        if lines:
            path = out / f"{name}.jsonl"
            _write(path, "".join(lines))
            yield path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with draft_of(path) as draft:
        draft.write_text(text, encoding="utf-8")


def _group(result: CellResult) -> str:
    return f"{result.arm}-{result.budget or 0}-{result.seed}".replace(":", "-")


def _predict(
    experiment: StoredExperiment, result: CellResult, form: Form
) -> Mapping[str, Any] | None:
    if form is Form.FILES:
        files = list(result.predicted_files or ())
        return {"instance_id": result.instance_id, "found_files": files}
    patch = _attempted(experiment, result).patch
    if patch is None:
        return None
    return {
        "instance_id": result.instance_id,
        "model_name_or_path": f"{result.model} {_group(result)}",
        "model_patch": patch,
    }
