import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer

import pytest

from agent.events import Event
from agent.learned_context import LearnedContext, Revision
from agent.redaction import Redactor
from agent.usage import Usage
from swe_features.errors import StoreError
from swe_features.store import RunDirectory
from swe_features.trajectories import ended_attempts, read_trajectory

HOLDER = """
import sys, time
from pathlib import Path
from agent.redaction import Redactor
from swe_features.store import RunDirectory
directory = RunDirectory(Path(sys.argv[1]), Redactor({}))
print("held", flush=True)
sys.stdin.read()
"""


CRAMPED = """
import resource, signal, sys
from pathlib import Path
from agent.events import Event
from agent.redaction import Redactor
from swe_features.errors import StoreError
from swe_features.trajectories import TrajectoryWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    with TrajectoryWriter(Path(sys.argv[1]), "c", Redactor({})) as writer:
        for _ in range(2):
            writer.record(Event("message", {"text": "x" * 600}))
except StoreError as error:
    print(error)
"""


def test_second_run_on_a_directory_is_refused_politely(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(StoreError, match=rf"another run \(process {holder.pid}\)"):
            RunDirectory(tmp_path, Redactor({}))
    finally:
        holder.kill()
        holder.communicate()
    # The lock died with its holder.
    RunDirectory(tmp_path, Redactor({})).close()


@pytest.mark.parametrize("removed", ["nothing", "what is empty"])
def test_lock_that_is_let_go_of_soon_is_waited_for(
    removed: str, tmp_path: Path
) -> None:
    """A run was refused that began just after a `kill -9`.

    A program that the killed one was starting held the lock until it ran.
    """
    out = tmp_path / "out"
    first = RunDirectory(out, Redactor({}))
    if removed == "nothing":
        first.write_json(out / "manifest.json", {})
    end = Timer(0.3, first.close)
    end.start()
    with RunDirectory(out, Redactor({})) as second:
        end.join()
        second.results.append({})
        with second.begin_trajectory(second.trajectories, "c") as writer:
            writer.finish()
        with pytest.raises(StoreError, match="another run"):
            RunDirectory(out, Redactor({}))
    assert (out / "results.jsonl").read_text() == "{}\n"


def test_run_that_never_began_takes_nothing_from_the_next_one(tmp_path: Path) -> None:
    """It removed the folders of one that had the lock by then."""
    out = tmp_path / "parent" / "out"

    def take() -> None:
        for _ in range(40):
            with RunDirectory(out, Redactor({})) as directory:
                time.sleep(0.001)
                assert directory.trajectories.is_dir()
                assert directory.contexts.is_dir()
                assert directory.results.path.exists()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(take) for _ in range(2)]:
            done.result()


def test_directory_can_be_opened_again_after_it_was_closed(tmp_path: Path) -> None:
    for _ in range(2):
        with RunDirectory(tmp_path, Redactor({})) as directory:
            directory.results.append({})


def test_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="choose another --out"):
        RunDirectory(tmp_path / "file" / "out", Redactor({}))


def test_attempts_are_numbered_and_none_is_overwritten(tmp_path: Path) -> None:
    with RunDirectory(tmp_path, Redactor({})) as directory:
        for text in ("first", "second"):
            with directory.begin_trajectory(directory.trajectories, "c") as writer:
                writer.record(Event("message", {"text": text}))
                writer.finish()
    one = list(read_trajectory(tmp_path / "trajectories" / "c.jsonl"))
    two = list(read_trajectory(tmp_path / "trajectories" / "c.2.jsonl"))
    assert [one[0]["data"], two[0]["data"]] == [{"text": "first"}, {"text": "second"}]


def test_trajectory_that_the_disk_refuses_is_an_error_of_the_store(
    tmp_path: Path,
) -> None:
    """A limit on the file's size cuts a write short, as a full disk does."""
    program = [sys.executable, "-c", CRAMPED, str(tmp_path)]
    done = subprocess.run(program, check=True, capture_output=True, text=True)
    assert "c.partial.jsonl: File too large: mend that, and run again" in done.stdout


def test_unfinished_attempt_is_kept_beside_the_next_one(tmp_path: Path) -> None:
    with RunDirectory(tmp_path, Redactor({})) as directory:
        with directory.begin_trajectory(directory.trajectories, "c") as writer:
            writer.record(Event("message", {}))
        with directory.begin_trajectory(directory.trajectories, "c") as writer:
            assert writer.attempt == 2
            writer.finish()
    names = sorted(path.name for path in (tmp_path / "trajectories").iterdir())
    assert names == ["c.2.jsonl", "c.partial.jsonl"]
    assert list(read_trajectory(tmp_path / "trajectories" / "c.partial.jsonl"))


def test_ended_attempts_are_those_of_one_name_in_order(tmp_path: Path) -> None:
    """What an attempt left behind that was cut off went along with the next cell."""
    with RunDirectory(tmp_path, Redactor({})) as directory:
        for number in range(11):
            with directory.begin_trajectory(directory.trajectories, "c") as writer:
                if number != 4:
                    writer.finish()
        with directory.begin_trajectory(directory.trajectories, "other") as writer:
            writer.finish()
    names = [path.name for path in ended_attempts(tmp_path / "trajectories", "c")]
    numbers = (2, 3, 4, 6, 7, 8, 9, 10, 11)
    assert names == ["c.jsonl", *(f"c.{number}.jsonl" for number in numbers)]


def test_replaced_file_is_whole_and_leaves_no_draft(tmp_path: Path) -> None:
    with RunDirectory(tmp_path, Redactor({})) as directory:
        directory.write_json(tmp_path / "manifest.json", {"a": "é"})
        directory.write_json(tmp_path / "manifest.json", {"a": 2})
    assert json.loads((tmp_path / "manifest.json").read_text()) == {"a": 2}
    assert not list(tmp_path.glob("*.draft"))
    assert not list(tmp_path.glob(".*.draft"))


def test_no_way_of_writing_lets_a_key_through(tmp_path: Path) -> None:
    key = "planted-key-0123456789"
    learned = LearnedContext(
        text=f"uses {key}",
        repo="o/n",
        commit="c" * 40,
        related=(),
        model="m",
        prompt_hash="p",
        usage=Usage(),
        duration_s=1.0,
        revisions=(Revision(f"saw {key}", None, Usage()),),
    )
    with RunDirectory(tmp_path, Redactor({"SOME_API_KEY": key})) as directory:
        directory.results.append({"message": f"401: bad key {key}"})
        directory.write_json(tmp_path / "manifest.json", {"config": [key]})
        with directory.begin_trajectory(directory.contexts, "s") as writer:
            writer.record(Event("reply", {"content": f"-{key}-"}))
            writer.finish()
        clean = directory.redact(learned)
    assert key not in clean.text + clean.revisions[0].text
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) >= 4
    assert all(key not in path.read_text() for path in written)


def test_lock_names_this_process(tmp_path: Path) -> None:
    with RunDirectory(tmp_path, Redactor({})):
        assert (tmp_path / ".lock").read_text().strip() == str(os.getpid())
