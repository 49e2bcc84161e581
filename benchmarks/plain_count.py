"""Is a pull request lost without a word? Count plainly, and compare with mining.

    python benchmarks/plain_count.py CLONE

Counts the merge and squash commits of HEAD's history whose subject names a pull request
and that change at least three `.py` or `.js` files against their first parent: one `git
log`, nothing of the miner. Each number must then be an instance of the mined suite, or
among the rejections that --explain prints. Exits 1 if one is neither.
"""

import argparse
import re
import subprocess
from collections import Counter
from pathlib import Path

from swe_features.suite_mining import MiningPlan, mine_suite
from tasks.offline_judge import OfflineJudge
from tasks.repository import Repository

SUFFIXES = (".py", ".js")
MINIMUM = 3
SUBJECT = re.compile(r"Merge pull request #(\d+) |.*\(#(\d+)\)$")
LOG = ("log", "--diff-merges=first-parent", "--no-renames", "--name-only", "-z")


def main() -> None:
    """Compare one clone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clone", type=Path)
    repository = Repository.open(parser.parse_args().clone)
    counted = count_plainly(repository.git_dir)
    mined = mine_suite(repository, MiningPlan(relate="none"), judge=OfflineJudge())
    kept = {row.pr_number for row in mined.rows}
    told = {one.number: one for one in mined.rejections if one.number not in kept}
    stages = Counter(told[n].stage for n in counted if n in told)
    lost = sorted(counted - kept - told.keys())
    print(f"{len(counted)} by a plain count: {len(counted & kept)} are instances")
    for stage, count in sorted(stages.items()):
        print(f"{count} left out with a reason, stage {stage!r}")
    for number in sorted(counted & told.keys()):
        if told[number].stage != "judge":
            print(f"  #{number}: {told[number].reason}")
    print(f"{len(lost)} lost without a word {lost or ''}")
    raise SystemExit(1 if lost else 0)


def count_plainly(git_dir: Path) -> set[int]:
    """Numbers of pull requests that touch enough files, by subject and names alone."""
    command = ["git", "--git-dir", str(git_dir), *LOG, "--format=%x01%s", "HEAD"]
    output = subprocess.run(command, capture_output=True, check=True).stdout
    numbers = set()
    for record in output.decode("utf-8", "surrogateescape").split("\x01")[1:]:
        subject, *names = record.replace("\n", "\0").split("\0")
        match = SUBJECT.match(subject)
        if match and sum(name.endswith(SUFFIXES) for name in names) >= MINIMUM:
            numbers.add(int(match[1] or match[2]))
    return numbers


if __name__ == "__main__":
    main()
