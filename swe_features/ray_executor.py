"""Do the work of a run on a Ray cluster; Ray places it, repeats it, brings it back.

Every node has this package, a clone or the address of each repository, its own sealed
cache and its own sandboxes; keys of models are in the nodes' environment and are never
sent. The head alone writes results, so a node that dies takes nothing finished along:
Ray does its unfinished work anew elsewhere, and each piece of work ends in one row.
"""

import atexit
import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import ray
from ray.exceptions import RayError, RayTaskError

from agent.redaction import Redactor
from swe_features.attempts import Attempts, Slept, broken_result
from swe_features.cell_results import Breakage, CellResult
from swe_features.cells import Cell
from swe_features.equipment import Equipment, equip
from swe_features.errors import ConfigError
from swe_features.executors import StoppedWork
from swe_features.experiment import ExperimentConfig
from swe_features.preparation import Experiment, SleepWork, prepare
from swe_features.store import RunDirectory
from swe_features.trajectories import ended_attempts
from tasks.obtaining import cache_folder

__all__ = ["RayCluster"]

REPEATS = 3
"""How often work is done anew that a node or a process took along."""

_LOOK_S = 10.0

LOOPBACK = "127.0.0.1"
"""A cluster that a run starts for itself is nobody else's business."""

T = TypeVar("T")


@dataclass(frozen=True)
class _Order:
    """What a node needs to know of an experiment; the same for all its work."""

    settings: str
    """The configuration as JSON."""
    digest: str
    """Of the suite: every node must find the same."""
    code: str
    run_id: str


@dataclass(frozen=True, slots=True)
class _Parcel(Generic[T]):
    """What came of one piece of work, as it travels back."""

    value: T
    trajectories: tuple[tuple[str, bytes], ...]
    """Name and content of each attempt's file, in order."""
    driver: str
    driver_record: dict[str, Any]


def _look_for(address: str | None) -> None:
    """Fail at once where nobody listens; Ray itself would try for minutes.

    Raises:
        ConfigError: Nobody does.
    """
    host, _, port = (address or "").rpartition(":")
    if not host or not port.isdigit() or "/" in host:
        return  # `auto`, a client's address, or none
    try:
        socket.create_connection((host, int(port)), _LOOK_S).close()
    except OSError as error:
        reason = error.strerror or error
        msg = f"no Ray cluster at {address} ({reason}): start one with `ray start`"
        raise ConfigError(msg) from error


