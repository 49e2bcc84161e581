"""Folders of running sandboxes: each with its owner's process id in the name.

A copied tree stands in one, or what an overlay wrote; sealing borrows a source's
objects through one. Those whose owner is gone are swept when a driver starts, and by
`clean`.
"""

import os
import re
import secrets
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from sandbox.errors import SandboxError

__all__ = [
    "Workspace",
    "is_running",
    "orphaned_workspaces",
    "process_birth",
    "sweep_workspaces",
    "workspaces_folder",
]

_NAME = re.compile(r"(?P<run>.*)\.(?P<pid>\d+)-(?P<birth>\d+)\.[0-9a-f]+")


def workspaces_folder() -> Path:
    """Where the folders of running sandboxes are: one per user of this machine."""
    return Path(tempfile.gettempdir()) / f"swe-features-sandboxes-{os.geteuid()}"


class Workspace:
    """A private folder of one sandbox or seal, removed with all that is in it."""

    def __init__(self, run_id: str) -> None:
        safe = re.sub(r"[^A-Za-z0-9_-]", "_", run_id)[:40]
        pid = os.getpid()
        name = f"{safe}.{pid}-{process_birth(pid)}.{secrets.token_hex(4)}"
        parent = workspaces_folder()
        try:
            parent.mkdir(mode=0o711, exist_ok=True)
            found = parent.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
                message = f"{parent} is not a folder of ours: remove it"
                raise SandboxError(message)
            self.path = parent / name
            self.path.mkdir(mode=0o711)
        except OSError as error:
            message = f"cannot make {parent / name}: {error.strerror}: set TMPDIR"
            raise SandboxError(message) from error

    def copy_tree(self, tree: Path, *, keep_owner: bool) -> Path:
        """Copy a sealed tree, sharing blocks where the file system can."""
        target = self.path / "tree"
        kept = "mode,timestamps,ownership" if keep_owner else "mode,timestamps"
        arguments = ["cp", "-R", "-P", f"--preserve={kept}", "--reflink=auto"]
        finished = subprocess.run(
            [*arguments, "--", str(tree), str(target)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            process_group=0,  # Ctrl-C in a terminal strikes the whole group
        )
        if finished.returncode != 0:
            reason = finished.stderr.decode(errors="replace").strip().splitlines()
            message = f"cannot copy {tree}: {reason[-1] if reason else 'no reason'}"
            raise SandboxError(message)
        return target

    def remove(self) -> None:
        """Remove it, whatever the modes of what is in it; again is harmless."""
        remove_folder(self.path)


def remove_folder(path: Path) -> None:
    """Remove a folder of ours that somebody else wrote to."""
    with suppress(OSError):
        # An overlay's own folder is root's and closed, but mostly empty.
        (path / "work" / "work").rmdir()
    shutil.rmtree(path, ignore_errors=True)
    if not path.exists():
        return
    for folder, names, _ in os.walk(path):
        for name in names:
            place = Path(folder, name)
            if not place.is_symlink():
                with suppress(OSError):
                    place.chmod(stat.S_IRWXU)
    shutil.rmtree(path, ignore_errors=True)


def process_birth(pid: int) -> int:
    """When a process started, in clock ticks since boot; 0 where it is not known.

    With its id it names a process for good, as ids are used again.
    """
    try:
        content = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0
    return int(content.rpartition(b")")[2].split()[19])


def is_running(pid: int, birth: int) -> bool:
    """Whether the process that had this id and start is still there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return process_birth(pid) in {birth, 0}


def sweep_workspaces() -> int:
    """Remove what owners that are gone left behind; says how many there were."""
    found = orphaned_workspaces()
    for path in found:
        remove_folder(path)
    return len(found)


def orphaned_workspaces() -> tuple[Path, ...]:
    """Folders whose owners are gone."""
    folder = workspaces_folder()
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        match = _NAME.fullmatch(path.name)
        if match and not is_running(int(match["pid"]), int(match["birth"])):
            found.append(path)
    return tuple(found)
