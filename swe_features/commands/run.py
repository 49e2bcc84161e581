"""`swe-features run`: an experiment from its settings to its table."""

import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from swe_features.estimate import CostEstimate, estimate_as_text, estimate_run
from swe_features.experiment import ExperimentConfig, find_config
from swe_features.preparation import (
    ANY_REPOSITORY,
    Experiment,
    InvalidRowsError,
    cache_folder,
    prepare,
)
from swe_features.progress import shown_progress
from swe_features.results import read_experiment
from swe_features.runner import InterruptedRunError
from swe_features.selection import Retry, Shard, check_retry
from swe_features.session import RunSummary, run_experiment
from swe_features.store import RESULTS
from swe_features.table import as_text

__all__ = ["run"]

INTERRUPTED = 130


def run(  # noqa: PLR0917  # each parameter is an option
    config: Annotated[
        str | None,
        typer.Argument(
            metavar="[CONFIG|SUITE]",
            help="An experiment file (.yaml), rows (.jsonl), or the name of a packaged "
            "experiment. Without it: the packaged demo.",
        ),
    ] = None,
    suite: Annotated[
        Path | None,
        typer.Option(help="Rows (.jsonl) for a packaged experiment; else the demo's."),
    ] = None,
    repo: Annotated[
        list[str] | None,
        typer.Option(help="Path or URL of the repository, or OWNER/NAME=PATH; repeat."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="offline, or any name that litellm knows.")
    ] = None,
    sleep_model: Annotated[
        str | None, typer.Option(help="Model of the sleep phase, if another one.")
    ] = None,
    model_option: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE for the model; repeat.")
    ] = None,
    budgets: Annotated[
        str | None, typer.Option(help="Steps of the test phase, such as 2,4,8.")
    ] = None,
    arms: Annotated[
        str | None,
        typer.Option(help="Such as sleep-time,test-time,no-context,bm25,oracle."),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(help="How often each cell is attempted.")
    ] = None,
    sandbox: Annotated[
        str | None,
        typer.Option(help="auto, docker, local, bubblewrap or subprocess."),
    ] = None,
    mode: Annotated[str | None, typer.Option(help="predict or edit.")] = None,
    related: Annotated[
        str | None,
        typer.Option(help="past-only, or the paper's any-order: the future leaks in."),
    ] = None,
    skip_invalid: Annotated[
        bool | None,
        typer.Option("--skip-invalid", help="Leave rows out that cannot be used."),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(help="Directory for every request to a model and its reply."),
    ] = None,
    replay: Annotated[
        Path | None,
        typer.Option(help="Directory of a recording: it answers, and no model."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Cells attempted at the same time.")
    ] = None,
    executor: Annotated[
        str | None, typer.Option(help="threads, or ray: many machines.")
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="Of the Ray cluster; else one on this machine.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Directory of the results; runs/NAME if not given."),
    ] = None,
    retry: Annotated[
        str,
        typer.Option(
            help="Attempt again: missing, broken, limit or all; all are kept."
        ),
    ] = "broken",
    shard: Annotated[
        str | None,
        typer.Option(help="Run one part of several, as 2/5; merge them afterwards."),
    ] = None,
    dry_run: Annotated[
        bool | None,
        typer.Option("--dry-run", help="Say what would be done, and what it may cost."),
    ] = None,
    as_json: Annotated[
        bool | None, typer.Option("--json", help="Print the table as JSON.")
    ] = None,
) -> None:
    """Run an experiment: sleep, test, score, table.

    Running it again takes up where it ended: scored cells stay, the rest is attempted.
    """
    options = {
        "suite": suite,
        "repositories": _repositories(repo),
        "model": model,
        "sleep_model": sleep_model,
        "model_options": _pairs(model_option, "--model-option"),
        "budgets": _split(budgets),
        "arms": _split(arms),
        "seeds": seeds,
        "sandbox": sandbox,
        "mode": mode,
        "related": related,
        "record": record,
        "replay": replay,
        "skip_invalid": skip_invalid,
        "workers": workers,
        "executor": executor,
        "address": address,
    }
    settings = find_config(config).with_options(**options)
    part = Shard.parse(shard) if shard is not None else None
    again = check_retry(retry)
    experiment = _prepare(settings, part)
    out = out or default_directory(settings, part)
    if dry_run:
        _print_estimate(estimate_run(experiment, out, again), as_json=bool(as_json))
        return
    summary = _run(experiment, out, again)
    _print(summary, as_json=bool(as_json))
    if config is None and not as_json:
        typer.echo(f"Report: {_write_report(out)}")
    if summary.broken:
        sys.stderr.write(
            f"error: {summary.broken} cells broke: run the same command again to "
            f"attempt them anew; why is in {summary.directory / RESULTS}\n"
        )
        raise typer.Exit(1)


