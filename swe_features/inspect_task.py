r"""Our suites, arms and scorer as a task of Inspect, for any model that Inspect has.

    inspect eval swe_features/pull_requests --model openai/gpt-5-mini \
        -T config=rows.jsonl -T repository=PATH -T arm=sleep-time -T budget=8

The agent, its tools and its sealed sandbox are ours, so the score is comparable with
that of `swe-features run`; asking the model, its limits and the log are Inspect's. An
epoch is a seed. `--model-role sleep=...` gives the sleep phase another model.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from functools import partial
from threading import Lock
from typing import Any, TypeVar
from uuid import uuid4

import anyio.to_thread
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import transcript
from inspect_ai.model import ModelOutput, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver

from agent.events import Event, EventSink
from agent.learned_context import LearnedContext
from agent.likely_files import Finder
from agent.model import Model
from agent.rollout import Rollout
from agent.sleep_phase import sleep
from sandbox.contract import Sandbox
from sandbox.opening import open_driver
from sandbox.sealing import SealedDirectory, seal
from swe_features.arms import Assignment, arm_named
from swe_features.attempts import join_contexts
from swe_features.experiment import find_config
from swe_features.indexes import Indexes
from swe_features.inspect_model import InspectModel
from swe_features.preparation import Experiment, SleepWork, prepare
from swe_features.scoring import score_files
from tasks.obtaining import cache_folder

__all__ = ["file_scorer", "pull_request_solver", "pull_requests"]

ROLLOUT = "rollout"
"""Where the solver leaves what it did, in the sample's metadata."""
SLEEP_ROLE = "sleep"

T = TypeVar("T")


@task
def pull_requests(  # noqa: PLR0913, PLR0917  # each parameter is an option of Inspect's
    config: str | None = None,
    repository: str | None = None,
    arm: str = "sleep-time",
    budget: int = 8,
    seeds: int = 1,
    mode: str = "predict",
    sandbox: str = "auto",
    related: str = "past-only",
) -> Task:
    """Find the files that each pull request of a suite modified.

    Args:
        config: An experiment file, rows (.jsonl) or a packaged experiment; without
            it the packaged demo.
        repository: Path or address of the repository of those rows.
        arm: How each instance is attempted.
        budget: Steps of the test phase.
        seeds: How often each instance is attempted.
        mode: `predict` or `edit`.
        sandbox: Where commands run, as in `swe-features run --sandbox`.
        related: `past-only` or `any-order`.

    Raises:
        ConfigError: The settings do not fit together.
    """
    settings = find_config(config).with_options(
        arms=(arm,),
        budgets=(budget,),
        seeds=seeds,
        mode=mode,
        sandbox=sandbox,
        related=related,
        repositories={"*": repository} if repository else None,
    )
    experiment = prepare(settings, cache=cache_folder())
    samples = [
        Sample(
            id=instance.instance_id,
            input=f"{instance.target.title}\n\n{instance.target.body}",
            target=sorted(instance.gold_files),
        )
        for instance in experiment.suite.instances
    ]
    return Task(
        dataset=MemoryDataset(samples, name=experiment.suite.name),
        solver=pull_request_solver(experiment),
        scorer=file_scorer(),
        epochs=seeds,
        metadata={"suite_digest": experiment.suite.digest, "arm": arm},
    )


@solver
def pull_request_solver(experiment: Experiment) -> Solver:
    """Attempt instances as the one arm of an experiment does."""
    attempts = _Attempts(experiment)

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        del generate  # our loop asks the model itself
        events: list[Event] = []
        rollout = await anyio.to_thread.run_sync(
            partial(
                attempts.attempt,
                str(state.sample_id),
                seed=state.epoch - 1,
                model=InspectModel(get_model()),
                sleep_model=InspectModel(get_model(role=SLEEP_ROLE)),
                on_event=events.append,
            )
        )
        for event in events:
            facts: Any = dict(event.data)  # Any: JSON values
            transcript().info(facts, source=f"swe-features {event.kind}")
        answer = "\n".join(rollout.predicted_files)
        state.output = ModelOutput.from_content(str(state.model), answer)
        state.metadata[ROLLOUT] = asdict(rollout)
        return state

    return solve


