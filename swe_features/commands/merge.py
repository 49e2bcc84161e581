"""`swe-features merge`: the parts of an experiment become one."""

from pathlib import Path
from typing import Annotated

import typer

from agent.models.loading import OFFLINE
from swe_features.commands.given_path import given_path
from swe_features.equipment import OFFLINE_NOTE
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
    drivers = {result.driver for result in whole.results.values()}
    for name, record in whole.manifest["drivers"].items():
        if name in drivers:
            typer.echo(f"Sandbox: {name} ({record['isolation']})")
    models = {one.model for one in whole.results.values()}
    if OFFLINE in models | {one.sleep_model for one in whole.results.values()}:
        typer.echo(f"Note: {OFFLINE_NOTE}")
