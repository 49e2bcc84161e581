import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from swe_features.cell_results import read_results
from swe_features.results import read_experiment
from tests.swe_features.killed_run import experiment_for
from tests.swe_features.small_experiment import small_experiment

KILLS = int(os.environ.get("SWE_FEATURES_KILLS", "8"))
"""How often the run is killed; 100 before a release."""

ROOT = Path(__file__).parents[2]


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_killed_run_loses_no_finished_cell_and_does_none_twice(tmp_path: Path) -> None:
    program = start(
        tmp_path, "-m", "tests.swe_features.killed_run", str(tmp_path), str(KILLS), "7"
    )
    _, complaint = program.communicate(timeout=600)
    assert program.returncode == 0, complaint
    rows = list(read_results(tmp_path / "out" / "results.jsonl"))
    times = Counter(row.cell_id for row in rows)
    planned = {cell.cell_id for cell in experiment_for(tmp_path, KILLS).cells}
    assert set(times) == planned
    assert set(times.values()) == {1}
    reported = (tmp_path / "reported").read_text().splitlines()
    assert set(reported) <= set(times)
    experiment = read_experiment(tmp_path / "out")
    assert all(experiment.context(row.context) for row in rows if row.context)


STOPPED = """
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored where the tests run with nohup
from pathlib import Path
from swe_features.commands import run as command
from swe_features.session import run_experiment
from tests.swe_features.small_experiment import Student, equip_with

class Slow(Student):
    def complete(self, messages, tools):
        import time
        print("asked", flush=True)
        time.sleep(0.2)
        return super().complete(messages, tools)

def slow_run(experiment, out, progress, **options):
    set_up = lambda config, run_id: equip_with(Slow())
    return run_experiment(experiment, out, progress, set_up=set_up, **options)

command.run_experiment = slow_run
from swe_features.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_run_keeps_what_is_finished_and_says_how_to_go_on(
    number: signal.Signals, tmp_path: Path
) -> None:
    small_experiment(tmp_path)
    words = [
        "run",
        str(tmp_path / "till.jsonl"),
        "--repo",
        str(tmp_path / "repository"),
    ]
    words += [
        "--arms",
        "no-context",
        "--budgets",
        "2,3,4",
        "--out",
        str(tmp_path / "o"),
    ]
    program = start(tmp_path, "-c", STOPPED, *words, "--workers", "1")
    assert program.stdout is not None
    for _ in range(5):
        program.stdout.readline()
    program.send_signal(number)
    _, complaint = program.communicate(timeout=60)
    assert program.returncode == 130, complaint
    assert "run the same command again to go on" in complaint
    rows = list(read_results(tmp_path / "o" / "results.jsonl"))
    assert 1 <= len(rows) < 9
    assert {row.outcome for row in rows} == {"scored"}
    done = start(tmp_path, "-c", STOPPED, *words, "--workers", "3", "--json")
    printed, complaint = done.communicate(timeout=120)
    assert done.returncode == 0, complaint
    summary = json.loads(printed[printed.index("{") :])
    assert (summary["scored"], summary["attempted"]) == (9, 9 - len(rows))


SLOW_PROGRAM = """#!/bin/sh
case "$*" in *{word}*) touch {mark}; sleep 1;; esac
exec {program} "$@"
"""


@pytest.mark.parametrize(("name", "word"), [("cp", "tree"), ("git", "pack-objects")])
def test_interrupt_in_a_terminal_breaks_no_cell(
    name: str, word: str, tmp_path: Path
) -> None:
    """Ctrl-C strikes programs under a run too, and their cells were rows that broke."""
    small_experiment(tmp_path)
    wrapped, mark = tmp_path / "bin" / name, tmp_path / "began"
    wrapped.parent.mkdir()
    program = shutil.which(name)
    wrapped.write_text(SLOW_PROGRAM.format(word=word, mark=mark, program=program))
    wrapped.chmod(0o755)
    words = ["run", str(tmp_path / "till.jsonl")]
    words += ["--repo", str(tmp_path / "repository"), "--arms", "no-context"]
    run = subprocess.Popen(
        [sys.executable, "-c", STOPPED, *words, "--out", str(tmp_path / "o")],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PATH": f"{wrapped.parent}:{os.environ['PATH']}",
            "SWE_FEATURES_CACHE": str(tmp_path / "other cache"),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while not mark.exists():
        assert run.poll() is None
        time.sleep(0.05)
    time.sleep(0.4)  # one that just starts is in our group for a moment
    os.killpg(run.pid, signal.SIGINT)
    _, complaint = run.communicate(timeout=60)
    assert run.returncode == 130, complaint
    rows = list(read_results(tmp_path / "o" / "results.jsonl"))
    assert not [row.broken.message for row in rows if row.broken]


WAITING = """
import sys, time
from agent.errors import ModelSetupError
from swe_features.commands import run as command
from swe_features.session import run_experiment
from tests.swe_features.small_experiment import Student, equip_with

class Waiting(Student):
    asked = 0

    def complete(self, messages, tools):
        with self._lock:
            self.asked += 1
            number = self.asked
        print("asked", flush=True)
        if number == 2 and sys.argv[1] == "refused":
            raise ModelSetupError("401: check the key")
        time.sleep(600)

def waiting_run(experiment, out, progress, **options):
    set_up = lambda config, run_id: equip_with(Waiting())
    return run_experiment(experiment, out, progress, set_up=set_up, **options)

command.run_experiment = waiting_run
from swe_features.cli import main
sys.exit(main(sys.argv[2:]))
"""


def waiting_run(folder: Path, how: str) -> subprocess.Popen[str]:
    """A run whose model does not reply, once it was asked twice."""
    small_experiment(folder)
    words = ["run", str(folder / "till.jsonl"), "--repo", str(folder / "repository")]
    words += ["--arms", "no-context", "--workers", "2", "--out", str(folder / "o")]
    program = start(folder, "-c", WAITING, how, *words)
    assert program.stdout is not None
    for _ in range(2):
        program.stdout.readline()
    return program


def test_second_interrupt_ends_a_run_at_once(tmp_path: Path) -> None:
    """It took the message away, and waited for the model's reply, for minutes."""
    program = waiting_run(tmp_path, "silent")
    program.send_signal(signal.SIGINT)
    time.sleep(0.5)
    program.send_signal(signal.SIGINT)
    _, complaint = program.communicate(timeout=60)
    assert program.returncode == 130, complaint
    assert "run the same command again to go on" in complaint
    assert "Traceback" not in complaint


def test_run_that_cannot_succeed_waits_for_no_other_reply(tmp_path: Path) -> None:
    program = waiting_run(tmp_path, "refused")
    _, complaint = program.communicate(timeout=60)
    assert program.returncode == 2, complaint
    assert complaint.endswith("error: 401: check the key\n")
