"""One attempt: a sandbox, an arm or a sleep phase in it, and what came of it.

Whatever breaks is caught here, at the border of the attempt, and becomes a result that
says so. Only what would break every other attempt as well goes on to the caller.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from agent.errors import ModelSetupError
from agent.events import Event, EventSink
from agent.learned_context import LearnedContext
from agent.recording import conversation
from agent.rollout import Rollout
from agent.sleep_phase import sleep
from sandbox.contract import Sandbox
from sandbox.errors import SandboxLostError
from sandbox.sealing import seal
from swe_features.arms import ARMS, Assignment
from swe_features.cell_results import Breakage, CellResult, Phase
from swe_features.cells import Cell
from swe_features.equipment import Equipment
from swe_features.errors import StoreError
from swe_features.preparation import Experiment
from swe_features.scoring import score_files
from swe_features.store import RunDirectory
from swe_features.trajectories import TrajectoryWriter
from swe_features.version import version
from tasks.instances import Instance

__all__ = ["Attempts", "Slept"]

LOST_SANDBOX_ATTEMPTS = 2
"""Attempts before a sandbox that keeps going away breaks its cell."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slept:
    """What became of one sleep phase."""

    key: str
    learned: LearnedContext | None
    """None where it broke."""
    broken: Breakage | None = None
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class _Tried(Generic[T]):
    """One attempt, told from the outside: either a value, or what broke."""

    value: T | None
    broken: Breakage | None
    attempt: int = 1
    trajectory: Path | None = None


@dataclass(frozen=True, slots=True)
class _Answered:
    rollout: Rollout
    driver: str
    proof: dict[str, Any]


