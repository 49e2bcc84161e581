"""`swe-features export`: a run in the forms that other programs read."""

from pathlib import Path
from typing import Annotated

import typer

from swe_features.commands.given_path import given_path
from swe_features.exports.writing import Form, export_experiment
from swe_features.results import read_experiment

__all__ = ["export"]


def export(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The --out of a run.")
    ],
    form: Annotated[
        Form,
        typer.Option(
            "--format",
            help="atif or mini-swe-agent: trajectories; swe-bench: patches of "
            "attempts in edit mode; files: file lists.",
        ),
    ] = Form.ATIF,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            metavar="PATH",
            help="Folder; DIR/exports/FORMAT if not given.",
        ),
    ] = None,
) -> None:
    """Write trajectories or answers of a run in somebody else's form.

    swe-features export runs/demo --format atif
    """
    folder = out or directory / "exports" / form.value
    written = export_experiment(read_experiment(directory), form, folder)
    typer.echo(f"{len(written)} files in {folder}")
