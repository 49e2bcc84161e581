"""Processes of one command, as the supervisor sees them: watched, ended, reaped.

A part of the program on the far side of the connection: standard library only.
"""

import os
import select
import time

_KILL = 9
_PAUSE_S = 0.0005


def end_everything(process: int, *, is_first: bool) -> int:
    """Kill and reap all that a command started; returns its own wait status.

    The command itself is reaped here and not before, so that until then no other group
    of processes can have its number.
    """
    status = None
    while True:
        if status is None:
            kill(process, is_group=True)
        if is_first:
            kill(-1)
        else:
            for child in children_of(os.getpid()):
                kill_tree(child)
        try:
            found, reached = os.waitpid(-1, os.WNOHANG)
            while found:
                status = reached if found == process else status
                found, reached = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return _KILL if status is None else status
        time.sleep(_PAUSE_S)


def exit_code(status: int) -> int:
    """The code a shell would show for a wait status."""
    if os.WIFSIGNALED(status):
        return 128 + os.WTERMSIG(status)
    return os.WEXITSTATUS(status)


def open_worth() -> "int | None":
    """This process's place in the order of being killed for memory, for writing."""
    try:
        return os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    except OSError:
        return None


def set_worth(descriptor: "int | None", value: bytes) -> None:
    """Set that place; children keep what was set when they started."""
    if descriptor is not None:
        try:
            os.pwrite(descriptor, value, 0)
        except OSError:
            return


def watch_end(process: int, poll: "select.poll") -> "int | None":
    """A descriptor that turns readable at the process's end, where there is one."""
    try:
        ended = os.pidfd_open(process)
    except (OSError, AttributeError):
        return None
    poll.register(ended, select.POLLIN)
    return ended


def has_ended(process: int) -> bool:
    """Whether a child is over; it is not reaped yet."""
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process, flags) is not None


def kill(process: int, *, is_group: bool = False) -> None:
    """Kill a process or its group, if there still is one."""
    try:
        if is_group:
            os.killpg(process, _KILL)
        else:
            os.kill(process, _KILL)
    except (ProcessLookupError, PermissionError):
        return


def kill_tree(process: int) -> None:
    """Kill what a process started, then itself."""
    for child in children_of(process):
        kill_tree(child)
    kill(process)


def children_of(process: int) -> list[int]:
    """Ids of the processes that a process started."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{task}/children", "rb") as file:
                found.extend(map(int, file.read().split()))
    except (OSError, ValueError):
        return found
    return found
