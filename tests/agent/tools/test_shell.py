import math

from agent.tools.shell import run_command_tool
from tests.agent.conftest import FolderSandbox


def _run(sandbox: FolderSandbox, command: str, timeout_s: int = 20) -> str:
    tool = run_command_tool(sandbox, lambda: math.inf)
    return tool.run({"command": command, "timeout_s": timeout_s}).text


def test_output_and_errors_are_told_apart(sandbox: FolderSandbox) -> None:
    assert _run(sandbox, "echo out; echo err >&2") == "out\n[stderr]\nerr"


def test_a_failing_command_is_a_result(sandbox: FolderSandbox) -> None:
    assert _run(sandbox, "echo no; exit 3") == "no\n[exit code 3]"


def test_silence_is_said(sandbox: FolderSandbox) -> None:
    assert _run(sandbox, "true") == "[no output]"


def test_a_command_that_hangs_is_killed(sandbox: FolderSandbox) -> None:
    assert _run(sandbox, "echo begun; sleep 60", 1) == "begun\n[killed after 1 seconds]"
