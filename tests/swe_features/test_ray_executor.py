"""The executor on Ray, on a real cluster of two nodes.

Ray's servers listen wherever the machine can be reached, so the cluster gets a network
of its own that has loopback alone. That takes root.
"""

import os
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import pytest

from swe_features.cli import main
from swe_features.results import read_experiment

ROOT = Path(__file__).parents[2]
CAN_RUN = find_spec("ray") is not None and os.geteuid() == 0 and which("unshare")

pytestmark = pytest.mark.skipif(not CAN_RUN, reason="needs Ray, root and unshare")

IN_OWN_NETWORK = """
import fcntl, os, socket, struct, sys
SIOCSIFFLAGS, UP_AND_RUNNING = 0x8914, 0x41
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    request = struct.pack("16sH14s", b"lo", UP_AND_RUNNING, b"")
    fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)
os.execv(sys.executable, [sys.executable, "-m", *sys.argv[1:]])
"""


def test_node_that_dies_costs_no_finished_cell_and_none_is_done_twice(
    tmp_path: Path,
) -> None:
    program = ["tests.swe_features.ray_cluster_run", str(tmp_path)]
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", IN_OWN_NETWORK, *program],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SWE_FEATURES_CACHE": str(tmp_path / "cache"),
            "RAY_USAGE_STATS_ENABLED": "0",
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "True 27 0"
    experiment = read_experiment(tmp_path / "out")
    times = Counter(row.cell_id for row in experiment.rows)
    assert set(times) == {cell.cell_id for cell in experiment.plan.cells}
    assert set(times.values()) == {1}
    assert experiment.manifest["drivers"]["subprocess"]["isolation"]
    for result in experiment.scored:
        events = list(experiment.trajectory(result))
        assert events[0]["data"]["cell_id"] == result.cell_id
        assert all(experiment.context(key) for key in result.contexts)
        if result.context is not None:
            assert list(experiment.context_trajectory(result.context))


def test_an_address_where_nobody_listens_is_said_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--executor", "ray", "--address", "127.0.0.1:1"]
    assert main(["run", "--out", str(tmp_path), *options]) == 2
    assert "no Ray cluster at 127.0.0.1:1" in capsys.readouterr().err