class Attempts:
    """Makes the attempts of one run. Thread-safe."""

    def __init__(
        self,
        experiment: Experiment,
        equipment: Equipment,
        directory: RunDirectory,
        *,
        watch: Callable[[], None],
    ) -> None:
        """Take what all attempts of a run share.

        Args:
            experiment: What is attempted.
            equipment: What it is attempted with.
            directory: Takes the trajectories.
            watch: Called at every event; what it raises ends the attempt, unfinished.
        """
        self._experiment = experiment
        self._equipment = equipment
        self._directory = directory
        self._watch = watch

    def sleep(self, instance: Instance, *, key: str, seed: int) -> Slept:
        """Run one sleep phase over the related pull requests of an instance.

        Args:
            instance: Its base commit and related pull requests are what is studied.
            key: Name of what is learned; see `context_key`.
            seed: Passed on.

        Raises:
            ModelSetupError: No attempt with this model can work.
            StoreError: Nothing can be written.
        """
        related = ",".join(str(pull.pr_number) for pull in instance.related)
        asleep = f"sleep {instance.target.repo} {instance.base_commit} {related} {seed}"

        def work(on_event: EventSink) -> LearnedContext:
            with conversation(asleep), self._sandbox(instance) as sandbox:
                return sleep(
                    model=self._equipment.sleep_model,
                    sandbox=sandbox,
                    repo=instance.target.repo,
                    related=instance.related,
                    seed=seed,
                    on_event=on_event,
                )

        tried = self._try(self._directory.contexts, key, "sleep", work)
        return Slept(key, tried.value, tried.broken, tried.attempt)

    def cell(self, cell: Cell, slept: Slept | None) -> CellResult:
        """Attempt one cell and score it; a failure becomes a broken result.

        Args:
            cell: What to attempt.
            slept: The sleep phase that it builds on, for an arm that needs one.

        Raises:
            ModelSetupError: No attempt with this model can work.
            StoreError: Nothing can be written.
        """
        if slept is not None and slept.broken is not None:
            return self._result(cell, slept, _Tried(None, slept.broken))
        instance = self._experiment.instances[cell.instance_id]
        learned = slept.learned if slept is not None else None

        mode = self._experiment.config.mode
        awake = f"test {cell.instance_id} {cell.arm} {cell.budget} {cell.seed} {mode}"

        def work(on_event: EventSink) -> _Answered:
            on_event(Event("cell", asdict(cell)))
            with conversation(awake), self._sandbox(instance) as sandbox:
                assignment = Assignment(
                    instance=instance,
                    sandbox=sandbox,
                    model=self._equipment.model,
                    mode=mode,
                    budget=cell.budget or 0,
                    seed=cell.seed,
                    learned_context=learned,
                    on_event=on_event,
                )
                rollout = ARMS[cell.arm].attempt(assignment)
                return _Answered(rollout, sandbox.driver, sandbox.proof.as_record())

        folder = self._directory.trajectories
        return self._result(cell, slept, self._try(folder, cell.cell_id, "test", work))

    @contextmanager
    def _sandbox(self, instance: Instance) -> Iterator[Sandbox]:
        source = self._experiment.sources[instance.target.repo]
        cache = self._experiment.cache / "sealed"
        sealed = seal(source, instance.base_commit, cache)
        with self._equipment.driver.open(sealed) as sandbox:
            yield sandbox

    def _try(
        self, folder: Path, name: str, phase: Phase, work: Callable[[EventSink], T]
    ) -> _Tried[T]:
        for attempt in range(1, LOST_SANDBOX_ATTEMPTS + 1):
            with self._directory.begin_trajectory(folder, name) as trajectory:
                try:
                    value = work(partial(self._record, trajectory))
                except (ModelSetupError, StoreError):
                    raise
                except Exception as error:  # noqa: BLE001  # the border of the attempt
                    broken = Breakage.of(error, phase)
                    trajectory.record(Event("broken", asdict(broken)))
                    path = trajectory.finish()
                    is_worth_another = isinstance(error, SandboxLostError)
                    if not is_worth_another or attempt == LOST_SANDBOX_ATTEMPTS:
                        return _Tried(None, broken, trajectory.attempt, path)
                else:
                    path = trajectory.finish()
                    return _Tried(value, None, trajectory.attempt, path)
        raise AssertionError  # pragma: no cover  # the last attempt returns

    def _record(self, trajectory: TrajectoryWriter, event: Event) -> None:
        self._watch()
        trajectory.record(event)

    def _result(
        self, cell: Cell, slept: Slept | None, tried: _Tried[_Answered]
    ) -> CellResult:
        instance = self._experiment.instances[cell.instance_id]
        conditions = self._experiment.conditions
        result = CellResult(
            **asdict(cell),
            mode=conditions.mode,
            related=conditions.related,
            outcome="scored" if tried.broken is None else "broken",
            gold_files=tuple(sorted(instance.gold_files)),
            related_prs=tuple(pull.pr_number for pull in instance.related),
            context=slept.key if slept is not None else None,
            broken=tried.broken,
            attempt=tried.attempt,
            trajectory=f"trajectories/{tried.trajectory.name}"
            if tried.trajectory is not None
            else None,
            finished_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            version=version(),
            code=conditions.code,
            prompts=conditions.prompts,
        )
        if slept is not None and slept.learned is not None:
            result = replace(
                result,
                sleep_tokens=slept.learned.usage,
                sleep_seconds=slept.learned.duration_s,
            )
        return _scored(result, tried.value, instance) if tried.value else result


def _scored(result: CellResult, answered: _Answered, instance: Instance) -> CellResult:
    rollout = answered.rollout
    score = score_files(frozenset(rollout.predicted_files), instance.gold_files)
    return replace(
        result,
        predicted_files=rollout.predicted_files,
        precision=score.precision,
        recall=score.recall,
        f1=score.f1,
        test_tokens=rollout.usage,
        steps=rollout.steps,
        stop=str(rollout.stop),
        proposals=rollout.proposals,
        seconds=rollout.duration_s,
        driver=answered.driver,
        proof=answered.proof,
    )