@scorer(metrics={"*": [mean(), stderr()]})
def file_scorer() -> Scorer:
    """Compare the modified files with the gold files: precision, recall and F1."""

    async def score(state: TaskState, target: Target) -> Score:
        rollout: dict[str, Any] = state.metadata[ROLLOUT]  # Any: JSON values
        files = rollout["predicted_files"]
        found = score_files(frozenset(files), frozenset(target.target))
        return Score(
            value={
                "f1": found.f1,
                "precision": found.precision,
                "recall": found.recall,
            },
            answer="\n".join(files),
            explanation="gold files: " + ", ".join(target.target),
            metadata={"steps": rollout["steps"], "stop": rollout["stop"]},
        )

    return score


class _Attempts:
    """Attempts of one experiment. Thread-safe; a context is learned once."""

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        self._run_id = uuid4().hex[:12]
        self._guard = Lock()
        self._locks: dict[str, Lock] = {}
        self._learned: dict[str, LearnedContext] = {}
        self._indexes = Indexes(experiment.cache)

    def attempt(
        self,
        instance_id: str,
        *,
        seed: int,
        model: Model,
        sleep_model: Model,
        on_event: EventSink,
    ) -> Rollout:
        config = self._experiment.config
        arm = arm_named(config.arms[0])
        cells = self._experiment.cells
        cell = next(each for each in cells if each.instance_id == instance_id)
        sleeps = self._experiment.sleeps(replace(cell, seed=seed))
        learned = [self._learn(each, sleep_model, on_event) for each in sleeps]

        def work(sandbox: Sandbox) -> Rollout:
            return arm.attempt(
                Assignment(
                    instance=self._experiment.instances[instance_id],
                    sandbox=sandbox,
                    model=model,
                    mode=config.mode,
                    budget=cell.budget or 0,
                    seed=seed,
                    learned_context=join_contexts(learned),
                    limits=config.limits.as_limits(),
                    on_event=on_event,
                    finder=self._finder(sleeps[0]) if sleeps else None,
                )
            )

        return self._inside(instance_id, work)

    def _learn(
        self, work: SleepWork, model: Model, on_event: EventSink
    ) -> LearnedContext:
        with self._guard:
            lock = self._locks.setdefault(work.key, Lock())
        with lock:
            if work.key not in self._learned:
                self._learned[work.key] = self._inside(
                    work.instance_id,
                    lambda sandbox: self._sleep(work, model, sandbox, on_event),
                )
            return self._learned[work.key]

    def _sleep(
        self, work: SleepWork, model: Model, sandbox: Sandbox, on_event: EventSink
    ) -> LearnedContext:
        config = self._experiment.config
        return sleep(
            model=model,
            sandbox=sandbox,
            repo=self._experiment.instances[work.instance_id].target.repo,
            related=work.related,
            seed=work.seed,
            step_cap=config.sleep_steps,
            token_budget=config.learned_context_tokens,
            limits=config.sleep_limits.as_limits(),
            on_event=on_event,
        )

    def _finder(self, work: SleepWork) -> Finder | None:
        """The index that a sleep phase leaves, as in `swe-features run`."""
        if not self._experiment.config.localizer:
            return None
        tree = self._seal(work.instance_id).tree
        commit = self._experiment.instances[work.instance_id].base_commit
        return self._indexes.finder(tree, commit, work.related)

    def _inside(self, instance_id: str, work: Callable[[Sandbox], T]) -> T:
        """Do something in a fresh sandbox of an instance's base commit."""
        sealed = self._seal(instance_id)
        driver = open_driver(self._experiment.config.sandbox, run_id=self._run_id)
        with closing(driver), driver.open(sealed) as sandbox:
            return work(sandbox)

    def _seal(self, instance_id: str) -> SealedDirectory:
        experiment = self._experiment
        instance = experiment.instances[instance_id]
        source = experiment.sources[instance.target.repo]
        return seal(source, instance.base_commit, experiment.cache / "sealed")
