"""Read an experiment back: for reports, statistics, and anyone's own analysis.

    experiment = read_experiment("runs/demo")
    for cell, result in experiment.cells_with_results():
        print(cell.arm, cell.budget, result and result.f1)

A directory may be read while a run writes to it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent.learned_context import LearnedContext
from agent.learned_context_store import LearnedContextStore
from swe_features.cell_results import (
    CellResult,
    latest_results,
    newest_results,
    read_results,
)
from swe_features.cells import Cell
from swe_features.errors import StoreError
from swe_features.manifest import read_manifest
from swe_features.plan import Plan, read_plan
from swe_features.recordings import Recording, read_recording
from swe_features.store import MANIFEST, PLAN, RESULTS
from swe_features.trajectories import ended_attempts, read_trajectory

__all__ = ["CellResult", "StoredExperiment", "read_experiment"]


@dataclass(frozen=True, slots=True)
class StoredExperiment:
    """Everything of one experiment on disk; the large parts are read on demand."""

    directory: Path
    manifest: Mapping[str, Any]
    """Provenance: suite, drivers, one record for each run. Any: JSON values."""
    plan: Plan
    """The cells of the last run, and the instances they attempt.

    Of a merged run without those that another one, of newer code, stands for.
    """
    results: Mapping[str, CellResult]
    """The result that counts for each planned cell, by `cell_id`; newest last."""
    rows: tuple[CellResult, ...]
    """Every row that was ever written, attempts that broke included; as in the file."""

    @property
    def scored(self) -> tuple[CellResult, ...]:
        """Results with a score, in the order of the plan."""
        return tuple(
            r for _, r in self.cells_with_results() if r and r.outcome == "scored"
        )

    def cells_with_results(self) -> Iterator[tuple[Cell, CellResult | None]]:
        """Every planned cell with its result; None where there is none yet."""
        for cell in self.plan.cells:
            yield cell, self.results.get(cell.cell_id)

    def trajectory(self, result: CellResult) -> Iterator[Mapping[str, Any]]:
        """Events of the attempt that a result came from; none where it had none.

        Raises:
            StoreError: Its file is damaged.
        """
        if result.trajectory is None:
            return iter(())
        return read_trajectory(self.directory / result.trajectory)

    def recording(self, result: CellResult) -> Recording:
        """The same for a report: whole, or the reason why it cannot be read."""
        if result.trajectory is None:
            return Recording()
        return read_recording(self.directory / result.trajectory)

    def context(self, key: str) -> LearnedContext | None:
        """A learned context by the key that results name; None where it is missing.

        Raises:
            LearnedContextError: Its file is damaged.
        """
        return LearnedContextStore(self.directory / "contexts").find(key)

    def context_trajectory(self, key: str) -> Iterator[Mapping[str, Any]]:
        """Events of the last sleep phase of a key; none where there is no record.

        Raises:
            StoreError: Its file is damaged.
        """
        path = self._sleep_record(key)
        return read_trajectory(path) if path else iter(())

    def context_recording(self, key: str) -> Recording:
        """The same for a report: whole, or the reason why it cannot be read."""
        path = self._sleep_record(key)
        return read_recording(path) if path else Recording()

    def _sleep_record(self, key: str) -> Path | None:
        attempts = ended_attempts(self.directory / "contexts", key)
        return attempts[-1] if attempts else None


def read_experiment(directory: Path | str) -> StoredExperiment:
    """Read an experiment's directory.

    Raises:
        StoreError: It is no such directory, or damaged.
    """
    directory = Path(directory)
    if not (directory / MANIFEST).exists() and not (directory / PLAN).exists():
        msg = f"{directory} holds no experiment: give the --out of a run"
        raise StoreError(msg)
    plan = read_plan(directory / PLAN)
    rows = tuple(read_results(directory / RESULTS))
    latest = latest_results(rows)
    planned = {cell.cell_id for cell in plan.cells}
    found = {key: latest[key] for key in latest if key in planned}
    newest = {result.cell_id for result in newest_results(found.values())}
    results = {key: found[key] for key in found if key in newest}
    older = found.keys() - newest
    cells = tuple(cell for cell in plan.cells if cell.cell_id not in older)
    plan = replace(plan, cells=cells)
    manifest = read_manifest(directory / MANIFEST)
    return StoredExperiment(directory, manifest, plan, results, rows)
