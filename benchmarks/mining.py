"""Measure mining: against git itself, GitPython and PyDriller, and its memory.

    python benchmarks/mining.py speed CLONE [--peers] [--rounds 7]
    python benchmarks/mining.py make FOLDER --commits 1000000 --files 200000
    python benchmarks/mining.py memory CLONE

`speed` reads the changed files, with status, of every pull request of a clone, and sets
that against `git log --raw` over the same commits: some rounds of both in turn, of each
the median. Peers read the changed files of every commit of the main line's history,
once, on a copy of the clone. `make` writes a synthetic history with git fast-import.
"""

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tasks.errors import RepositoryError
from tasks.git_program import stream_git
from tasks.mining import Found, compare_drafts, find_pull_requests
from tasks.repository import Repository

MEGABYTE = 1024
BRANCH_COMMITS = 3
EVERY = 20
FOLDER_FILES = 60
FAST_IMPORT = ("fast-import", "--quiet")


def main() -> None:
    """Run one measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    speed = commands.add_parser("speed")
    speed.add_argument("clone", type=Path)
    speed.add_argument("--peers", action="store_true")
    speed.add_argument("--rounds", type=int, default=7)
    speed.set_defaults(run=measure_speed)
    make = commands.add_parser("make")
    make.add_argument("folder", type=Path)
    make.add_argument("--commits", type=int, default=1_000_000)
    make.add_argument("--files", type=int, default=200_000)
    make.set_defaults(run=make_history)
    memory = commands.add_parser("memory")
    memory.add_argument("clone", type=Path)
    memory.set_defaults(run=measure_memory)
    options = parser.parse_args()
    options.run(options)


@dataclass(frozen=True)
class Cost:
    """What some work took."""

    wall_s: float
    cpu_s: float
    """Of this process and of the git processes that it waited for."""

    def __str__(self) -> str:
        return f"{self.wall_s:8.2f} s wall {self.cpu_s:8.2f} s CPU"


def measure_speed(options: argparse.Namespace) -> None:
    """Print what each costs, and how they compare."""
    repository = Repository.open(options.clone)
    floors, ours = [], []
    for _ in range(options.rounds):
        floors.append(cost(lambda: log_raw(repository)))
        ours.append(cost(lambda: mine(repository)))
    floor, own = middle(floors), middle(ours)
    print(f"pull requests {mine(repository)}, load {os.getloadavg()[0]:.0f}")
    print(f"git log --raw {floor}")
    print(f"mining        {own}   {compare(own, floor)} git")
    if options.peers:
        with tempfile.TemporaryDirectory() as folder:
            copy = copy_clone(repository, Path(folder))
            for name, peer in (("GitPython", gitpython), ("PyDriller", pydriller)):
                results: list[tuple[int, int]] = []
                taken = cost(lambda: results.append(peer(copy)))  # noqa: B023
                count, failed = results[0]
                print(
                    f"{name:<13} {taken}   {compare(taken, own)} mining "
                    f"({count} commits, {failed} could not be read)",
                    flush=True,
                )


def cost(work: Callable[[], object]) -> Cost:
    """Time of some work."""
    start, used = time.perf_counter(), cpu_seconds()
    work()
    return Cost(time.perf_counter() - start, cpu_seconds() - used)


def cpu_seconds() -> float:
    """CPU time of this process and its ended children so far."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    git = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + git.ru_utime + git.ru_stime


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each."""
    return Cost(median(c.wall_s for c in costs), median(c.cpu_s for c in costs))


def compare(one: Cost, other: Cost) -> str:
    """How many times as much."""
    return (
        f"{one.wall_s / other.wall_s:.1f}x wall, {one.cpu_s / other.cpu_s:.1f}x CPU of"
    )


def mine(repository: Repository) -> int:
    """Our work: every pull request with its changed files."""
    drafts = find_pull_requests(repository).drafts
    return sum(1 for _ in compare_drafts(repository, drafts))


def log_raw(repository: Repository) -> int:
    """The floor: git writes every commit's changed files, over the same tips."""
    tips = ["HEAD", "--glob=refs/pull/*/head", "--glob=refs/merge-requests/*/head"]
    arguments = ["log", "--raw", "-z", "--format=%H", *tips]
    try:
        return output_bytes(repository, arguments)
    except RepositoryError:
        # A clone that lacks contents stops git where it looks for renames.
        return output_bytes(repository, [*arguments, "--no-renames"])


def output_bytes(repository: Repository, arguments: Sequence[str]) -> int:
    """How much git writes."""
    with stream_git(repository.git_dir, arguments) as output:
        return sum(len(chunk) for chunk in iter(lambda: output.read(1 << 20), b""))


