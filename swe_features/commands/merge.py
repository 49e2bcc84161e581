"""`swe-features merge`: the parts of an experiment become one."""

from pathlib import Path
from typing import Annotated

import typer

from swe_features.commands.given_path import given_path
from swe_features.equipment import offline_note
from swe_features.manifest import describe_drivers
from swe_features.merging import merge_experiments
from swe_features.results import StoredExperiment
from swe_features.table import as_text, summarise

__all__ = ["merge"]


def merge(
    parts: Annotated[
        list[Path], typer.Argument(metavar="DIR", help="Directories of the parts.")
    ],
    out: Annotated[
        Path,
        typer.Option(parser=given_path, metavar="PATH", help="Directory of the whole."),
    ],
) -> None:
    """Merge runs over one suite, such as shards, into one directory.

    Merging again adds what is new. The parts stay as they are. Models may differ;
    runs of one model with other options or limits are refused.

    swe-features merge runs/mine-1-of-2 runs/mine-2-of-2 --out runs/mine
    """
    whole = merge_experiments(out, parts)
    typer.echo(as_text(summarise(whole.plan.cells, whole.results)), nl=False)
    _say_beside(whole)
    typer.echo(f"Results: {out}")


def _say_beside(whole: StoredExperiment) -> None:
    """What a run says below its table: where commands ran, and who is no model."""
    results = whole.results.values()
    for sentence in describe_drivers(whole.manifest, {one.driver for one in results}):
        typer.echo(f"Sandbox: {sentence}")
    note = offline_note(
        {name for one in results for name in (one.model, one.sleep_model)}
    )
    if note is not None:
        typer.echo(f"Note: {note}")
