"""Remove what sandboxes left on this machine: containers, volumes, folders, seals."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from sandbox.containers import sweep_containers
from sandbox.daemon import connect_to_daemon
from sandbox.docker_image import image_cache, remove_image
from sandbox.errors import DriverUnavailableError
from sandbox.sealing import list_entries
from sandbox.workspace import sweep_workspaces

__all__ = ["Cleaned", "clean_machine"]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How much was removed."""

    containers: int
    """Containers and their volumes."""
    folders: int
    """Folders of sandboxes whose process is gone."""
    seals: int
    """Entries of the seal cache."""
    images: int
    daemon: str | None
    """Why no container could be looked for; None where a daemon answered."""


def clean_machine(*, running: bool, seals: Path | None, image: bool) -> Cleaned:
    """Remove what is left of sandboxes.

    Args:
        running: Also the containers of processes that still run.
        seals: A seal cache to empty; None keeps seals.
        image: Also the image, and its stored copy.
    """
    containers, images, daemon = 0, 0, None
    try:
        client = connect_to_daemon()
    except DriverUnavailableError as error:
        daemon = str(error)
    else:
        containers = sweep_containers(client, every=running)
        images = int(image and remove_image(client))
        client.close()
    if image:
        shutil.rmtree(image_cache(), ignore_errors=True)
    removed = 0
    if seals is not None:
        removed = len(list_entries(seals))
        shutil.rmtree(seals, ignore_errors=True)
    return Cleaned(containers, sweep_workspaces(), removed, images, daemon)
