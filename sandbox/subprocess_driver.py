"""The driver of last resort: a copy of the sealed tree, and plain child processes.

It keeps the future out, and nothing else in or out; it says so.
"""

import os
import sys
import threading

from sandbox.changes import compare_tree
from sandbox.connection import BOOTSTRAP, Connection
from sandbox.contract import Sandbox, SealedCheckout
from sandbox.errors import SandboxError
from sandbox.pipes import PipeChannel
from sandbox.sealing import SealedDirectory
from sandbox.session import SupervisedSandbox, command_environment
from sandbox.workspace import Workspace, sweep_workspaces

__all__ = ["SubprocessDriver"]

_READY_S = 30.0


class SubprocessDriver:
    """Sandboxes without walls: only the repository's future is kept out."""

    name = "subprocess"
    isolation = (
        "isolates nothing but history: commands run as this user, "
        "with this machine's files and network"
    )

    def __init__(self, *, run_id: str) -> None:
        self._run_id = run_id
        self._open: set[Sandbox] = set()
        self._lock = threading.Lock()
        sweep_workspaces()

    def open(self, sealed: SealedCheckout) -> Sandbox:
        """Copy the tree and start a supervisor in it."""
        if not isinstance(sealed, SealedDirectory):
            message = f"not a sealed checkout: {sealed!r}: call seal() first"
            raise SandboxError(message)
        workspace = Workspace(self._run_id)
        try:
            tree = workspace.copy_tree(sealed.tree)
            temporary, home = workspace.path / "tmp", workspace.path / "home"
            temporary.mkdir()
            home.mkdir()
            environment = command_environment(
                path=os.environ.get("PATH", os.defpath),
                home=str(home),
                temporary=str(temporary),
            )
            arguments = [sys.executable, "-I", "-S", "-c", BOOTSTRAP]
            channel = PipeChannel([*arguments, str(tree)], environment, tree)
            connection = Connection(channel, what=self.name)
            connection.start(_READY_S)
        except BaseException:
            workspace.remove()
            raise

        def end() -> None:
            workspace.remove()
            with self._lock:
                self._open.discard(sandbox)

        sandbox = SupervisedSandbox(
            driver=self.name,
            proof=sealed.proof,
            connection=connection,
            compare=lambda: compare_tree(tree, sealed.manifest()),
            end=end,
        )
        with self._lock:
            self._open.add(sandbox)
        return sandbox

    def close(self) -> None:
        """Remove every sandbox that is still open."""
        with self._lock:
            left = tuple(self._open)
        for sandbox in left:
            sandbox.close()
