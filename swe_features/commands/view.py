"""`swe-features view`: the report of a run, live, on this machine only."""

from pathlib import Path
from typing import Annotated

import typer

from swe_features.report.live import HOST, serve
from swe_features.results import read_experiment

__all__ = ["view"]

PORT = 8477


def view(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The --out of a run.")
    ],
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="On 127.0.0.1; 0 takes a free one.")
    ] = PORT,
) -> None:
    """Serve the report on loopback; it follows a run that goes on. Ctrl-C ends it.

    swe-features view runs/demo
    """
    read_experiment(directory)
    with serve(directory, port=port) as server:
        typer.echo(f"Report of {directory}: http://{HOST}:{server.server_port}/")
        typer.echo("Only this machine can open it. Ctrl-C ends it.")
        server.serve_forever()
