"""What learning and asking cost, each beside a floor that was timed in the same run.

    python -m benchmarks.localizer_speed --clone DIR

- learning everything, beside `git log --first-parent --raw`, the paths of the
  same history without their content, which incomplete clones lack;
- bringing an index ten commits up to date, beside learning everything;
- a warm query, fifty candidates with evidence, beside measuring its signals alone;
- a cold `swe-features predict` on a stored index, beside starting Python with numpy.

Every part runs in a process of its own, so that memory is its own too; figures are
medians of the rounds, which take turns.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.localizer.examples import newest_pulls
from agent.localizer.history import resolve_commit
from agent.localizer.learning import learn
from agent.localizer.query import read_query
from agent.localizer.signals import measure
from agent.localizer.store import IndexStore

_ROUNDS = 3
_QUERIES = 40
_NEW_COMMITS = 10
_EXAMPLE = ("--title", "Add an option that retries a failed request")


def main() -> None:
    """Time every part, print what it took and the ratio to its floor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clone", type=Path, required=True)
    parser.add_argument("--part", choices=("learn", "update", "query"))
    parser.add_argument("--store", type=Path)
    options = parser.parse_args()
    if options.part:
        part = {"learn": _learn, "update": _update, "query": _query}[options.part]
        print(json.dumps(part(options.clone, options.store)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        _compare(options.clone, Path(scratch))


def _compare(clone: Path, scratch: Path) -> None:
    newest = resolve_commit(clone, "HEAD")
    older = resolve_commit(clone, f"HEAD~{_NEW_COMMITS}")
    found: dict[str, list[float]] = {}
    for number in range(_ROUNDS):
        store, ahead = scratch / f"new-{number}", scratch / f"old-{number}"
        log = (
            "git",
            "-C",
            str(clone),
            "log",
            "--first-parent",
            "-m",
            "--raw",
            "--no-renames",
            newest,
        )
        learned = _part(clone, "learn", store)
        learn(clone, older, store=IndexStore(ahead))
        predict = ("swe_features", "predict", str(clone), *_EXAMPLE)
        kept = ("--cache", str(scratch / "cache"))
        _timed((sys.executable, "-m", *predict, *kept))  # leaves its index
        round_ = {
            "git log": _timed(log),
            "learn": learned["seconds"],
            "learn, MB": learned["megabytes"],
            "index, MB": sum(one.stat().st_size for one in store.rglob("*")) / 2**20,
            "update": _part(clone, "update", ahead)["seconds"],
            **_part(clone, "query", store),
            "python with numpy": _timed((sys.executable, "-c", "import numpy")),
            "cold predict": _timed((sys.executable, "-m", *predict, *kept)),
        }
        print(f"round {number + 1} of {_ROUNDS}: {round_}", flush=True)
        for name, value in round_.items():
            found.setdefault(name, []).append(value)
    middle = {name: statistics.median(values) for name, values in found.items()}
    for name, value in middle.items():
        print(f"{name:20s} {value:10.3f}")
    for name, floor in (
        ("learn", "git log"),
        ("update", "learn"),
        ("query", "signals alone"),
        ("cold predict", "python with numpy"),
    ):
        print(f"{name} / {floor}: {middle[name] / middle[floor]:.3f}")


def _part(clone: Path, part: str, store: Path) -> dict[str, float]:
    command = (sys.executable, "-m", "benchmarks.localizer_speed", "--clone")
    done = subprocess.run(
        (*command, str(clone), "--part", part, "--store", str(store)),
        check=True,
        capture_output=True,
    )
    numbers: dict[str, float] = json.loads(done.stdout)
    return numbers


def _timed(command: Sequence[str]) -> float:
    started_s = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started_s


def _learn(clone: Path, store: Path) -> dict[str, float]:
    started_s = time.perf_counter()
    learn(clone, store=IndexStore(store))
    seconds = time.perf_counter() - started_s
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "megabytes": peak}


def _update(clone: Path, store: Path) -> dict[str, float]:
    started_s = time.perf_counter()
    learn(clone, store=IndexStore(store))
    return {"seconds": time.perf_counter() - started_s}


def _query(clone: Path, store: Path) -> dict[str, float]:
    localizer = learn(clone, store=IndexStore(store))
    index = localizer.index
    titles = [index.changes[one].title for one in newest_pulls(index, _QUERIES)]

    def content(title: str) -> None:
        measure(index, read_query(title), len(index.changes))

    def ask(title: str) -> None:
        localizer.rank(title)

    return {"query": _median(ask, titles), "signals alone": _median(content, titles)}


def _median(ask: Callable[[str], None], titles: Sequence[str]) -> float:
    ask(titles[0])
    seconds = []
    for title in titles:
        started_s = time.perf_counter()
        ask(title)
        seconds.append(time.perf_counter() - started_s)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
