"""`swe-features clean`: remove what sandboxes left on this machine."""

from typing import Annotated

import typer

from sandbox.cleaning import clean_machine
from tasks.obtaining import cache_folder

__all__ = ["clean"]


def clean(
    *,
    running: Annotated[
        bool,
        typer.Option("--running", help="Also sandboxes of runs that still go on."),
    ] = False,
    seals: Annotated[
        bool, typer.Option("--seals", help="Also all sealed checkouts.")
    ] = False,
    image: Annotated[
        bool, typer.Option("--image", help="Also the image of the containers.")
    ] = False,
) -> None:
    """Remove containers, volumes and folders of sandboxes whose run is gone.

    Results are never touched. Whatever is removed is made again when it is needed.
    """
    cleaned = clean_machine(
        running=running,
        seals=cache_folder() / "sealed" if seals else None,
        image=image,
    )
    if cleaned.daemon is not None:
        typer.echo(f"No containers were looked for: {cleaned.daemon}")
    typer.echo(
        f"Removed: {cleaned.containers} containers and volumes, "
        f"{cleaned.folders} folders, {cleaned.seals} sealed checkouts, "
        f"{cleaned.images} images."
    )
