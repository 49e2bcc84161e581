import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sandbox.source import Source
from sandbox.workspace import sweep_workspaces, workspaces_folder
from tests.sandbox.histories import History

BORROW = """
import sys, time
from pathlib import Path
from sandbox.source import Source
with Source.open(Path(sys.argv[1])).borrowed():
    print("borrowed", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def test_what_a_killed_seal_left_is_swept_and_what_is_in_use_is_not(
    history: History, temporary: Path
) -> None:
    """Folders in /tmp that nothing ever removed were left, one for each kill."""
    command = [sys.executable, "-c", BORROW, str(history.path)]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"borrowed\n"
        assert sweep_workspaces() == 0
        assert len(list(workspaces_folder().iterdir())) == 1
        child.kill()
    assert sweep_workspaces() == 1
    assert list(workspaces_folder().iterdir()) == []
    assert (history.path / ".git" / "refs" / "heads").is_dir()
    assert list(temporary.iterdir()) == [workspaces_folder()]


def test_what_was_borrowed_is_given_back(history: History, temporary: Path) -> None:
    source = Source.open(history.path)
    with source.borrowed() as environment:
        assert environment["GIT_DIR"].startswith(str(temporary))
    assert list(workspaces_folder().iterdir()) == []
