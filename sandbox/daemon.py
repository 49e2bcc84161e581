"""The daemon behind DOCKER_HOST: Docker, or Podman through its own socket."""

import socket
from dataclasses import dataclass

import docker
from docker.constants import DEFAULT_UNIX_SOCKET
from docker.errors import DockerException
from docker.utils import kwargs_from_env

from sandbox.docker_image import IMAGE, find_image
from sandbox.errors import DriverUnavailableError

__all__ = ["Daemon", "connect_to_daemon", "describe_daemon", "is_podman", "is_rootless"]

_CALL_S = 60


def connect_to_daemon() -> docker.APIClient:
    """Connect to the daemon that DOCKER_HOST names, or the local one.

    Raises:
        DriverUnavailableError: None answers.
    """
    settings = kwargs_from_env()
    try:
        _try_socket(str(settings.get("base_url") or DEFAULT_UNIX_SOCKET))
        client = docker.APIClient(**settings, version="auto", timeout=_CALL_S)
        client.ping()
    except (DockerException, OSError) as error:
        reason = " ".join(str(error).split())[-160:]
        message = (
            f"no Docker daemon answers ({reason}): start one, set DOCKER_HOST, "
            "or choose the local driver"
        )
        raise DriverUnavailableError(message) from error
    return client


def _try_socket(address: str) -> None:
    """Fail early, as the library leaves a socket open where nobody answers."""
    scheme, _, path = address.partition("://")
    if scheme in {"unix", "http+unix"}:
        with socket.socket(socket.AF_UNIX) as trial:
            trial.connect("/" + path.lstrip("/"))


@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon that answered."""

    engine: str
    """Name and version of the engine and of the API."""
    image: str
    image_digest: str | None
    """Digest of the image; None where it has not been built yet."""


def describe_daemon() -> Daemon:
    """Say which daemon answers, and whether it has the image.

    Raises:
        DriverUnavailableError: None answers.
    """
    client = connect_to_daemon()
    try:
        engine = "Podman" if is_podman(client) else "Docker"
        found = client.version()
        name = f"{engine} {found.get('Version')}, API {found.get('ApiVersion')}"
        return Daemon(name, IMAGE, find_image(client))
    finally:
        client.close()


def is_rootless(client: docker.APIClient) -> bool:
    """Whether the daemon itself runs without root's rights, and maps users."""
    found = client.info()
    options = found.get("SecurityOptions") or ()
    return bool(found.get("Rootless")) or any(
        "rootless" in option for option in options
    )


def is_podman(client: docker.APIClient) -> bool:
    """Whether it is Podman that answers at the socket."""
    parts = client.version().get("Components") or ()
    return any("podman" in str(part.get("Name", "")).lower() for part in parts)
