"""One attempt: a sandbox, an arm or a sleep phase in it, and what came of it.

Whatever breaks is caught here, at the border of the attempt, and becomes a result that
says so. Only what would break every other attempt as well goes on to the caller.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from agent.errors import ModelSetupError
from agent.events import Event, EventSink
from agent.learned_context import LearnedContext
from agent.likely_files import Finder
from agent.models.recording import conversation
from agent.rollout import Rollout
from agent.sleep_phase import sleep
from agent.usage import Usage
from sandbox.contract import Sandbox
from sandbox.errors import SandboxLostError
from sandbox.sealing import SealedDirectory, seal
from swe_features.arms import Assignment, arm_named
from swe_features.cell_results import Breakage, CellResult, Phase
from swe_features.cells import Cell, digest
from swe_features.equipment import Equipment
from swe_features.errors import StoreError
from swe_features.indexes import Indexes
from swe_features.preparation import Experiment, SleepWork
from swe_features.scoring import score_files
from swe_features.store import RunDirectory
from swe_features.trajectories import TrajectoryWriter
from swe_features.version import version
from tasks.instances import Instance
from tasks.pull_requests import PullRequest

__all__ = ["Attempts", "Slept", "broken_result", "join_contexts"]

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
        self._indexes = Indexes(experiment.cache)

    def sleep(self, work: SleepWork) -> Slept:
        """Run one sleep phase; a failure becomes part of what is returned.

        Args:
            work: What to study.

        Raises:
            ModelSetupError: No attempt with this model can work.
            StoreError: Nothing can be written.
        """
        config = self._experiment.config
        instance = self._experiment.instances[work.instance_id]
        numbers = ",".join(str(pull.pr_number) for pull in work.related)
        where = f"{instance.target.repo} {instance.base_commit}"
        asleep = f"sleep {where} {numbers} {work.seed}"

        def study(on_event: EventSink) -> LearnedContext:
            self._finder(instance, work.related)
            with conversation(asleep), self._sandbox(instance) as sandbox:
                return sleep(
                    model=self._equipment.sleep_models(work.seed),
                    sandbox=sandbox,
                    repo=instance.target.repo,
                    related=work.related,
                    seed=work.seed,
                    step_cap=config.sleep_steps,
                    token_budget=config.learned_context_tokens,
                    limits=config.sleep_limits.as_limits(),
                    on_event=on_event,
                )

        tried = self._try(self._directory.contexts, work.key, "sleep", study)
        return Slept(work.key, tried.value, tried.broken, tried.attempt)

    def cell(self, cell: Cell, slept: Sequence[Slept]) -> CellResult:
        """Attempt one cell and score it; a failure becomes a broken result.

        Args:
            cell: What to attempt.
            slept: The sleep phases that it builds on, for an arm that needs some.

        Raises:
            ModelSetupError: No attempt with this model can work.
            StoreError: Nothing can be written.
        """
        contexts = _Contexts.of(slept)
        if contexts.broken is not None:
            return _result(
                self._experiment, cell, contexts, _Tried(None, contexts.broken)
            )
        instance = self._experiment.instances[cell.instance_id]
        mode = self._experiment.config.mode
        awake = f"test {cell.instance_id} {cell.arm} {cell.budget} {cell.seed} {mode}"

        def work(on_event: EventSink) -> _Answered:
            on_event(Event("cell", asdict(cell)))
            with conversation(awake), self._sandbox(instance) as sandbox:
                assignment = Assignment(
                    instance=instance,
                    sandbox=sandbox,
                    model=self._equipment.models(cell.seed),
                    mode=mode,
                    budget=cell.budget or 0,
                    seed=cell.seed,
                    learned_context=contexts.learned,
                    limits=self._experiment.config.limits.as_limits(),
                    on_event=on_event,
                    finder=self._finder_of(cell, instance)
                    if contexts.learned
                    else None,
                )
                rollout = arm_named(cell.arm).attempt(assignment)
                return _Answered(rollout, sandbox.driver, sandbox.proof.as_record())

        tried = self._try(self._directory.trajectories, cell.cell_id, "test", work)
        return _result(self._experiment, cell, contexts, tried)

    @contextmanager
    def _sandbox(self, instance: Instance) -> Iterator[Sandbox]:
        with self._equipment.driver.open(self._seal(instance)) as sandbox:
            yield sandbox

    def _seal(self, instance: Instance) -> SealedDirectory:
        source = self._experiment.sources[instance.target.repo]
        return seal(source, instance.base_commit, self._experiment.cache / "sealed")

    def _finder_of(self, cell: Cell, instance: Instance) -> Finder | None:
        """The index that a cell's sleep phases left."""
        studied = instance.related
        if arm_named(cell.arm).studies == "unrelated":
            studied = self._experiment.unrelated[cell.instance_id]
        return self._finder(instance, studied)

    def _finder(
        self, instance: Instance, studied: Sequence[PullRequest]
    ) -> Finder | None:
        """The index that a sleep phase leaves; learned in the first one that asks."""
        if not self._experiment.config.localizer:
            return None
        tree = self._seal(instance).tree
        return self._indexes.finder(tree, instance.base_commit, studied)

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


