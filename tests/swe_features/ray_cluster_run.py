"""A program that runs the small experiment on two Ray nodes, and kills one of them.

Run as: ray_cluster_run.py FOLDER. It prints whether a node was killed, and how many
cells were scored and broken.
"""

import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

from swe_features.cell_results import CellResult
from swe_features.session import run_experiment
from tests.swe_features.small_experiment import Silence, small_experiment


class Killer(Silence):
    """Kills the second node once some cells are finished."""

    def __init__(self, kill: Callable[[], None]) -> None:
        super().__init__()
        self._kill = kill
        self.is_done = False

    def finished(self, result: CellResult) -> None:
        super().finished(result)
        if len(self.results) >= 6 and not self.is_done:
            self.is_done = True
            threading.Timer(0.2, self._kill).start()


def main(folder: Path) -> None:
    here = {"num_cpus": 1, "include_dashboard": False}
    # Any: what Ray tests itself with has few types.
    cluster: Any = Cluster(initialize_head=True, head_node_args=here)
    second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    experiment = small_experiment(
        folder,
        model="offline",
        sandbox="subprocess",
        budgets=[2, 3, 4, 5],
        arms=["sleep-time", "no-context", "oracle"],
        executor="ray",
        address=cluster.address,
    )
    kill = partial(cluster.remove_node, second, allow_graceful=False)
    killer = Killer(kill)
    summary = run_experiment(experiment, folder / "out", killer, environment={})
    sys.stdout.write(f"{killer.is_done} {summary.scored} {summary.broken}\n")
    cluster.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
