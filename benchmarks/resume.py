"""How long an experiment takes to be taken up again, as a whole command.

    python -m benchmarks.resume [--cells 1000] [--suite ROWS.jsonl --repo CLONE]

Writes an experiment whose cells all have a scored row, or all but one, and times
`swe-features run` on it, from its start to its end: imports, suite, repository, plan,
rows and table. The missing cell is the oracle's of one instance: it takes a sandbox and
no model. Without a suite it is the packaged demo.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.experiment_scale import ROW
from swe_features.cells import Cell
from swe_features.experiment import find_config
from swe_features.preparation import prepare
from swe_features.store import RESULTS
from tasks.obtaining import cache_folder

ARMS = ("oracle", "no-context", "test-time", "sleep-time")
BUDGETS = (2, 4, 8, 16)
TIMES = 5


def write_experiment(
    folder: Path, cells: int, suite: Path | None, repo: str | None
) -> tuple[Path, tuple[Cell, ...]]:
    """An experiment of at least that many cells, and their plan."""
    settings = {
        "name": "resume",
        "arms": ARMS,
        "budgets": BUDGETS,
        "sandbox": "subprocess",
        **({"suite": str(suite.resolve())} if suite else {}),
        **({"repositories": {"*": repo}} if repo else {}),
    }
    path = folder / "resume.yaml"
    path.write_text(json.dumps({**settings, "seeds": 1}))
    one_seed = len(prepare(find_config(str(path)), cache=cache_folder()).cells)
    path.write_text(json.dumps({**settings, "seeds": cells // one_seed + 1}))
    experiment = prepare(find_config(str(path)), cache=cache_folder())
    return path, tuple(experiment.cells)


def write_rows(path: Path, cells: tuple[Cell, ...]) -> None:
    """A scored row for each cell."""
    rows = [replace(ROW, **asdict(cell)).as_record() for cell in cells]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def run(config: Path, out: Path) -> tuple[float, float]:
    """Seconds of one whole command, and of processor time that it used."""
    command = [sys.executable, "-m", "swe_features", "run", str(config)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started_s = time.perf_counter()
    subprocess.run(
        [*command, "--out", str(out), "--json"], check=True, capture_output=True
    )
    elapsed_s = time.perf_counter() - started_s
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    before_s = before.ru_utime + before.ru_stime
    return elapsed_s, after.ru_utime + after.ru_stime - before_s


def measure(config: Path, out: Path, cells: tuple[Cell, ...], what: str) -> None:
    """Time a directory in which these cells are scored."""
    seconds = []
    for _ in range(TIMES):
        write_rows(out / RESULTS, cells)
        seconds.append(run(config, out))
    listed = ", ".join(f"{each:.2f}" for each, _ in sorted(seconds))
    median_s, used_s = (
        statistics.median(column) for column in zip(*seconds, strict=True)
    )
    print(f"{what}: median {median_s:.2f} s of {listed}; {used_s:.2f} s of processor")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--suite", type=Path)
    parser.add_argument("--repo")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "out"
        config, cells = write_experiment(
            Path(name), options.cells, options.suite, options.repo
        )
        out.mkdir()
        write_rows(out / RESULTS, cells)
        run(config, out)
        missing = next(cell for cell in cells if cell.arm == ARMS[0])
        rest = tuple(cell for cell in cells if cell is not missing)
        measure(config, out, cells, f"{len(cells)} cells, all scored")
        measure(config, out, rest, f"{len(cells)} cells, one to attempt")


if __name__ == "__main__":
    main()
