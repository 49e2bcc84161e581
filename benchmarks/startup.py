"""How long the command line takes to say hello, beside a peer's and a bare interpreter.

    python benchmarks/startup.py --peer "mini --help"

Runs the commands in turn, so that a busy moment meets all of them, and prints medians
and ratios. Compiled modules are written first: PYTHONDONTWRITEBYTECODE is dropped.
"""

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import time


def seconds(command: list[str]) -> float:
    """Time one run of a command, output thrown away."""
    environment = {
        k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"
    }
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", action="append", default=[], help="a command line")
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    ours = "swe-features --help"
    commands = {
        ours: [sys.executable, "-m", "swe_features", "--help"],
        "import swe_features": [sys.executable, "-c", "import swe_features"],
        "python -c pass": [sys.executable, "-c", "pass"],
        **{peer: shlex.split(peer) for peer in options.peer},
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(options.runs + 2):
        for name, command in commands.items():
            taken = seconds(command)
            if run >= 2:  # noqa: PLR2004 - the first two fill caches
                times[name].append(taken)
    base = statistics.median(times[ours])
    print(f"{'command':40} {'median ms':>10} {'ratio to ours':>14}")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:40} {median * 1000:10.1f} {median / base:14.2f}")


if __name__ == "__main__":
    main()