def copy_clone(repository: Repository, folder: Path) -> Path:
    """A copy that peers can open: they need a config file."""
    copy = folder / "clone.git"
    shutil.copytree(repository.git_dir, copy)
    text = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
    (copy / "config").write_text(text)
    return copy


def gitpython(clone: Path) -> tuple[int, int]:
    """Every commit's diff with its first parent."""
    import git  # noqa: PLC0415 - a peer

    count, failed = 0, 0
    with git.Repo(clone) as repo:
        for commit in repo.iter_commits("HEAD"):
            count += 1
            if not commit.parents:
                continue
            try:
                [(d.change_type, d.b_path) for d in commit.parents[0].diff(commit)]
            except git.GitCommandError:
                failed += 1
    return count, failed


def pydriller(clone: Path) -> tuple[int, int]:
    """Every commit's modified files."""
    from pydriller import Repository as Walk  # noqa: PLC0415 - a peer

    count, failed = 0, 0
    for commit in Walk(str(clone), include_refs=False).traverse_commits():
        count += 1
        try:
            [(file.change_type, file.new_path) for file in commit.modified_files]
        except Exception:  # noqa: BLE001 - whatever a peer raises is counted
            failed += 1
    return count, failed


def measure_memory(options: argparse.Namespace) -> None:
    """Print time and the largest resident size of mining, ours and git's."""
    repository = Repository.open(options.clone)
    results: list[Found] = []
    finding = cost(lambda: results.append(find_pull_requests(repository)))
    found = results[0]
    comparing = cost(lambda: list_all(compare_drafts(repository, found.drafts)))
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE
    git = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / MEGABYTE
    print(f"{found.commits} commits, {len(found.drafts)} pull requests")
    print(f"found    {finding}")
    print(f"compared {comparing}")
    print(f"largest: {own:.0f} MB, git {git:.0f} MB")


def list_all(values: Iterator[object]) -> None:
    """Run through them, and keep none."""
    for _ in values:
        pass


def make_history(options: argparse.Namespace) -> None:
    """Write a history: a pull request of three commits every twenty commits."""
    subprocess.run(["git", "init", "-q", "--bare", options.folder], check=True)
    process = subprocess.Popen(
        ["git", "-C", options.folder, "-c", "core.compression=0", *FAST_IMPORT],
        stdin=subprocess.PIPE,
    )
    assert process.stdin is not None
    for part in history(options.commits, options.files):
        process.stdin.write(part)
    process.stdin.close()
    if process.wait():
        msg = "git fast-import failed"
        raise SystemExit(msg)
    head = ["symbolic-ref", "HEAD", "refs/heads/main"]
    subprocess.run(["git", "-C", options.folder, *head], check=True)


def history(commits: int, files: int) -> Iterator[bytes]:
    """What git fast-import reads."""
    yield b"blob\nmark :1\ndata 1\n0\n"
    yield commit_text("main", 2, "start")
    for number in range(files):
        yield b"M 100644 :1 " + path(number) + b"\n"
    mark, number, merges = 2, 0, 0
    while number < commits - 1:
        if number % EVERY == 0:
            main, tip = mark, mark
            for _ in range(BRANCH_COMMITS):
                number, mark = number + 1, mark + 1
                yield commit_text("topic", mark, f"work {number}", number, tip)
                yield change(number, files)
                tip = mark
            merges, number, mark = merges + 1, number + 1, mark + 1
            subject = f"Merge pull request #{merges} from someone/topic\n\nAdd {merges}"
            yield commit_text("main", mark, subject, number, main, tip)
            for back in range(1, BRANCH_COMMITS + 1):
                yield change(number - back, files)
        else:
            number, mark = number + 1, mark + 1
            yield commit_text("main", mark, f"work {number}", number, mark - 1)
            yield change(number, files)


def commit_text(
    branch: str, mark: int, subject: str, number: int = 0, *parents: int
) -> bytes:
    """One commit, without its changes."""
    lines = [
        f"commit refs/heads/{branch}",
        f"mark :{mark}",
        f"committer A <a@b.c> {1_500_000_000 + number * 60} +0000",
        f"data {len(subject)}",
        subject,
        *(f"{word} :{p}" for word, p in zip(("from", "merge"), parents, strict=False)),
    ]
    return ("\n".join(lines) + "\n").encode()


def change(number: int, files: int) -> bytes:
    """One file's new content."""
    content = str(number).encode()
    name = path(number * 7919 % files)
    return b"M 100644 inline %s\ndata %d\n%s\n" % (name, len(content), content)


def path(number: int) -> bytes:
    """Files in two levels of folders, sixty in each."""
    upper, lower = divmod(number // FOLDER_FILES, FOLDER_FILES)
    return b"d%d/d%d/f%d.py" % (upper, lower, number)


if __name__ == "__main__":
    main()
