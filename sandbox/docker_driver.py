"""Sandboxes in containers: no network, no capabilities, nothing of the host.

The tree is an overlay that the daemon mounts over the sealed checkout, so a sandbox
costs no copy, and the host reads what it wrote from outside. Where the daemon refuses
that, as with Podman, the tree is copied.
"""

import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from docker.errors import DockerException

from sandbox.attached_socket import AttachedChannel
from sandbox.changes import compare_tree
from sandbox.connection import (
    ChannelClosedError,
    Connection,
    supervisor_program,
)
from sandbox.containers import (
    ContainerUser,
    Overlay,
    container_request,
    create_container,
    remove_as_root,
    remove_container,
    sweep_containers,
)
from sandbox.contract import Change, Sandbox, SealedCheckout
from sandbox.daemon import connect_to_daemon, is_podman, is_rootless
from sandbox.disk_allowance import DiskAllowance, measure_folders
from sandbox.docker_image import Progress, ensure_image
from sandbox.errors import DriverUnavailableError, SandboxError, SandboxLostError
from sandbox.identity import SANDBOX_ID, can_become
from sandbox.limits import SandboxLimits
from sandbox.local_driver import sealed_directory
from sandbox.meeting_point import MeetingPoint
from sandbox.overlay_changes import compare_upper
from sandbox.sealing import SealedDirectory
from sandbox.session import Premises, SupervisedSandbox
from sandbox.workspace import Workspace, orphaned_workspaces, sweep_workspaces

__all__ = ["DockerDriver"]

_READY_S = 60.0
_RESTART_S = 30.0
_LOOK_S = 0.25


class DockerDriver:
    """Make sandboxes with a Docker daemon, or with Podman's socket."""

    name = "docker"
    isolation = (
        "a container without network, capabilities or anything of this machine; "
        "non-root, read-only but for the tree; processes, memory and disk are limited"
    )

    def __init__(
        self,
        *,
        run_id: str,
        on_progress: Progress,
        limits: SandboxLimits | None = None,
        patience_s: float = _RESTART_S,
    ) -> None:
        """Find the daemon, build the image if it is not there, sweep what was left.

        Args:
            run_id: Marks everything made, so that it can be found again.
            on_progress: Told in a line what takes long.
            limits: What each sandbox may take; the default ones if not given.
            patience_s: How long to wait, later on, for a daemon that went away.

        Raises:
            DriverUnavailableError: No daemon answers, or there can be no image.
        """
        self._client = connect_to_daemon()
        self.image_digest = ensure_image(self._client, on_progress)
        self._run_id = run_id
        self._limits = limits or SandboxLimits()
        self._patience_s = patience_s
        has_podman = is_podman(self._client)
        # Podman takes the request for an overlay, and mounts an empty volume.
        self._can_overlay = not has_podman
        self._user = ContainerUser.of_daemon(
            is_rootless=is_rootless(self._client), is_podman=has_podman
        )
        self._open: set[Sandbox] = set()
        self._lock = threading.Lock()
        self._removing = ThreadPoolExecutor(2, thread_name_prefix="sandbox-removal")
        self._stuck: list[Path] = []
        sweep_containers(self._client)
        sweep_workspaces()
        self._remove_stuck(orphaned_workspaces())

    def open(self, sealed: SealedCheckout) -> Sandbox:
        """Start a container over the sealed tree, and a supervisor in it.

        Waits for a daemon that does not answer: it may be about to start again.

        Raises:
            SandboxLostError: There is no container; it may work another time.
            SandboxError: There is none, and will be none.
        """
        if not self._answers():
            deadline = time.monotonic() + self._patience_s
            while time.monotonic() < deadline and not self._answers():
                time.sleep(_LOOK_S)
        return self._open_one(sealed)

    def _answers(self) -> bool:
        try:
            self._client.ping()
        except (DockerException, OSError):
            return False
        return True

    def _open_one(self, sealed: SealedCheckout) -> Sandbox:
        entry = sealed_directory(sealed)
        workspace = Workspace(self._run_id)
        try:
            tree, container = self._start(workspace, entry)
        except BaseException:
            workspace.remove()
            raise

        def remove() -> None:
            container.attached.close()
            try:
                remove_container(self._client, container.name)
            except (DockerException, OSError):
                return  # the daemon is gone, and the sweep finds what it left
            finally:
                workspace.remove()
                if workspace.path.exists():
                    self._stuck.append(workspace.path)

        def end() -> None:
            with self._lock:
                self._open.discard(sandbox)
            self._removing.submit(remove)

        premises = _premises(tree, entry, self._limits, end)
        sandbox = SupervisedSandbox(container.connection, premises)
        with self._lock:
            self._open.add(sandbox)
        return sandbox

    def _start(
        self, workspace: Workspace, entry: SealedDirectory
    ) -> "tuple[Overlay | Path, _Container]":
        tree: Overlay | Path = _lay_overlay(workspace, entry)
        meeting = _meeting_point(workspace)
        try:
            if self._can_overlay and isinstance(tree, Overlay) and tree.is_expressible:
                try:
                    return tree, self._run(tree, meeting)
                except SandboxLostError:
                    raise
                except SandboxError as error:
                    if "mount" not in str(error):
                        raise
                    self._can_overlay = False
            tree = workspace.copy_tree(entry.tree, keep_owner=can_become(SANDBOX_ID))
            return tree, self._run(tree, meeting)
        finally:
            if meeting is not None:
                meeting.close()

    def _run(self, tree: Overlay | Path, meeting: MeetingPoint | None) -> "_Container":
        request = container_request(
            tree,
            meeting,
            self._limits,
            run_id=self._run_id,
            image=self.image_digest,
            user=self._user,
        )
        name = ""
        try:
            name = create_container(self._client, request)
            attached = AttachedChannel(self._attach(name))
            self._client.start(name)
            connection = _connect(attached, meeting)
        except (DockerException, OSError, SandboxLostError) as error:
            if name:
                self._discard(name)
            reason = " ".join(str(error).split())
            message = f"the daemon could not start a sandbox: {reason}"
            if isinstance(error, DockerException):
                raise SandboxError(message) from error
            raise SandboxLostError(message) from error  # it may work another time
        return _Container(name, attached, connection)

    def _attach(self, container: str) -> socket.socket:
        wanted = {"stdin": 1, "stdout": 1, "stream": 1}
        attached = self._client.attach_socket(container, params=wanted)
        stream = getattr(attached, "_sock", attached)
        if not isinstance(stream, socket.socket):
            message = f"cannot talk to a container over {type(stream).__name__}"
            raise DriverUnavailableError(message)
        # The library's own objects keep a socket open for as long as they live.
        own = stream.dup()
        attached._response.close()
        attached.close()
        stream.close()
        return own

    def _discard(self, container: str) -> None:
        try:
            remove_container(self._client, container)
        except (DockerException, OSError):
            return

    def close(self) -> None:
        """Remove every sandbox that is still open, and wait until all are gone."""
        with self._lock:
            left = tuple(self._open)
        for sandbox in left:
            sandbox.close()
        self._removing.shutdown(wait=True)
        self._remove_stuck(tuple(self._stuck))
        self._client.close()

    def _remove_stuck(self, paths: tuple[Path, ...]) -> None:
        try:
            remove_as_root(
                self._client,
                [path for path in paths if path.exists()],
                image=self.image_digest,
            )
        except (DockerException, OSError):
            return  # the daemon is gone, and the next driver tries again


