"""How much of a coding agent's work can be done before anyone asks? Measured.

Import public names from here; each is loaded when first used, so the import itself
stays light. Read `session` and `runner` for how an experiment runs, `arms` for how an
instance is attempted, `scoring` for the metric, `store` for what lies on disk,
`results` for reading it back, and `cli` for the command line.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.learned_context import LearnedContext
    from agent.models.loading import load_model
    from agent.rollout import Rollout
    from agent.sleep_phase import sleep
    from agent.test_phase import attempt
    from sandbox.opening import open_driver
    from sandbox.sealing import seal
    from swe_features.cell_results import CellResult
    from swe_features.experiment import ExperimentConfig, load_config
    from swe_features.preparation import prepare
    from swe_features.results import StoredExperiment, read_experiment
    from swe_features.scoring import FileScore, score_files
    from swe_features.session import run_experiment
    from tasks.instances import Instance
    from tasks.pull_requests import PullRequest
    from tasks.repository import Repository
    from tasks.suite import Suite, load_suite

__all__ = [
    "CellResult",
    "ExperimentConfig",
    "FileScore",
    "Instance",
    "LearnedContext",
    "PullRequest",
    "Repository",
    "Rollout",
    "StoredExperiment",
    "Suite",
    "attempt",
    "load_config",
    "load_model",
    "load_suite",
    "open_driver",
    "prepare",
    "read_experiment",
    "run_experiment",
    "score_files",
    "seal",
    "sleep",
]

_HOMES = {
    "CellResult": "swe_features.cell_results",
    "ExperimentConfig": "swe_features.experiment",
    "FileScore": "swe_features.scoring",
    "Instance": "tasks.instances",
    "LearnedContext": "agent.learned_context",
    "PullRequest": "tasks.pull_requests",
    "Repository": "tasks.repository",
    "Rollout": "agent.rollout",
    "StoredExperiment": "swe_features.results",
    "Suite": "tasks.suite",
    "attempt": "agent.test_phase",
    "load_config": "swe_features.experiment",
    "load_model": "agent.models.loading",
    "load_suite": "tasks.suite",
    "open_driver": "sandbox.opening",
    "prepare": "swe_features.preparation",
    "read_experiment": "swe_features.results",
    "run_experiment": "swe_features.session",
    "score_files": "swe_features.scoring",
    "seal": "sandbox.sealing",
    "sleep": "agent.sleep_phase",
}


def __getattr__(name: str) -> object:
    """Load a public name where it lives (PEP 562)."""
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
