"""What a sandbox costs: a command, its output, an instance, a seal, the disk.

    python benchmarks/sandboxes.py --repo PATH [--commit REV] [--beside PYTHON]
    python benchmarks/sandboxes.py --repo PATH --leaks 300

Everything is measured in turns, one sample of each system after the other, so that a
machine with other work slows all alike. Medians are printed, their ratios, and beside
them the fastest tenth, which other work disturbs least; and the load. `--beside` names
a Python in which mini-swe-agent, inspect-ai (it needs Docker Compose 2) and swe-rex are
installed, whose own code then takes its turns on the same image and the same tree.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.contract import Driver, Sandbox
from sandbox.docker_image import IMAGE
from sandbox.errors import DriverUnavailableError
from sandbox.opening import open_driver
from sandbox.sealing import SealedDirectory, seal
from sandbox.source import Source
from sandbox.workspace import workspaces_folder

TRIVIAL = "true"
GREP = "grep -rn def ."
DRIVERS = ("docker", "bubblewrap", "subprocess")
PEERS = ("mini-swe-agent", "inspect", "swe-rex execute", "swe-rex session")
Measure = Callable[[], float]


def timed(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of many samples."""

    median: float
    fast: float
    """One in ten samples is faster."""


def take_turns(measures: Mapping[str, Measure], rounds: int) -> dict[str, Timing]:
    """Time each, in turns."""
    samples: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            samples[name].append(measure())
    return {
        name: Timing(statistics.median(found), sorted(found)[len(found) // 10])
        for name, found in samples.items()
    }


def show(title: str, timings: Mapping[str, Timing], floor: str) -> None:
    """Print timings, and how often each is the floor."""
    load = os.getloadavg()[0]
    print(f"\n{title} (load {load:.1f} on {os.cpu_count()} cores)")
    print(f"  {'':<20}{'median':>13}{'ratio':>8}{'fast':>13}{'ratio':>8}")
    for name, found in timings.items():
        median, fast = found.median * 1000, found.fast * 1000
        of_median = found.median / timings[floor].median
        of_fast = found.fast / timings[floor].fast
        print(
            f"  {name:<20}{median:>10.2f} ms{of_median:>8.2f}"
            f"{fast:>10.2f} ms{of_fast:>8.2f}"
        )
    sys.stdout.flush()


class Peers:
    """A process of another Python that measures other projects' own code."""

    def __init__(self, python: str, tree: Path) -> None:
        script = Path(__file__).with_name("sandbox_peers.py")
        self._process = subprocess.Popen(
            [python, str(script), IMAGE, str(tree)],
            env={**os.environ, "MSWEA_SILENT_STARTUP": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, line: str) -> float:
        """Have one thing measured; seconds."""
        stream_in, stream_out = self._process.stdin, self._process.stdout
        assert stream_in is not None
        assert stream_out is not None
        stream_in.write(line + "\n")
        stream_in.flush()
        answer = stream_out.readline().strip()
        if not answer.replace(".", "").isdigit():
            sys.exit(f"the peers' process failed at {line!r}: {answer}")
        return float(answer)

    def close(self) -> None:
        """Let it end and clean up."""
        self._process.communicate()


def on_host(command: str, tree: Path) -> Measure:
    """A command as a plain child of this process."""

    def run() -> object:
        return subprocess.run(
            ["bash", "-c", command], cwd=tree, capture_output=True, check=False
        )

    return lambda: timed(run)


def measure_commands(
    opened: Mapping[str, Sandbox], peers: Peers | None, tree: Path, rounds: int
) -> None:
    """A trivial command, and one with a megabyte of output."""
    for title, command, action, count in (
        ("round trip of `true`", TRIVIAL, "run", rounds * 4),
        (f"`{GREP}`", GREP, "grep", rounds),
    ):
        measures: dict[str, Measure] = {"host": on_host(command, tree)}
        for name, sandbox in opened.items():
            measures[name] = lambda s=sandbox, c=command: timed(  # type: ignore[misc]
                lambda: s.run(c)
            )
        if peers is not None:
            for name in PEERS:
                line = f"{name}: {action}"
                measures[name] = lambda p=peers, q=line: p.ask(q)  # type: ignore[misc]
        show(title, take_turns(measures, count), "host")


def open_and_close(driver: Driver, sealed: SealedDirectory) -> float:
    """Seconds until the first command of a new sandbox is answered."""
    started = time.perf_counter()
    with driver.open(sealed) as sandbox:
        sandbox.run("git rev-parse HEAD")
        taken_s = time.perf_counter() - started
    return taken_s


def docker_run() -> float:
    """Seconds of `docker run` and a first `docker exec`, with no repository."""
    run = ["docker", "run", "-d", "--rm", "--network=none", IMAGE, "sleep", "60"]
    started = time.perf_counter()
    container = subprocess.check_output(run, text=True).strip()
    subprocess.run(["docker", "exec", container, "true"], check=True)
    taken_s = time.perf_counter() - started
    subprocess.run(["docker", "kill", container], check=True, capture_output=True)
    return taken_s


def measure_opening(
    drivers: Mapping[str, Driver],
    sealed: SealedDirectory,
    peers: Peers | None,
    rounds: int,
) -> None:
    """A new sandbox until its first command is answered."""
    measures: dict[str, Measure] = {}
    if "docker" in drivers:
        measures["docker run + exec"] = docker_run
    for name, driver in drivers.items():
        measures[name] = lambda d=driver: open_and_close(d, sealed)  # type: ignore[misc]
    if peers is not None:
        measures["mini-swe-agent"] = lambda: peers.ask("mini-swe-agent: open")
        measures["inspect"] = lambda: peers.ask("inspect: open")
        measures["swe-rex"] = lambda: peers.ask("swe-rex execute: open")
    if "docker" in drivers:
        warm = open_driver("docker", run_id="benchmark-warm", warm=1)
        open_and_close(warm, sealed)
        measures["docker, kept warm"] = lambda: warm_open(warm, sealed)
    show(
        "instance ready, seal cached",
        take_turns(measures, rounds),
        next(iter(measures)),
    )
    if "docker" in drivers:
        warm.close()


def warm_open(warm: Driver, sealed: SealedDirectory) -> float:
    """As in a run: the model thinks for a while before the next one is wanted."""
    time.sleep(1.5)
    return open_and_close(warm, sealed)


def measure_sealing(repository: Path, commit: str, rounds: int) -> None:
    """Against `git fetch` of the commit alone into a new repository."""
    source = Source.open(repository)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        complete = fetch(source.common_dir, commit, whole) is not None

        def fetching() -> float:
            taken_s = fetch(source.common_dir, commit, Path(folder) / "fetched")
            assert taken_s is not None
            return taken_s

        def sealing() -> float:
            cache = Path(folder) / "cache"
            taken_s = timed(lambda: seal(repository, commit, cache))
            shutil.rmtree(cache)
            return taken_s

        measures = {"git fetch": fetching, "seal": sealing}
        if not complete:
            print("\nno floor for sealing: the source lacks blobs, git fetch fails")
            del measures["git fetch"]
        show("first seal of a base", take_turns(measures, rounds), next(iter(measures)))


def fetch(source: Path, commit: str, target: Path) -> float | None:
    """Seconds of a fetch of one commit into a new repository; None where it fails."""
    shutil.rmtree(target, ignore_errors=True)
    started = time.perf_counter()
    subprocess.run(["git", "init", "-q", str(target)], check=True)
    finished = subprocess.run(
        ["git", "-C", str(target), "fetch", "-q", str(source), commit],
        capture_output=True,
        check=False,
    )
    taken_s = time.perf_counter() - started
    return None if finished.returncode else taken_s


def find_drivers() -> dict[str, Driver]:
    """Every driver that works here."""
    found = {}
    for name in DRIVERS:
        try:
            found[name] = open_driver(name, run_id="benchmark")
        except DriverUnavailableError as error:
            print(f"without {name}: {error}")
    return found


def count_leftovers() -> dict[str, int]:
    """What sandboxes could leave: containers, volumes, mounts, folders, processes."""

    def lines(*command: str) -> int:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        return len(found.stdout.splitlines())

    label = "label=swe-features.run=leaks"
    mounts = Path("/proc/self/mountinfo").read_text()
    mine = list(Path("/proc").glob("[0-9]*/task/*/children"))
    return {
        "containers": lines("docker", "ps", "-aq", "--filter", label),
        "volumes": lines("docker", "volume", "ls", "-q", "--filter", label),
        "mounts": mounts.count("/leaks."),
        "folders": len(list(workspaces_folder().glob("leaks.*"))),
        "children": len(_children()) if mine else 0,
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
    }


def _children() -> list[str]:
    task = Path("/proc/self/task") / str(os.getpid()) / "children"
    return task.read_text().split()


def look_for_leaks(sealed: SealedDirectory, count: int) -> None:
    """Open and close many sandboxes, then count what is left of them."""
    for name in DRIVERS:
        driver = open_driver(name, run_id="leaks")
        before = count_leftovers()
        started = time.perf_counter()
        for _ in range(count):
            with driver.open(sealed) as sandbox:
                sandbox.run("echo x > x; (setsid sleep 100 &)")
        driver.close()
        taken_s = time.perf_counter() - started
        after = count_leftovers()
        print(f"{name}: {count} sandboxes in {taken_s:.0f} s; before {before}")
        print(f"{'':<{len(name)}}  left {after}")


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--commit", default="HEAD")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--beside", help="a Python that has the peers")
    parser.add_argument("--leaks", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as cache:
        sealed = seal(options.repo, options.commit, Path(cache))
        print(f"{sealed.proof.commits:,} commits, {sealed.proof.objects:,} objects")
        if options.leaks:
            look_for_leaks(sealed, options.leaks)
            return
        measure_sealing(options.repo, sealed.proof.base_commit, options.rounds)
        drivers = find_drivers()
        peers = Peers(options.beside, sealed.tree) if options.beside else None
        opened = {name: driver.open(sealed) for name, driver in drivers.items()}
        measure_commands(opened, peers, sealed.tree, options.rounds)
        for sandbox in opened.values():
            sandbox.close()
        measure_opening(drivers, sealed, peers, options.rounds)
        if peers is not None:
            peers.close()
        for driver in drivers.values():
            driver.close()


if __name__ == "__main__":
    main()