def _write_report(directory: Path) -> Path:
    """Write the page of the demo."""
    # Its statistics import scipy, which a run without a report does without.
    from swe_features.report.writing import write_report  # noqa: PLC0415

    return write_report(read_experiment(directory), with_figures=False).page


def default_directory(settings: ExperimentConfig, shard: Shard | None) -> Path:
    """Where results go that nobody gave a place."""
    part = f"-{shard.number}-of-{shard.count}" if shard is not None else ""
    return Path("runs") / f"{settings.name}{part}"


def _prepare(settings: ExperimentConfig, shard: Shard | None) -> Experiment:
    try:
        return prepare(settings, cache=cache_folder(), shard=shard)
    except InvalidRowsError as error:
        for line in error.lines:
            sys.stderr.write(f"error: {line}\n")
        sys.stderr.write(f"error: {error}\n")
        raise typer.Exit(2) from error


def _run(experiment: Experiment, out: Path, retry: Retry) -> RunSummary:
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with shown_progress() as progress:
            return run_experiment(experiment, out, progress, retry=retry)
    except InterruptedRunError as error:
        sys.stderr.write(
            f"interrupted: finished cells are in {out}; "
            "run the same command again to go on\n"
        )
        if error.is_still_working:
            # A worker waits for a reply that may take minutes; nothing of it is kept.
            sys.stderr.flush()
            os._exit(INTERRUPTED)
        raise typer.Exit(INTERRUPTED) from error


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt


def _repositories(given: list[str] | None) -> dict[str, str] | None:
    if not given:
        return None
    sources = {}
    for item in given:
        name, equals, source = item.partition("=")
        # `owner/name=place`; an address may hold `=` too, but has a scheme before it.
        is_named = bool(equals) and name.count("/") == 1 and ":" not in name
        sources[name if is_named else ANY_REPOSITORY] = source if is_named else item
    return sources


def _pairs(given: list[str] | None, option: str) -> dict[str, str] | None:
    if not given:
        return None
    pairs = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not equals:
            msg = f"{item!r} is no NAME=VALUE"
            raise typer.BadParameter(msg, param_hint=option)
        pairs[name] = value
    return pairs


def _split(words: str | None) -> list[str] | None:
    if words is None:
        return None
    return [word.strip() for word in words.split(",") if word.strip()]


def _print(summary: RunSummary, *, as_json: bool) -> None:
    if as_json:
        record = {**asdict(summary), "directory": str(summary.directory)}
        typer.echo(json.dumps(record, indent=2))
        return
    typer.echo(as_text(summary.rows), nl=False)
    for sentence in summary.isolation:
        typer.echo(f"Sandbox: {sentence}")
    if summary.offline_note:
        typer.echo(f"Note: {summary.offline_note}")
    if summary.skipped_rows:
        rows = "row" if summary.skipped_rows == 1 else "rows"
        typer.echo(f"Skipped: {summary.skipped_rows} {rows} of the suite.")
    if summary.other_code:
        typer.echo(
            f"Not shown: {summary.other_code} results that other code or prompts made."
        )
    typer.echo(f"Results: {summary.directory}")


def _print_estimate(estimate: CostEstimate, *, as_json: bool) -> None:
    if as_json:
        record = {**asdict(estimate), "cost_usd": estimate.cost_usd}
        typer.echo(json.dumps(record, indent=2))
    else:
        typer.echo(estimate_as_text(estimate), nl=False)
