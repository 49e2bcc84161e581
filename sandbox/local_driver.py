"""Sandboxes on this machine itself: a copy of the sealed tree, with walls or without.

Each has a folder with the copied tree, a home and a place for temporary files; one
supervisor runs in it. The walls decide what its commands can reach.
"""

import os
import threading

from sandbox.changes import compare_tree
from sandbox.connection import Connection
from sandbox.contract import Sandbox, SealedCheckout
from sandbox.disk_allowance import DiskAllowance, measure_folders
from sandbox.errors import SandboxError
from sandbox.limits import SandboxLimits
from sandbox.pipes import ChildSupervisor, start_child
from sandbox.sealing import SealedDirectory
from sandbox.session import Premises, SupervisedSandbox
from sandbox.walls import Place, Walls
from sandbox.workspace import Workspace, sweep_workspaces

__all__ = ["LocalDriver", "sealed_directory"]

_READY_S = 30.0


class LocalDriver:
    """Make sandboxes without any daemon."""

    def __init__(
        self, walls: Walls, *, run_id: str, limits: SandboxLimits | None = None
    ) -> None:
        self._walls = walls
        self._limits = limits or SandboxLimits()
        self._run_id = run_id
        self._open: set[Sandbox] = set()
        self._lock = threading.Lock()
        sweep_workspaces()

    @property
    def name(self) -> str:
        """`bubblewrap` or `subprocess`."""
        return self._walls.name

    @property
    def isolation(self) -> str:
        """One sentence: what it isolates and what not."""
        return self._walls.isolation

    def open(self, sealed: SealedCheckout) -> Sandbox:
        """Copy the tree and start a supervisor in it."""
        entry = sealed_directory(sealed)
        workspace = Workspace(self._run_id)
        try:
            place = self._prepare(workspace, entry)
            child, connection = self._connect(place)
        except BaseException:
            workspace.remove()
            raise

        def end() -> None:
            child.end()
            workspace.remove()
            with self._lock:
                self._open.discard(sandbox)

        folders = (place.tree, place.home, place.temporary)
        allowance = DiskAllowance(
            folders,
            limit_bytes=self._limits.disk_bytes,
            base_bytes=measure_folders(folders, 1 << 50),
        )
        premises = Premises(
            driver=self.name,
            proof=entry.proof,
            allowance=allowance,
            compare=lambda: compare_tree(place.tree, entry.manifest()),
            end=end,
        )
        sandbox = SupervisedSandbox(connection, premises)
        with self._lock:
            self._open.add(sandbox)
        return sandbox

    def _prepare(self, workspace: Workspace, entry: SealedDirectory) -> Place:
        user = self._walls.user
        tree = workspace.copy_tree(entry.tree, keep_owner=user is not None)
        place = Place(tree, workspace.path / "home", workspace.path / "tmp")
        for folder in (place.home, place.temporary):
            folder.mkdir()
            if user is not None:
                os.chown(folder, user, user)
        return place

    def _connect(self, place: Place) -> tuple[ChildSupervisor, Connection]:
        child = start_child(
            self._walls.command(place, self._limits),
            self._walls.environment(place),
            place.tree,
            user=self._walls.user,
        )
        connection = Connection(child.channel, what=self.name)
        try:
            connection.start(_READY_S)
        except BaseException:
            child.end()
            raise
        return child, connection

    def close(self) -> None:
        """Remove every sandbox that is still open."""
        with self._lock:
            left = tuple(self._open)
        for sandbox in left:
            sandbox.close()


def sealed_directory(sealed: SealedCheckout) -> SealedDirectory:
    """The entry of the cache behind a sealed checkout.

    Raises:
        SandboxError: It is no entry of the cache.
    """
    if not isinstance(sealed, SealedDirectory):
        message = f"not a sealed checkout: {sealed!r}: call seal() first"
        raise SandboxError(message)
    return sealed