def broken_result(
    experiment: Experiment, cell: Cell, slept: Sequence[Slept], error: Exception
) -> CellResult:
    """The result of a cell whose attempt never came to an end.

    Args:
        experiment: Where the cell belongs.
        cell: What was attempted.
        slept: The sleep phases that it built on.
        error: What took it away.
    """
    # Not `_Tried[_Answered](...)`: Python 3.11 cannot make a frozen one by that name.
    tried: _Tried[_Answered] = _Tried(None, Breakage.of(error, "test"))
    return _result(experiment, cell, _Contexts.of(slept), tried)


def _result(
    experiment: Experiment, cell: Cell, contexts: "_Contexts", tried: _Tried[_Answered]
) -> CellResult:
    instance = experiment.instances[cell.instance_id]
    conditions = experiment.conditions
    trajectory = tried.trajectory
    learned = contexts.learned
    result = CellResult(
        **asdict(cell),
        mode=arm_named(cell.arm).own_mode or conditions.mode,
        related=conditions.related,
        outcome="scored" if tried.broken is None else "broken",
        gold_files=tuple(sorted(instance.gold_files)),
        related_prs=tuple(pull.pr_number for pull in instance.related),
        sleep_tokens=learned.usage if learned is not None else None,
        sleep_seconds=learned.duration_s if learned is not None else None,
        context=contexts.key,
        contexts=contexts.keys,
        broken=tried.broken,
        attempt=tried.attempt,
        trajectory=f"trajectories/{trajectory.name}" if trajectory else None,
        finished_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        version=version(),
        code=conditions.code,
        prompts=conditions.prompts,
    )
    return _scored(result, tried.value, instance) if tried.value else result


@dataclass(frozen=True, slots=True)
class _Contexts:
    """What the sleep phases of a cell came to, together."""

    keys: tuple[str, ...]
    learned: LearnedContext | None
    broken: Breakage | None

    @classmethod
    def of(cls, slept: Sequence[Slept]) -> "_Contexts":
        keys = tuple(each.key for each in slept)
        broken = next((each.broken for each in slept if each.broken is not None), None)
        learned = [each.learned for each in slept if each.learned is not None]
        return cls(keys, None if broken else join_contexts(learned), broken)

    @property
    def key(self) -> str | None:
        """One name for all of them."""
        if not self.keys:
            return None
        return self.keys[0] if len(self.keys) == 1 else digest(list(self.keys))


def join_contexts(learned: Sequence[LearnedContext]) -> LearnedContext | None:
    """Learned contexts one after the other, as one (arXiv 2504.13171, appendix F).

    Tokens add up. They were learned side by side, so the time is the longest.
    """
    if not learned:
        return None
    if len(learned) == 1:
        return learned[0]
    return replace(
        learned[0],
        # One that learned the same as another says nothing more.
        text="\n\n".join(dict.fromkeys(each.text for each in learned)),
        usage=sum((each.usage for each in learned), Usage()),
        duration_s=max(each.duration_s for each in learned),
        revisions=(),
    )


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
