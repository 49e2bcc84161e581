"""One run over one directory: what is there already, what is missing, what came of it.

Running the same experiment again takes up where the last run ended, however it ended:
scored cells stay as they are, broken and missing ones are attempted.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from agent.redaction import Redactor
from swe_features.arms import arm_named
from swe_features.attempts import Attempts
from swe_features.cell_results import CellResult, latest_results, read_results
from swe_features.cells import Cell
from swe_features.equipment import Equipment, equip, offline_note
from swe_features.errors import ConfigError, StoreError
from swe_features.executors import Executor, Threads
from swe_features.experiment import ExperimentConfig
from swe_features.manifest import SCHEMA, describe_drivers, read_manifest
from swe_features.plan import Plan, read_plan
from swe_features.preparation import Experiment
from swe_features.provenance import environment_record
from swe_features.runner import Progress, Runner
from swe_features.selection import Retry, select_cells
from swe_features.store import MANIFEST, PLAN, RESULTS, RunDirectory
from swe_features.table import TableRow, summarise
from tasks.obtaining import check_cache

__all__ = ["RunSummary", "run_experiment"]


class SetUp(Protocol):
    """Makes what an experiment works with; see `equip`."""

    def __call__(self, config: ExperimentConfig, *, run_id: str) -> Equipment:
        """Set it up for the arms that the configuration names."""
        ...


@dataclass(frozen=True, slots=True)
class RunSummary:
    """How an experiment stands after a run."""

    directory: Path
    rows: tuple[TableRow, ...]
    isolation: tuple[str, ...]
    """For each driver that the results come from: its name, and what it isolates."""
    offline_note: str | None
    skipped_rows: int
    planned: int
    scored: int
    broken: int
    attempted: int
    """Cells that this run attempted; the others were scored before."""
    other_code: int
    """Scored rows in the directory that other code or prompts produced."""


def run_experiment(  # noqa: PLR0913  # what a run depends on, by keyword
    experiment: Experiment,
    out: Path | str,
    progress: Progress,
    *,
    retry: Retry = "broken",
    set_up: SetUp = equip,
    environment: Mapping[str, str] | None = None,
) -> RunSummary:
    """Run what is missing of an experiment.

    Args:
        experiment: What to run.
        out: Its directory; created if need be.
        progress: Told how it goes on.
        retry: What is attempted again, of the cells that have a result.
        set_up: Makes the models and the driver; called only where cells are missing.
        environment: Where the values of secrets are, which no file may hold; None
            takes this process's own.

    Raises:
        InterruptedRunError: It was asked to stop.
        ModelSetupError: A model cannot be set up.
        DriverUnavailableError: The sandbox asked for does not work here.
        ConfigError: An arm needs a program that is not installed.
        CacheError: The cache cannot be written.
        StoreError: The directory cannot be written, is in use, or is another suite's.
    """
    out = Path(out)
    redactor = Redactor(os.environ if environment is None else environment)
    with RunDirectory(out, redactor) as directory:
        manifest = _open_manifest(directory, experiment)
        results = latest_results(read_results(out / RESULTS))
        due = select_cells(experiment.cells, results, retry)
        run_id = uuid4().hex[:12]
        manifest["runs"].append(_run_record(experiment, run_id, due))
        if due:
            if experiment.config.executor == "threads":
                _refuse_missing_programs(due)
            working = _on_ray if experiment.config.executor == "ray" else _in_threads
            place = _Place(experiment, directory, manifest, run_id, due)
            with working(place, set_up) as executor:
                # Not before: a run that cannot begin leaves the last one's plan alone.
                _keep_plan(directory, experiment)
                Runner(experiment, executor, directory, progress).run(due, results)
            results = latest_results(read_results(out / RESULTS))
        elif _keep_plan(directory, experiment):
            # The last record is that of the plan, whose settings no cell tells.
            directory.write_json(out / MANIFEST, manifest)
        return _summarise(experiment, out, results, manifest, len(due))


def _refuse_missing_programs(due: Sequence[Cell]) -> None:
    """Say so before anything is spent; every cell of the arm would break."""
    for name in dict.fromkeys(cell.arm for cell in due):
        for program in arm_named(name).programs:
            if shutil.which(program) is None:
                msg = f"{name} needs the program {program!r} on PATH: install it first"
                raise ConfigError(msg)


@dataclass(frozen=True, slots=True)
class _Place:
    """What is known where the executor of a run is chosen."""

    experiment: Experiment
    directory: RunDirectory
    manifest: dict[str, Any]
    run_id: str
    due: Sequence[Cell]

    @property
    def due_config(self) -> ExperimentConfig:
        """The configuration without the arms that are done: they ask no model."""
        arms = tuple(dict.fromkeys(cell.arm for cell in self.due))
        return self.experiment.config.model_copy(update={"arms": arms})

    def note_drivers(self, drivers: Mapping[str, dict[str, Any]]) -> None:
        """Write down which sandboxes there were."""
        self.manifest["drivers"].update(drivers)
        self.directory.write_json(self.directory.path / MANIFEST, self.manifest)


@contextmanager
def _in_threads(place: _Place, set_up: SetUp) -> Iterator[Executor]:
    with set_up(place.due_config, run_id=place.run_id) as equipment:
        # Every cell would break by itself.
        check_cache(place.experiment.cache / "sealed")
        place.note_drivers({equipment.driver.name: equipment.driver_record()})
        attempts = partial(Attempts, place.experiment, equipment, place.directory)
        yield Threads(attempts, place.experiment.config.workers)


@contextmanager
def _on_ray(place: _Place, set_up: SetUp) -> Iterator[Executor]:
    del set_up  # every node sets itself up
    try:
        # Imported here: it takes seconds, and is an extra.
        from swe_features.ray_executor import RayCluster  # noqa: PLC0415
    except ImportError as error:
        msg = f"Ray is not installed ({error}): pip install 'swe-features[ray]'"
        raise ConfigError(msg) from error
    place.note_drivers({})
    cluster = RayCluster(
        place.experiment,
        place.directory,
        run_id=place.run_id,
        address=place.experiment.config.address,
    )
    try:
        yield cluster
    finally:
        cluster.close()
        place.note_drivers(cluster.drivers)


def _open_manifest(directory: RunDirectory, experiment: Experiment) -> dict[str, Any]:
    """The manifest of a directory, or a new one for a new directory."""
    path = directory.path / MANIFEST
    suite = experiment.suite
    if path.exists():
        manifest = read_manifest(path)
        there = manifest["suite"]
        if there["digest"] != suite.digest:
            msg = (
                f"{directory.path} holds results of another suite "
                f"({there['name']}, {there['digest'][:12]}): choose another --out"
            )
            raise StoreError(msg)
        return manifest
    return {
        "schema": SCHEMA,
        "suite": {
            "name": suite.name,
            "digest": suite.digest,
            "instances": len(suite.instances),
            "skipped": [str(problem) for problem in suite.skipped],
        },
        "drivers": {},
        "runs": [],
    }


def _keep_plan(directory: RunDirectory, experiment: Experiment) -> bool:
    """Store the plan; False where it is there already."""
    path = directory.path / PLAN
    plan = Plan.of(experiment.config.name, experiment.cells, experiment.suite.instances)
    try:
        stored = read_plan(path)
    except StoreError:  # none, or none that can be read: it is made anew
        stored = None
    if stored == plan:
        return False
    directory.write_json(path, plan.as_record())
    return True


def _run_record(
    experiment: Experiment, run_id: str, missing: list[Cell]
) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cells": len(experiment.cells),
        "attempted": len(missing),
        "config": experiment.config.model_dump(mode="json"),
        "repositories": {name: str(path) for name, path in experiment.sources.items()},
        "environment": environment_record(),
        "offline_note": offline_note(_models(experiment)),
    }


def _summarise(
    experiment: Experiment,
    out: Path,
    results: Mapping[str, CellResult],
    manifest: Mapping[str, Any],
    attempted: int,
) -> RunSummary:
    rows = summarise(experiment.cells, results)
    planned = {cell.cell_id for cell in experiment.cells}
    drivers = {results[cell_id].driver for cell_id in planned if cell_id in results}
    code = experiment.conditions.code, experiment.conditions.prompts
    return RunSummary(
        directory=out,
        rows=rows,
        isolation=(*describe_drivers(manifest, drivers), *_beside(experiment)),
        offline_note=offline_note(_models(experiment)),
        skipped_rows=len(experiment.suite.skipped),
        planned=len(planned),
        scored=sum(row.scored for row in rows),
        broken=sum(row.broken for row in rows),
        attempted=attempted,
        other_code=sum(
            (result.code, result.prompts) != code and result.outcome == "scored"
            for result in results.values()
        ),
    )


def _models(experiment: Experiment) -> tuple[str | None, ...]:
    return experiment.config.model, experiment.config.sleep_model


def _beside(experiment: Experiment) -> tuple[str, ...]:
    """Where the arms work that do not work inside of the sandbox."""
    arms = map(arm_named, dict.fromkeys(cell.arm for cell in experiment.cells))
    return tuple(
        f"{arm.name} works beside it, {arm.isolation}" for arm in arms if arm.isolation
    )
