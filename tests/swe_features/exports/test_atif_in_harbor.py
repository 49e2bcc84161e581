"""Exported trajectories, read by the program whose format they have.

Harbor needs a newer Python and an environment of its own. Where one is,
HARBOR_PYTHON=path/to/its/bin/python pytest tests/swe_features/exports
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from swe_features.exports.writing import Form, export_experiment
from swe_features.results import StoredExperiment, read_experiment
from tests.swe_features.exports.test_exports import Editor, run_small
from tests.swe_features.small_experiment import Student

PYTHON = os.environ.get("HARBOR_PYTHON") or (find_spec("harbor") and sys.executable)
"""An interpreter that has Harbor; None where there is none."""
RUNS = os.environ.get("HARBOR_RUNS", "")
"""Directories of further runs whose exports are read too, by `:`."""
READ = """
import sys
from pathlib import Path
from harbor.models.trajectories import Trajectory
for name in sys.argv[1:]:
    trajectory = Trajectory.model_validate_json(Path(name).read_text())
    print(trajectory.schema_version, len(trajectory.subagent_trajectories or ()))
"""

pytestmark = pytest.mark.skipif(PYTHON is None, reason="Harbor is not installed")


def read_in_harbor(stored: StoredExperiment, folder: Path) -> list[str]:
    """What Harbor found: the version, and how many sub-agents, of each trajectory."""
    paths = export_experiment(stored, Form.ATIF, folder)
    assert paths
    done = subprocess.run(
        [str(PYTHON), "-c", READ, *map(str, paths)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("mode", ["predict", "edit"])
def test_harbor_reads_every_trajectory(mode: str, tmp_path: Path) -> None:
    student = Editor() if mode == "edit" else Student()
    stored = run_small(tmp_path, student, mode=mode)

    found = read_in_harbor(stored, tmp_path / "atif")

    assert set(found) == {"ATIF-v1.7 0", "ATIF-v1.7 1"}


@pytest.mark.parametrize("name", [name for name in RUNS.split(":") if name])
def test_harbor_reads_the_trajectories_of_a_run(name: str, tmp_path: Path) -> None:
    stored = read_experiment(Path(name))

    found = read_in_harbor(stored, tmp_path / "atif")

    assert {line.split()[0] for line in found} == {"ATIF-v1.7"}