@dataclass(frozen=True, slots=True)
class _Container:
    name: str
    attached: AttachedChannel
    connection: Connection


def _meeting_point(workspace: Workspace) -> MeetingPoint | None:
    try:
        return MeetingPoint(workspace.path / "meet")
    except OSError:
        return None  # no sockets on this file system; the attached stream serves


def _connect(attached: AttachedChannel, meeting: MeetingPoint | None) -> Connection:
    try:
        attached.send(supervisor_program(), time.monotonic() + _READY_S)
        met = meeting and meeting.meet(attached.fileno(), _READY_S)
        connection = Connection(met or attached, what=DockerDriver.name)
        connection.await_ready(_READY_S)
    except ChannelClosedError as error:
        attached.close()
        message = f"the container ended at once ({error})"
        raise SandboxLostError(message) from error
    except SandboxLostError:
        attached.close()
        raise
    return connection


def _lay_overlay(workspace: Workspace, entry: SealedDirectory) -> Overlay:
    upper, work = workspace.path / "upper", workspace.path / "work"
    upper.mkdir(mode=0o755)
    work.mkdir(mode=0o755)
    if can_become(SANDBOX_ID):
        os.chown(upper, SANDBOX_ID, SANDBOX_ID)
    return Overlay(lower=entry.tree.resolve(), upper=upper, work=work)


def _premises(
    tree: Overlay | Path,
    entry: SealedDirectory,
    limits: SandboxLimits,
    end: Callable[[], None],
) -> Premises:
    folder = tree.upper if isinstance(tree, Overlay) else tree
    base = 0 if isinstance(tree, Overlay) else measure_folders((folder,), 1 << 50)

    def compare() -> tuple[Change, ...]:
        if isinstance(tree, Overlay):
            return compare_upper(tree.upper, entry.manifest())
        return compare_tree(tree, entry.manifest())

    return Premises(
        driver=DockerDriver.name,
        proof=entry.proof,
        allowance=DiskAllowance(
            (folder,), limit_bytes=limits.disk_bytes, base_bytes=base
        ),
        compare=compare,
        end=end,
    )
