"""`swe-features run`: an experiment from its settings to its table."""

import json
import os
import shlex
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import NoReturn

import typer

from agent.errors import ModelSetupError
from swe_features.commands import run_options as given
from swe_features.complaints import complain
from swe_features.errors import ExperimentError
from swe_features.estimate import CostEstimate, estimate_as_text, estimate_run
from swe_features.executors import has_workers
from swe_features.experiment import ExperimentConfig, find_config
from swe_features.preparation import (
    ANY_REPOSITORY,
    Experiment,
    InvalidRowsError,
    prepare,
)
from swe_features.progress import shown_progress
from swe_features.results import read_experiment
from swe_features.runner import InterruptedRunError
from swe_features.selection import Retry, Shard, check_retry
from swe_features.session import RunSummary, run_experiment
from swe_features.store import RESULTS
from swe_features.table import as_text
from tasks.obtaining import cache_folder

__all__ = ["run"]

INTERRUPTED = 130


def run(  # noqa: PLR0917  # each parameter is an option
    config: given.Config = None,
    suite: given.Suite = None,
    repo: given.Repo = None,
    model: given.Model = None,
    sleep_model: given.SleepModel = None,
    learned_context_tokens: given.LearnedContextTokens = None,
    model_option: given.ModelOption = None,
    budgets: given.Budgets = None,
    arms: given.Arms = None,
    seeds: given.Seeds = None,
    sandbox: given.Sandbox = None,
    mode: given.Mode = None,
    related: given.Related = None,
    skip_invalid: given.SkipInvalid = None,
    record: given.Record = None,
    replay: given.Replay = None,
    workers: given.Workers = None,
    executor: given.Executor = None,
    address: given.Address = None,
    out: given.Out = None,
    retry: given.Retry = "broken",
    shard: given.Shard = None,
    dry_run: given.DryRun = None,
    as_json: given.AsJson = None,
) -> None:
    """Run an experiment: sleep, test, score, table.

    Running it again takes up where it ended: scored cells stay, the rest is attempted.

    swe-features run rows.jsonl --repo path/to/clone --budgets 2,4,8

    swe-features run figure-11 --model anthropic/claude-sonnet-4-5 --dry-run
    """
    found = find_config(config)
    own = _pairs(model_option, "--model-option")
    options = {
        "suite": suite,
        "repositories": _repositories(repo),
        "model": model,
        "sleep_model": sleep_model,
        "learned_context_tokens": learned_context_tokens,
        # Beside those of the file: without its `api_base` another server were asked.
        "model_options": {**found.model_options, **own} if own else None,
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
    settings = found.with_options(**options)
    if address is not None and settings.executor != "ray":
        msg = "only Ray has an address: add --executor ray"
        raise typer.BadParameter(msg, param_hint="--address")
    part = Shard.parse(shard) if shard is not None else None
    again = check_retry(retry)
    experiment = _prepare(settings, part)
    out = out or default_directory(settings, part)
    if dry_run:
        _print_estimate(estimate_run(experiment, out, again), as_json=bool(as_json))
        return
    summary = _run(experiment, out, again)
    _print(summary, as_json=bool(as_json))
    if not as_json:
        page = _write_report(out) if config is None else None
        typer.echo(f"Report: {page or f'swe-features report {shlex.quote(str(out))}'}")
    if summary.broken:
        complain(
            f"{summary.broken} cells broke: run the same command again to "
            f"attempt them anew; why is in {summary.directory / RESULTS}"
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
        for line in (*error.lines, str(error)):
            complain(line)
        raise typer.Exit(2) from error


def _run(experiment: Experiment, out: Path, retry: Retry) -> RunSummary:
    _heed_requests_to_stop()
    try:
        with shown_progress() as progress:
            return run_experiment(experiment, out, progress, retry=retry)
    except InterruptedRunError as error:
        _say_interrupted(out)
        if error.is_still_working:
            _leave(INTERRUPTED)
        raise typer.Exit(INTERRUPTED) from error
    except KeyboardInterrupt:  # once more, while sandboxes are removed
        if not has_workers():
            raise
        _say_interrupted(out)
        _leave(INTERRUPTED)
    except (ExperimentError, ModelSetupError) as error:
        if not has_workers():
            raise
        complain(str(error))
        _leave(2)


def _say_interrupted(out: Path) -> None:
    sys.stderr.write(
        f"interrupted: finished cells are in {out}; "
        "run the same command again to go on\n"
    )


def _leave(status: int) -> NoReturn:
    """End at once: a worker waits for a reply, maybe minutes, and it is not kept."""
    sys.stderr.flush()
    os._exit(status)


def _heed_requests_to_stop() -> None:
    """Stop as after Ctrl-C where asked to end, or where the terminal is closed."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # `nohup` has it ignored, and means it.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


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
        if not (source if is_named else item).strip():
            msg = f"{item!r} names no repository: write PATH, or OWNER/NAME=PATH"
            raise typer.BadParameter(msg, param_hint="--repo")
        sources[name if is_named else ANY_REPOSITORY] = source if is_named else item
    return sources


def _pairs(given: list[str] | None, option: str) -> dict[str, str] | None:
    if not given:
        return None
    pairs = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not equals or not name:
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
