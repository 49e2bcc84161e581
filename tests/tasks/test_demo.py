import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.demo import Demo, build_demo
from tasks.demo.building import REPOSITORY_NAME
from tasks.errors import RepositoryError
from tasks.pull_requests import FileStatus, PullRequest
from tasks.repository import Repository
from tasks.rows import load_rows
from tasks.suite import load_suite

CLUSTERS = 6
PULL_REQUESTS = 28


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return build_demo(tmp_path_factory.mktemp("demo"))


def git(demo: Demo, *arguments: str) -> str:
    command = ["git", "-C", str(demo.repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def rows(demo: Demo) -> tuple[PullRequest, ...]:
    read = load_rows(demo.suite)
    assert not read.problems
    return read.rows


def test_two_builds_have_the_same_ids(demo: Demo, tmp_path: Path) -> None:
    other = build_demo(tmp_path / "not" / "there" / "yet")
    assert other.repository != demo.repository
    assert git(other, "for-each-ref") == git(demo, "for-each-ref")
    git(other, "fsck", "--strict")


def test_good_build_is_reused(demo: Demo) -> None:
    before = demo.repository.stat().st_mtime_ns
    again = build_demo(demo.repository.parent.parent)
    assert again == demo
    assert demo.repository.stat().st_mtime_ns == before


def test_changed_build_is_refused_and_left_alone(tmp_path: Path) -> None:
    demo = build_demo(tmp_path)
    git(demo, "update-ref", "-d", "refs/pull/7/head")
    with pytest.raises(RepositoryError, match="not the demo as shipped: remove"):
        build_demo(tmp_path)
    assert demo.suite.exists()


def test_build_without_its_objects_is_refused(tmp_path: Path) -> None:
    demo = build_demo(tmp_path)
    for pack in demo.repository.glob("objects/pack/*.pack"):
        pack.unlink()
    with pytest.raises(RepositoryError):
        build_demo(tmp_path)


def test_builds_at_the_same_time_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        demos = set(pool.map(build_demo, [tmp_path] * 4))
    assert len(demos) == 1
    assert [path.name for path in tmp_path.iterdir()] == [
        demos.pop().repository.parent.name
    ]


def test_settings_of_the_caller_do_not_reach_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    build_demo(tmp_path / "here")
    assert not (tmp_path / "elsewhere").exists()


def test_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RepositoryError, match="cannot build the demo in"):
        build_demo(tmp_path / "file")


def test_history_has_merged_squashed_and_open_pull_requests(demo: Demo) -> None:
    heads = git(demo, "for-each-ref", "--format=%(objectname)", "refs/pull").split()
    assert len(heads) == PULL_REQUESTS
    merged = set(git(demo, "rev-list", "main").split())
    assert len(merged.intersection(heads)) == PULL_REQUESTS - 6
    subjects = git(demo, "log", "--format=%s", "--first-parent", "main").splitlines()
    kinds = Counter(
        "merge" if " pull request #" in line else line.endswith(")")
        for line in subjects
    )
    assert (kinds["merge"], kinds[True]) == (22, 3)


def test_rows_say_what_the_repository_says(demo: Demo) -> None:
    repository = Repository.open(demo.repository)
    for row in rows(demo):
        assert row.repo == REPOSITORY_NAME
        assert row.head_commit == repository.resolve(f"refs/pull/{row.pr_number}/head")
        base = git(demo, "merge-base", f"{row.merge_commit}^1", row.head_commit or "")
        assert row.base_commit == base.strip()
        found = repository.changed_files(
            row.base_commit, row.head_commit, patches=False
        )
        assert [
            (file.filename, file.status, file.additions, file.deletions)
            for file in sorted(row.changed_files, key=lambda file: file.filename)
        ] == [
            (file.filename, file.status, file.additions, file.deletions)
            for file in sorted(found, key=lambda file: file.filename)
        ]


def test_every_row_modifies_three_source_files(demo: Demo) -> None:
    for row in rows(demo):
        modified = [
            file.filename
            for file in row.changed_files
            if file.status is FileStatus.MODIFIED
            and file.filename.endswith((".py", ".js"))
        ]
        assert len(modified) >= 3, row.instance_id


def test_suite_loads_with_related_pull_requests(demo: Demo) -> None:
    suite = load_suite(demo.suite, Repository.open(demo.repository))
    sizes = Counter(instance.target.cluster for instance in suite.instances)
    assert sum(sizes.values()) == len(suite.instances) == 22
    assert len(sizes) == CLUSTERS
    assert all(3 <= size <= 5 for size in sizes.values())
    related = Counter(len(instance.related) for instance in suite.instances)
    assert related[0] == CLUSTERS


def test_bodies_do_not_list_the_answer(demo: Demo) -> None:
    for line in demo.suite.read_text().splitlines():
        row = json.loads(line)
        named = [file["filename"] in row["body"] for file in row["changed_files"]]
        assert not any(named), row["pr_number"]


def test_demo_passes_its_own_tests(demo: Demo, tmp_path: Path) -> None:
    """The demo is a working program, not text that looks like one."""
    checkout = tmp_path / "checkout"
    git(demo, "clone", "--quiet", str(demo.repository), str(checkout))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, cwd=checkout, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "149 passed" in done.stdout
