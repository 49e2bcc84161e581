"""Put the parts of an experiment together that ran apart, in shards or on machines.

A file is copied whole or not at all, and before the row that names it, so merging again
goes on where a killed merge stopped.
"""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from agent.redaction import Redactor
from swe_features.cell_results import CellResult, read_results
from swe_features.errors import StoreError
from swe_features.journal import read_document
from swe_features.plan import Plan
from swe_features.preparation import outcome_options
from swe_features.results import StoredExperiment, read_experiment
from swe_features.store import MANIFEST, PLAN, RESULTS, RunDirectory
from tasks.whole_files import draft_of

__all__ = ["merge_experiments"]

SLEEP_SETTINGS = ("sleep_limits", "sleep_steps", "learned_context_tokens", "localizer")

_Settings: TypeAlias = dict[tuple[str, ...], Mapping[str, Any]]


def merge_experiments(
    out: Path,
    parts: Sequence[Path],
    *,
    environment: Mapping[str, str] | None = None,
) -> StoredExperiment:
    """Copy everything of some experiments into one directory.

    Merging again adds what is new and nothing twice; the parts stay as they are.

    Args:
        out: The directory of the whole; created if need be.
        parts: Directories of runs over the same suite.
        environment: Where the values of secrets are, which no file may hold; None
            takes this process's own.

    Returns:
        The whole.

    Raises:
        StoreError: A part is no experiment, is of another suite, was run with other
            settings that no row tells, or learned something else under the same name.
    """
    experiments = whole = [read_experiment(part) for part in parts]
    manifest = _join_manifests(experiments)
    redactor = Redactor(os.environ if environment is None else environment)
    with RunDirectory(out, redactor) as directory:
        if (out / PLAN).exists():
            whole = [read_experiment(out), *experiments]
            manifest = _join_manifests(whole)
        plan = _join_plans([experiment.plan for experiment in whole])
        # The plan last: where there is one, there is a whole experiment.
        directory.write_json(out / MANIFEST, manifest)
        directory.write_json(out / PLAN, plan.as_record())
        known = {_identity(row) for row in read_results(out / RESULTS)}
        for experiment in experiments:
            _copy_contexts(experiment.directory / "contexts", directory.contexts)
            for row in experiment.rows:
                if _identity(row) not in known:
                    known.add(_identity(row))
                    _copy_row(row, experiment.directory, directory)
    return read_experiment(out)


def _hidden_settings(experiment: StoredExperiment) -> _Settings:
    """Settings that change outcomes and are in no row, by what rows do tell.

    Any, here and below: JSON values.
    """
    found: _Settings = {}
    cells = experiment.plan.cells
    asked = {cell.model for cell in cells}
    asleep = {cell.sleep_model for cell in cells}
    for run in experiment.manifest["runs"]:  # the plan is that of the last one
        config = run["config"]
        how = (config["mode"], config["related"])
        own_sleeper = config["sleep_model"] is not None
        options = config["sleep_model_options" if own_sleeper else "model_options"]
        sleeper = config["sleep_model"] or config["model"]
        if config["model"] in asked:
            found["test", config["model"], *how] = {
                "model_options": outcome_options(config["model_options"]),
                "limits": config["limits"],
            }
        if sleeper in asleep:
            found["sleep", sleeper, *how] = {
                "options of the sleep model": outcome_options(options),
                **{name: config[name] for name in SLEEP_SETTINGS if name in config},
            }
    return found


def _refuse_other_settings(experiments: Iterable[StoredExperiment]) -> None:
    """Refuse to mix cells that nobody could tell apart afterwards."""
    known: dict[tuple[str, ...], tuple[Path, Mapping[str, Any]]] = {}
    for experiment in experiments:
        here = experiment.directory
        for key, own in _hidden_settings(experiment).items():
            there, other = known.setdefault(key, (here, own))
            differing = [n for n in own if n in other and own[n] != other[n]]
            if differing:
                msg = (
                    f"{there} and {here} were run with other {', '.join(differing)}: "
                    "merge parts of one experiment; `swe-features compare` holds two "
                    "against each other"
                )
                raise StoreError(msg)


def _identity(row: CellResult) -> tuple[str, str]:
    # When it was finished tells two attempts at a cell apart, on any machine.
    return row.cell_id, row.finished_at


def _copy_row(row: CellResult, source: Path, directory: RunDirectory) -> None:
    """Copy a row, its trajectory first: a row that is there has its trajectory."""
    trajectory = row.trajectory
    if trajectory is not None and (source / trajectory).exists():
        target = directory.trajectories / Path(trajectory).name
        number = row.attempt
        while target.exists():
            number += 1
            target = directory.trajectories / f"{row.cell_id}.{number}.jsonl"
        _copy_whole(source / trajectory, target)
        row = replace(row, trajectory=f"trajectories/{target.name}")
    directory.results.append(row.as_record())


def _copy_contexts(source: Path, target: Path) -> None:
    for path in sorted(source.glob("[!.]*")):  # drafts of a killed writer are none
        copy = target / path.name
        if not copy.exists():
            _copy_whole(path, copy)
        elif path.suffix == ".json" and _learned(path) != _learned(copy):
            msg = (
                f"{path} and {copy} differ: the parts learned the same apart; "
                "merge shards of one experiment, which do not"
            )
            raise StoreError(msg)


def _copy_whole(source: Path, target: Path) -> None:
    try:
        with draft_of(target) as draft:
            shutil.copyfile(source, draft)
    except OSError as error:
        msg = (
            f"cannot copy {source} to {target}: {error.strerror}: mend that, and merge "
            "again"
        )
        raise StoreError(msg) from error


def _learned(path: Path) -> object:
    return read_document(path).get("text")


def _join_plans(plans: Sequence[Plan]) -> Plan:
    cells = {cell.cell_id: cell for plan in plans for cell in plan.cells}
    instances = {key: each for plan in plans for key, each in plan.instances.items()}
    return Plan(plans[0].name, tuple(cells.values()), instances)


def _join_manifests(experiments: Sequence[StoredExperiment]) -> dict[str, Any]:
    if not experiments:
        msg = "nothing to merge: name the directories of the parts"
        raise StoreError(msg)
    _refuse_other_settings(experiments)
    whole = dict(experiments[0].manifest)
    for experiment in experiments[1:]:
        whole = _join(whole, experiment.manifest, experiment.directory)
    return whole


def _join(
    whole: Mapping[str, Any], part: Mapping[str, Any], where: Path
) -> dict[str, Any]:
    """Both manifests as one. Any: JSON values."""
    if whole["suite"]["digest"] != part["suite"]["digest"]:
        msg = (
            f"{where} is of another suite ({whole['suite']['name']} and "
            f"{part['suite']['name']}): merge parts of one suite"
        )
        raise StoreError(msg)
    runs = {run["run_id"]: run for run in [*whole["runs"], *part["runs"]]}
    ordered = sorted(runs.values(), key=lambda run: str(run["started_at"]))
    drivers = {**whole["drivers"], **part["drivers"]}
    return {**whole, "drivers": drivers, "runs": ordered}