class RayCluster:
    """An executor on a Ray cluster, or on one that it starts on this machine."""

    def __init__(
        self,
        experiment: Experiment,
        directory: RunDirectory,
        *,
        run_id: str,
        address: str | None,
    ) -> None:
        """Connect.

        Args:
            experiment: Whose work it is.
            directory: Takes the trajectories that come back.
            run_id: Marks what is left on the nodes.
            address: Of the cluster's head, `auto` for one that runs here already; None
                starts one that lasts as long as this run.

        Raises:
            ConfigError: There is no cluster at that address.
        """
        self._experiment = experiment
        self._directory = directory
        self.drivers: dict[str, dict[str, Any]] = {}
        """What the nodes' sandboxes isolate, by the driver's name."""
        self._order = _Order(
            # A node works in another folder.
            settings=experiment.given.with_whole_paths().model_dump_json(),
            digest=experiment.suite.digest,
            code=experiment.conditions.code,
            run_id=run_id,
        )
        _look_for(address)
        # Ray tells its makers how it is used, unless somebody says no.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            ray.init(
                address=address,
                log_to_driver=False,
                logging_level=logging.ERROR,
                include_dashboard=False if address is None else None,
                _node_ip_address=LOOPBACK if address is None else None,
            )
        except (ConnectionError, RuntimeError) as error:
            msg = f"no Ray cluster at {address}: {' '.join(str(error).split())[:200]}"
            raise ConfigError(msg) from error
        remote = ray.remote(max_retries=REPEATS, num_cpus=1)
        self._sleep_task, self._cell_task = remote(_sleep), remote(_cell)
        self._refs: list[Any] = []
        self._is_stopped = False

    def sleep(self, work: SleepWork) -> Future[Slept]:
        """Begin a sleep phase."""
        ref = self._sleep_task.remote(self._order, work)
        folder = self._directory.contexts

        def give_up(error: Exception) -> Slept:
            return Slept(work.key, None, Breakage.of(error, "sleep"))

        return self._follow(ref, folder, work.key, give_up)

    def cell(self, cell: Cell, slept: Sequence[Slept]) -> Future[CellResult]:
        """Begin a cell, whose sleep phases are over."""
        ref = self._cell_task.remote(self._order, cell, tuple(slept))
        folder = self._directory.trajectories

        def give_up(error: Exception) -> CellResult:
            return broken_result(self._experiment, cell, slept, error)

        return self._follow(ref, folder, cell.cell_id, give_up)

    def stop(self) -> None:
        """Begin nothing more, and cut short what is under way."""
        if not self._is_stopped:
            self._is_stopped = True
            for ref in self._refs:
                ray.cancel(ref, force=False)

    def close(self) -> None:
        """Disconnect; a cluster that was started for this run ends."""
        ray.shutdown()

    def _follow(
        self,
        ref: Any,  # noqa: ANN401  # Ray's own references have no useful type
        folder: Path,
        name: str,
        give_up: Callable[[Exception], T],
    ) -> Future[T]:
        ours: Future[T] = Future()
        self._refs.append(ref)

        def take(theirs: Future[_Parcel[T]]) -> None:
            try:
                ours.set_result(self._unpack(theirs.result(), folder, name))
            except RayTaskError as error:
                # What the work itself raised: nothing of this kind can work.
                ours.set_exception(error.cause or error)
            except RayError as error:
                if self._is_stopped:
                    ours.set_exception(StoppedWork())
                else:
                    ours.set_result(give_up(error))
            except Exception as error:  # noqa: BLE001  # else the run would never end
                ours.set_exception(error)

        ref.future().add_done_callback(take)
        return ours

    def _unpack(self, parcel: _Parcel[T], folder: Path, name: str) -> T:
        self.drivers[parcel.driver] = parcel.driver_record
        attempt, path = 1, None
        for _, content in parcel.trajectories:
            attempt, path = self._directory.adopt_trajectory(folder, name, content)
        if isinstance(parcel.value, CellResult) and path is not None:
            return parcel.value.of_attempt(attempt, f"trajectories/{path.name}")
        return parcel.value


class _Room:
    """What one process of a node works with, for one run."""

    def __init__(self, order: _Order) -> None:
        config = ExperimentConfig.model_validate_json(order.settings)
        self.experiment = prepare(config, cache=cache_folder())
        self._check(order)
        self.folder = Path(tempfile.mkdtemp(prefix="swe-features-"))
        self.equipment: Equipment = equip(config, run_id=order.run_id)
        self.directory = RunDirectory(self.folder, Redactor(os.environ))
        self.attempts = Attempts(
            self.experiment, self.equipment, self.directory, lambda: None
        )
        atexit.register(self.close)

    def _check(self, order: _Order) -> None:
        node = socket.gethostname()
        if self.experiment.suite.digest != order.digest:
            msg = f"node {node} finds another suite: give all nodes the same rows"
            raise ConfigError(msg)
        if self.experiment.conditions.code != order.code:
            msg = f"node {node} has another version of this package: install the same"
            raise ConfigError(msg)

    def send(self, value: T, folder: Path, name: str) -> _Parcel[T]:
        """Pack a value with the trajectories that were written for it."""
        files = ended_attempts(folder, name)
        parcel = _Parcel(
            value=value,
            trajectories=tuple((file.name, file.read_bytes()) for file in files),
            driver=self.equipment.driver.name,
            driver_record=self.equipment.driver_record(),
        )
        for file in files:
            file.unlink()
        return parcel

    def close(self) -> None:
        """Remove what this process made."""
        self.equipment.close()
        self.directory.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@cache
def _room(order: _Order) -> _Room:
    return _Room(order)


def _sleep(order: _Order, work: SleepWork) -> _Parcel[Slept]:
    room = _room(order)
    return room.send(room.attempts.sleep(work), room.directory.contexts, work.key)


def _cell(order: _Order, cell: Cell, slept: tuple[Slept, ...]) -> _Parcel[CellResult]:
    room = _room(order)
    result = room.attempts.cell(cell, slept)
    return room.send(result, room.directory.trajectories, cell.cell_id)
