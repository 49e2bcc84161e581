import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.identity import SANDBOX_ID, as_user, can_become

BUSY = """
import sys, threading
from pathlib import Path
import numpy as np
from sandbox.pipes import start_child

stop = threading.Event()
def multiply():
    matrix = np.ones((600, 600))
    while not stop.is_set():
        matrix @ matrix
thread = threading.Thread(target=multiply)
thread.start()
for _ in range(60):
    start_child([sys.argv[1], "-c", ""], {}, Path("/"), user=61000).end()
stop.set()
# An exit in the middle of a product would wait for it forever.
thread.join()
print("done")
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes others")

needs_namespaces = pytest.mark.skipif(
    subprocess.run(
        ["unshare", "--user", "--map-root-user", "true"],
        capture_output=True,
        check=False,
    ).returncode
    != 0,
    reason="the kernel makes no user namespaces here",
)


def test_nobody_else_is_the_command_itself() -> None:
    assert as_user(["/bin/true"], None) == ["/bin/true"]


@needs_root
def test_program_runs_as_the_user_without_groups() -> None:
    done = subprocess.run(
        as_user(["/bin/sh", "-c", "id -u; id -g; id -G"], 61000),
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    assert done.stdout.split() == ["61000", "61000", "61000"]


@needs_root
def test_sandboxes_open_while_another_thread_multiplies() -> None:
    """A run hung for ever: a fork and a matrix product waited for each other."""
    done = subprocess.run(
        [sys.executable, "-c", BUSY, "/bin/sh"],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert done.stdout.strip() == "done", done.stderr


@needs_root
def test_root_of_the_machine_may_become_the_user() -> None:
    assert can_become(SANDBOX_ID)


@needs_namespaces
def test_root_of_a_namespace_without_the_number_may_not() -> None:
    program = "from sandbox.identity import *; print(can_become(SANDBOX_ID))"
    asked = ["unshare", "--user", "--map-root-user", sys.executable, "-c", program]
    assert subprocess.check_output(asked, text=True) == "False\n"
