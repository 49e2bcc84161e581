"""Containers of sandboxes as the daemon sees them: what they may do, whose they are.

Every container and volume carries its run and its owner, the process that asked for it.
Those whose owner is gone are swept when a driver opens, and by `clean`.
"""

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, NotFound

from sandbox.connection import BOOTSTRAP
from sandbox.identity import SANDBOX_ID
from sandbox.limits import SandboxLimits
from sandbox.meeting_point import MEETING_PLACE, MeetingPoint
from sandbox.session import command_environment
from sandbox.workspace import is_running, process_birth

__all__ = [
    "ContainerUser",
    "Overlay",
    "container_request",
    "create_container",
    "remove_as_root",
    "remove_container",
    "sweep_containers",
]

ROOT = "/repo"
_LABEL = "swe-features"
_OPEN_FILES = 4096
_HOME = "/home/developer"
_TMPFS = "rw,exec,nosuid,nodev,mode=1777"


@dataclass(frozen=True, slots=True)
class Overlay:
    """A sealed tree below, and a sandbox's own folders above it, on the host."""

    lower: Path
    upper: Path
    work: Path

    @property
    def is_expressible(self) -> bool:
        """Whether mount options can carry the paths: they have no way to quote."""
        paths = f"{self.lower}{self.upper}{self.work}"
        return not set(":,\\\"'") & set(paths) and paths.isprintable()

    def mount(self, labels: Mapping[str, str]) -> dict[str, Any]:
        """The mount for a request. Any: the daemon's own JSON."""
        options = [
            f"lowerdir={self.lower}",
            f"upperdir={self.upper}",
            f"workdir={self.work}",
        ]
        if os.geteuid() == 0:
            # Nothing but whole files, whiteouts and opaque folders above.
            options += ["redirect_dir=nofollow", "metacopy=off"]
        else:
            options += ["userxattr"]  # marks that we can read; implies the above
        driver = {"type": "overlay", "device": "overlay", "o": ",".join(options)}
        return {
            "Type": "volume",
            "Target": ROOT,
            "VolumeOptions": {
                "NoCopy": True,
                "Labels": dict(labels),
                "DriverConfig": {"Name": "local", "Options": driver},
            },
        }


@dataclass(frozen=True, slots=True)
class ContainerUser:
    """Who the commands of a container run as; never root outside of it."""

    name: str
    """`uid:gid`."""
    namespace: str | None = None
    """The user namespace to ask for, where the daemon's own would not do."""

    @classmethod
    def of_daemon(cls, *, is_rootless: bool, is_podman: bool) -> "ContainerUser":
        """Whoever owns the trees on the host, by the number he has inside."""
        if not is_rootless:
            uid, gid = os.geteuid() or SANDBOX_ID, os.getegid() or SANDBOX_ID
            return cls(f"{uid}:{gid}")
        if is_podman:
            return cls(f"{os.geteuid()}:{os.getegid()}", "keep-id")
        # Rootless Docker maps this very user to root, without any right of root's.
        return cls("0:0")


def owner_labels(run_id: str) -> dict[str, str]:
    pid = os.getpid()
    return {
        f"{_LABEL}.run": run_id,
        f"{_LABEL}.owner": f"{pid}-{process_birth(pid)}",
        f"{_LABEL}.host": socket.gethostname(),
        f"{_LABEL}.boot": _boot_id(),
    }


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def container_request(  # noqa: PLR0913 - each is a fact of its own
    tree: Overlay | Path,
    meeting: MeetingPoint | None,
    limits: SandboxLimits,
    *,
    run_id: str,
    image: str,
    user: ContainerUser,
) -> dict[str, Any]:
    """The request for one container. Any: the daemon's own JSON.

    Args:
        tree: What becomes the tree: an overlay, or a copied folder of this sandbox.
        meeting: Where its supervisor meets the host, if not in the attached stream.
        limits: What it may take.
        run_id: The run it belongs to.
        image: The image's digest.
        user: Who its commands run as.
    """
    labels = owner_labels(run_id)
    mounts = [
        tree.mount(labels)
        if isinstance(tree, Overlay)
        else {"Type": "bind", "Source": str(tree), "Target": ROOT}
    ]
    variables = command_environment(
        path="/usr/local/bin:/usr/bin:/bin", home=_HOME, temporary="/tmp"
    )
    words = [ROOT, f"FSIZE={limits.file_bytes}", "CORE=0"]
    if meeting is not None:
        place = {"Source": str(meeting.folder), "Target": MEETING_PLACE}
        mounts.append({"Type": "bind", "ReadOnly": True, **place})
        words.append(f"MEET={MEETING_PLACE}/{meeting.name}")
    return {
        "Image": image,
        "Cmd": ["python3", "-I", "-S", "-E", "-c", BOOTSTRAP, *words],
        "Env": [f"{name}={value}" for name, value in variables.items()],
        "Hostname": "sandbox",
        "User": user.name,
        "WorkingDir": ROOT,
        "Labels": labels,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": False,
        "OpenStdin": True,
        "StdinOnce": True,
        "Tty": False,
        "NetworkDisabled": True,
        "HostConfig": _host_config(mounts, limits, user),
    }


