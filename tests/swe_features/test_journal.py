import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from agent.redaction import Redactor
from swe_features.errors import StoreError
from swe_features.journal import Journal, read_lines

PLAIN = Redactor({})

WRITER = """
import sys
from pathlib import Path
from swe_features.journal import Journal
from agent.redaction import Redactor

with Journal(Path(sys.argv[1]), Redactor({})) as journal:
    for number in range(100_000):
        journal.append({"number": number, "text": "x" * 3000})
        print(number, flush=True)
"""


def test_lines_come_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with Journal(path, PLAIN) as journal:
        journal.append({"a": "é\n"})
        journal.append([1, None])
    assert list(read_lines(path)) == [{"a": "é\n"}, [1, None]]


@pytest.mark.parametrize(
    ("torn", "kept"),
    [
        (b'{"a": 1}\n{"a": 2}\n{"a"', 2),
        (b'{"a": 1}\n{"a": 2}', 1),
        (b'{"a"', 0),
        (b'{"a": 1}\n', 1),
        (b"", 0),
        (b'{"a": 1}\n' + b"x" * 200_000, 1),
    ],
)
def test_unfinished_last_line_is_cut_off(
    torn: bytes, kept: int, tmp_path: Path
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(torn)
    assert len(list(read_lines(path))) == kept
    with Journal(path, PLAIN) as journal:
        journal.append({"a": 9})
    rows = list(read_lines(path))
    assert rows[-1] == {"a": 9}
    assert len(rows) == kept + 1


def test_damage_in_the_middle_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n{"a"\n{"a": 3}\n')
    with pytest.raises(StoreError, match=r"rows\.jsonl:2 is no JSON"):
        list(read_lines(path))


def test_missing_file_has_no_lines(tmp_path: Path) -> None:
    assert list(read_lines(tmp_path / "rows.jsonl")) == []


def test_lines_of_many_threads_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with Journal(path, PLAIN) as journal:

        def write(thread: int) -> None:
            for number in range(25):
                journal.append([thread, number, "x" * 5000])

        threads = [Thread(target=write, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    rows = [(row[0], row[1]) for row in read_lines(path)]
    assert sorted(rows) == [(t, n) for t in range(8) for n in range(25)]


def test_killed_writer_loses_no_line_that_it_reported(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    for moment in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        before = len(list(read_lines(path)))
        for _ in range(3 + 7 * moment):
            writer.stdout.readline()
        time.sleep(0.003 * moment)
        os.kill(writer.pid, signal.SIGKILL)
        reported = len(writer.stdout.read().splitlines()) + 3 + 7 * moment
        writer.wait()
        writer.stdout.close()
        Journal(path, PLAIN).close()
        rows = list(read_lines(path))
        assert path.read_bytes().endswith(b"\n")
        assert len(rows) - before >= reported


def test_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    """A limit on the file's size cuts a write short, as a full disk does."""
    program = f"""
import resource, signal
from pathlib import Path
from swe_features.errors import StoreError
from swe_features.journal import Journal
from agent.redaction import Redactor
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
journal = Journal(Path({str(tmp_path / "rows.jsonl")!r}), Redactor({{}}))
journal.append("x" * 600)
try:
    journal.append("y" * 600)
except StoreError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "free some space" in done.stdout
    assert (tmp_path / "rows.jsonl").read_text() == json.dumps("x" * 600) + "\n"


def test_folder_instead_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot write"):
        Journal(tmp_path, PLAIN)
