"""What an experiment costs its head: rows written and read, cells planned.

    python benchmarks/experiment_scale.py [FOLDER]

Prints figures for docs/scale.md. FOLDER is where rows are written: what a flush costs
depends on its disk.
"""

import argparse
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from agent.redaction import Redactor
from agent.usage import Usage
from swe_features.arms import choose_arms
from swe_features.cell_results import CellResult, latest_results, read_results
from swe_features.cells import Conditions, plan_cells
from swe_features.journal import Journal
from tasks.instances import Instance
from tasks.pull_requests import ChangedFile, FileStatus, PullRequest

APPENDED = 500
ROWS = 100_000
INSTANCES = 9_000

ROW = CellResult(
    cell_id="0" * 20,
    instance_id="owner__name-1",
    arm="sleep-time",
    budget=8,
    seed=0,
    model="provider/model",
    sleep_model="provider/model",
    mode="predict",
    related="past-only",
    outcome="scored",
    gold_files=tuple(f"package/module_{n}.py" for n in range(5)),
    predicted_files=tuple(f"package/module_{n}.py" for n in range(5)),
    precision=1.0,
    recall=1.0,
    f1=1.0,
    sleep_tokens=Usage(90_000, 40_000, 4_000, 0, 12, 0),
    test_tokens=Usage(60_000, 50_000, 1_400, 0, 8, 0),
    proof={"base_commit": "0" * 40, "objects_digest": "0" * 64, "missing_paths": []},
)


def measure_appending(folder: Path) -> None:
    """Append rows as a run does."""
    with Journal(folder / "appended.jsonl", Redactor({})) as journal:
        start_s = time.perf_counter()
        for _ in range(APPENDED):
            journal.append(ROW.as_record())
        spent_s = time.perf_counter() - start_s
    print(
        f"rows appended, each flushed to the disk: {APPENDED / spent_s:,.0f} a second"
    )


def measure_reading(folder: Path) -> None:
    """Read a large experiment back."""
    path = folder / "read.jsonl"
    redactor = Redactor({})
    with path.open("w") as file:
        for number in range(ROWS):
            row = replace(ROW, cell_id=f"{number:020}").as_record()
            file.write(redactor.dump(row) + "\n")
    start_s = time.process_time()
    latest = latest_results(read_results(path))
    spent_s = time.process_time() - start_s
    size = path.stat().st_size
    print(f"{len(latest):,} rows, {size / 1e6:,.0f} MB: read in {spent_s:.1f} CPU s")


def measure_planning() -> None:
    """Plan a large experiment."""
    file = ChangedFile("a.py", FileStatus.MODIFIED, patch="@@ -1 +1 @@\n-a\n+b\n" * 50)
    pulls = [
        PullRequest("o/n", number, "Title", "Body " * 200, "0" * 40, (file,) * 5)
        for number in range(INSTANCES)
    ]
    instances = [
        Instance(pull, tuple(pulls[:5]), frozenset({"a.py"})) for pull in pulls
    ]
    conditions = Conditions("m", "m", {}, {}, {}, {}, "predict", "past-only", "p", "c")
    arms = choose_arms(["sleep-time", "test-time", "no-context", "bm25", "oracle"])
    start_s = time.process_time()
    cells = plan_cells(
        instances, arms, budgets=(2, 4, 8), seeds=(0,), conditions=conditions
    )
    spent_s = time.process_time() - start_s
    print(f"{len(cells):,} cells: planned in {spent_s:.1f} CPU s")


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", type=Path, nargs="?", help="Where rows are written.")
    with tempfile.TemporaryDirectory(dir=parser.parse_args().folder) as folder:
        measure_appending(Path(folder))
        measure_reading(Path(folder))
    measure_planning()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory at its highest: {peak:,.0f} MB")


if __name__ == "__main__":
    main()
