"""`swe-features sandbox`: run a command in a sealed sandbox, prove seals again."""

import json
import shlex
import sys
from typing import Annotated

import typer

from agent.plain_text import show_on_one_line
from sandbox.contract import COMMAND_TIMEOUT_S
from sandbox.opening import open_driver
from sandbox.sealing import seal
from sandbox.verification import Verdict, verify_entries, verify_entry
from tasks.obtaining import cache_folder, clones_folder, obtain

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Run a command in a fresh sealed sandbox, or prove seals again.",
)

_DAY_S = 86_400.0

_Repo = Annotated[str, typer.Option(help="Path or URL of a git repository.")]
_Commit = Annotated[str, typer.Option(help="The base commit; an id, branch or tag.")]


@app.command()
def run(
    command: Annotated[
        list[str],
        typer.Argument(
            metavar="COMMAND",
            help="One word is a line for bash; more are taken as they are.",
        ),
    ],
    repo: _Repo,
    commit: _Commit = "HEAD",
    driver: Annotated[
        str,
        typer.Option(
            "--sandbox",
            "--driver",
            help="auto, docker, local, bubblewrap or subprocess.",
        ),
    ] = "auto",
    timeout: Annotated[
        float,
        typer.Option(
            min=0.1, max=_DAY_S, help="Seconds after which it is killed; at most a day."
        ),
    ] = COMMAND_TIMEOUT_S,
    *,
    show_changes: Annotated[
        bool, typer.Option("--changes", help="Say afterwards which files changed.")
    ] = False,
) -> None:
    """Run one command in a fresh sealed sandbox.

    Prints what it prints, and exits as it does. The tree is at the commit, with its
    history and nothing later. Try to get out:

      swe-features sandbox run --repo . --commit HEAD~5 -- 'git log --all | head'
    """
    cache = cache_folder()
    sealed = seal(obtain(repo, cache / "repositories"), commit, cache / "sealed")
    line = command[0] if len(command) == 1 else shlex.join(command)
    opened = open_driver(driver, run_id="sandbox-run")
    try:
        with opened.open(sealed) as sandbox:
            result = sandbox.run(line, timeout_s=timeout)
            changes = sandbox.changes() if show_changes else ()
    finally:
        opened.close()
    sys.stdout.flush()
    sys.stdout.buffer.write(result.stdout)
    sys.stdout.buffer.flush()
    sys.stderr.buffer.write(result.stderr)
    sys.stderr.buffer.flush()
    if result.timed_out:
        typer.echo(f"error: killed after {timeout:g} seconds", err=True)
    for change in changes:
        note = " (mode only)" if change.mode_only else ""
        path = show_on_one_line(change.path)
        typer.echo(f"{change.kind}: {path}{note}", err=True)
    raise typer.Exit(result.exit_code)


@app.command()
def verify(
    repo: Annotated[
        str | None,
        typer.Option(help="Seal this repository first, and prove only that entry."),
    ] = None,
    commit: _Commit = "HEAD",
    *,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also check every object against its id.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the proofs as JSON.")
    ] = False,
) -> None:
    """Prove again that sealed checkouts hold nothing but the past.

    All of the cache, or that of one repository and commit.

    swe-features sandbox verify

    swe-features sandbox verify --repo . --commit HEAD~5 --json
    """
    cache = cache_folder() / "sealed"
    if repo is None:
        verdicts = verify_entries(cache, reads_all=deep)
    else:
        source = obtain(repo, clones_folder())
        entry = seal(source, commit, cache)
        verdicts = (verify_entry(entry.path, reads_all=deep),)
    if as_json:
        records = [_record(verdict) for verdict in verdicts]
        typer.echo(json.dumps(records, indent=2))
    else:
        for verdict in verdicts:
            typer.echo(_line(verdict))
        typer.echo(f"{len(verdicts)} sealed checkouts in {cache}")
    if any(verdict.complaint for verdict in verdicts):
        raise typer.Exit(1)


def _record(verdict: Verdict) -> dict[str, object]:
    proof = verdict.proof.as_record() if verdict.proof else None
    return {
        "entry": str(verdict.entry),
        "proof": proof,
        "complaint": verdict.complaint,
    }


def _line(verdict: Verdict) -> str:
    if verdict.proof is None:
        return f"broken  {verdict.complaint}"
    proof = verdict.proof
    missing = (
        f", {proof.missing_objects} blobs missing" if proof.missing_objects else ""
    )
    return (
        f"proved  {proof.base_commit[:12]}  {proof.commits:,} commits, "
        f"{proof.objects:,} objects{missing}"
    )
