"""A program that starts the small experiment again and again, and kills it.

It forks, so that a start costs milliseconds. Each child appends the id of a cell to
`reported` once the runner says that it is finished; then it is killed at a random
moment. The last child may finish. Run as: killed_run.py FOLDER KILLS SEED.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from swe_features.cell_results import CellResult
from swe_features.preparation import Experiment
from swe_features.session import run_experiment
from tests.swe_features.small_experiment import (
    Silence,
    Student,
    equip_with,
    small_experiment,
)


class Reporter(Silence):
    """Writes down each finished cell at once."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def finished(self, result: CellResult) -> None:
        os.write(self._file, f"{result.cell_id}\n".encode())


def experiment_for(folder: Path, kills: int) -> Experiment:
    """Enough cells that most kills find some at work."""
    return small_experiment(folder, budgets=range(1, 3 + kills // 4), workers=2)


def run(experiment: Experiment, folder: Path) -> None:
    run_experiment(
        experiment,
        folder / "out",
        Reporter(folder / "reported"),
        set_up=lambda config, run_id: equip_with(Student()),
        environment={},
    )


def main(folder: Path, kills: int, seed: int) -> None:
    experiment = experiment_for(folder, kills)
    moments = random.Random(seed)
    for _ in range(kills):
        child = os.fork()
        if child == 0:
            run(experiment, folder)
            os._exit(0)
        time.sleep(moments.uniform(0.0, 0.6))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    run(experiment, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
