"""The options of `swe-features run`, as typer reads them."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from swe_features.commands.given_path import given_path

__all__ = [
    "Address",
    "Arms",
    "AsJson",
    "Budgets",
    "Config",
    "DryRun",
    "Executor",
    "LearnedContextTokens",
    "Mode",
    "Model",
    "ModelOption",
    "Out",
    "Record",
    "Related",
    "Replay",
    "Repo",
    "Retry",
    "Sandbox",
    "Seeds",
    "Shard",
    "SkipInvalid",
    "SleepModel",
    "Suite",
    "Workers",
]

Config: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="CONFIG|SUITE",
        help="An experiment file (.yaml), rows (.jsonl), or the name of a packaged "
        "experiment. Without it: the packaged demo.",
    ),
]
Suite: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        parser=given_path,
        metavar="PATH",
        help="Rows (.jsonl) for a packaged experiment; else the demo's.",
    ),
]
Repo: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATH",
        help="Path or URL of the repository, or OWNER/NAME=PATH; repeat.",
    ),
]
Model: TypeAlias = Annotated[
    str | None, typer.Option(help="offline, or any name that litellm knows.")
]
SleepModel: TypeAlias = Annotated[
    str | None, typer.Option(help="Model of the sleep phase, if another one.")
]
LearnedContextTokens: TypeAlias = Annotated[
    int | None, typer.Option(help="Tokens that a sleep phase may write.", min=50)
]
ModelOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="For the model; repeat."),
]
Budgets: TypeAlias = Annotated[
    str | None, typer.Option(help="Steps of the test phase, such as 2,4,8.")
]
Arms: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Such as sleep-time,test-time,no-context,bm25,oracle."),
]
Seeds: TypeAlias = Annotated[
    int | None, typer.Option(help="How often each cell is attempted.")
]
Sandbox: TypeAlias = Annotated[
    str | None,
    typer.Option(help="auto, docker, local, bubblewrap or subprocess."),
]
Mode: TypeAlias = Annotated[str | None, typer.Option(help="predict or edit.")]
Related: TypeAlias = Annotated[
    str | None,
    typer.Option(help="past-only, or the paper's any-order: the future leaks in."),
]
SkipInvalid: TypeAlias = Annotated[
    bool | None,
    typer.Option("--skip-invalid", help="Leave rows out that cannot be used."),
]
Record: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        parser=given_path,
        metavar="PATH",
        help="Directory for every request to a model and its reply.",
    ),
]
Replay: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        parser=given_path,
        metavar="PATH",
        help="Directory of a recording: it answers, and no model.",
    ),
]
Workers: TypeAlias = Annotated[
    int | None, typer.Option(help="Cells attempted at the same time.")
]
Executor: TypeAlias = Annotated[
    str | None, typer.Option(help="threads, or ray: many machines.")
]
Address: TypeAlias = Annotated[
    str | None, typer.Option(help="Of the Ray cluster; else one on this machine.")
]
Out: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        parser=given_path,
        metavar="PATH",
        help="Directory of the results; runs/NAME if not given.",
    ),
]
Retry: TypeAlias = Annotated[
    str,
    typer.Option(help="Attempt again: missing, broken, limit or all; all are kept."),
]
Shard: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Run one part of several, as 2/5; merge them afterwards."),
]
DryRun: TypeAlias = Annotated[
    bool | None,
    typer.Option("--dry-run", help="Say what would be done, and what it may cost."),
]
AsJson: TypeAlias = Annotated[
    bool | None, typer.Option("--json", help="Print the table as JSON.")
]