def _host_config(
    mounts: list[dict[str, Any]], limits: SandboxLimits, user: ContainerUser
) -> dict[str, Any]:
    temporary = f"{_TMPFS},size={limits.temporary_bytes}"
    home = f"{_TMPFS},size={limits.temporary_bytes // 2}"
    config: dict[str, Any] = {
        "AutoRemove": True,
        "CapDrop": ["ALL"],
        "IpcMode": "private",
        "LogConfig": {"Type": "none", "Config": {}},
        "Memory": limits.memory_bytes,
        "MemorySwap": limits.memory_bytes,
        "Mounts": mounts,
        "NanoCpus": min(limits.cpus, os.cpu_count() or 1) * 10**9,
        "NetworkMode": "none",
        "PidsLimit": limits.processes,
        "ReadonlyRootfs": True,
        "SecurityOpt": ["no-new-privileges"],
        "ShmSize": 64 * 1024**2,
        "Tmpfs": {"/tmp": temporary, _HOME: home},
        "Ulimits": [{"Name": "nofile", "Soft": _OPEN_FILES, "Hard": _OPEN_FILES}],
    }
    if user.namespace is not None:
        config["UsernsMode"] = user.namespace
    return config


def create_container(client: docker.APIClient, request: dict[str, Any]) -> str:
    """Create a container from a whole request; its id. Any: the daemon's own JSON."""
    return str(_typed_create(client)(request)["Id"])


def _typed_create(
    client: docker.APIClient,
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The library's own call, which has no types."""
    create: Callable[[dict[str, Any]], dict[str, Any]]
    create = client.create_container_from_config
    return create


def remove_container(client: docker.APIClient, container: str) -> None:
    """Remove a container and its volume, and wait until it is gone."""
    try:
        client.remove_container(container, force=True, v=True)
    except NotFound:
        return
    except APIError as error:
        if error.status_code != 409:  # noqa: PLR2004 - it is being removed already
            raise
        _await_removal(client, container)


def _await_removal(client: docker.APIClient, container: str) -> None:
    try:
        client.wait(container, timeout=30, condition="removed")
    except NotFound:
        return


def remove_as_root(
    client: docker.APIClient, paths: Sequence[Path], *, image: str
) -> None:
    """Remove folders of ours in which the kernel left something of root's.

    An overlay keeps a file of its own in its working folder, which its owner cannot
    remove; a container that may do nothing else can.
    """
    if not paths:
        return
    parent = paths[0].parent
    places = [f"/mnt/{path.name}" for path in paths if path.parent == parent]
    request = {
        "Image": image,
        "Cmd": ["rm", "-rf", "--", *places],
        "User": "0:0",
        "Labels": owner_labels("removal"),
        "NetworkDisabled": True,
        "HostConfig": {
            "Mounts": [{"Type": "bind", "Source": str(parent), "Target": "/mnt"}],
            "CapDrop": ["ALL"],
            "CapAdd": ["DAC_OVERRIDE", "FOWNER"],
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "SecurityOpt": ["no-new-privileges"],
        },
    }
    container = create_container(client, request)
    try:
        client.start(container)
        client.wait(container, timeout=60)
    finally:
        remove_container(client, container)


def sweep_containers(client: docker.APIClient, *, every: bool = False) -> int:
    """Remove containers and volumes whose owner is gone; says how many.

    Args:
        client: The daemon.
        every: Also those whose owner is still there.
    """
    chosen = {"label": [f"{_LABEL}.owner"]}
    removed = 0
    for found in client.containers(all=True, filters=chosen):
        if every or _is_orphan(found.get("Labels") or {}):
            remove_container(client, found["Id"])
            removed += 1
    for found in client.volumes(filters=chosen)["Volumes"] or ():
        if every or _is_orphan(found.get("Labels") or {}):
            try:
                client.remove_volume(found["Name"])
            except APIError:
                continue  # in use: its container is on its way out
            removed += 1
    return removed


def _is_orphan(labels: Mapping[str, str]) -> bool:
    if labels.get(f"{_LABEL}.host") != socket.gethostname():
        return False
    if labels.get(f"{_LABEL}.boot") != _boot_id():
        return True
    pid, _, birth = labels.get(f"{_LABEL}.owner", "").partition("-")
    if not (pid.isdigit() and birth.isdigit()):
        return False
    return not is_running(int(pid), int(birth))
