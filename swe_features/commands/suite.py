"""`swe-features suite`: build the paper's suite, check any, look at one."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from swe_features.errors import ConfigError
from swe_features.masking import mask_files
from swe_features.suite_views import (
    describe_check,
    describe_statistics,
    is_sound,
    print_check,
    print_finding,
    print_instance,
    print_statistics,
)
from swe_features.version import version
from tasks.errors import SuiteError
from tasks.hub_dataset import fetch_dataset, read_dataset
from tasks.obtaining import cache_folder, clones_folder, open_repositories
from tasks.paper_suite import build_paper_suite
from tasks.suite import Suite, load_suite
from tasks.suite_checks import SuiteCheck, check_suite
from tasks.suite_files import provenance_path, read_provenance, write_suite

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Build, check and look at suites of pull requests.",
)

SuiteFile = Annotated[Path, typer.Argument(help="The suite's rows, as JSON lines.")]
Repo = Annotated[
    list[str],
    typer.Option(
        metavar="CLONE",
        help="A clone or its URL, or OWNER/NAME=CLONE for each of several.",
    ),
]
Order = Annotated[str, typer.Option(help="past-only, or the paper's any-order.")]
Relate = Annotated[
    str, typer.Option(help="auto, cluster, related_prs, random or none.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Skip = Annotated[
    bool, typer.Option("--skip-invalid", help="Leave out rows that are broken.")
]


@app.command()
def check(
    suite: SuiteFile,
    repo: Repo,
    cutoff: Annotated[
        str | None, typer.Option(help="Day until which a model was trained.")
    ] = None,
    mask: Annotated[
        Path | None, typer.Option(help="Write the rows with gold names masked here.")
    ] = None,
    *,
    quiet: Annotated[bool, typer.Option("--quiet", help="Faults only.")] = False,
    as_json: Json = False,
) -> None:
    """Check that every row is what it claims to be.

    Exits with 1 where one is not. Base and head are there, the files recompute, the
    gold files exist at the base, no two rows ask for the same. Told as well: what title
    and body give away.

    swe-features suite check suite.jsonl --repo path/to/clone
    """
    if mask is not None and mask.resolve() == suite.resolve():
        message = f"--mask {mask} would take the place of the suite: name another file"
        raise ConfigError(message)
    found = check_suite(suite, open_repositories(repo, clones_folder()), cutoff=cutoff)
    record = describe_check(found)
    if as_json:
        typer.echo(json.dumps(record, indent=2))
    else:
        print_check(_console(), found, quiet=quiet)
    if mask is not None:
        write_masked(mask, found, suite)
        rows, origin = len(found.instances), provenance_path(mask)
        # Not into the output, which may be JSON.
        typer.echo(f"{rows} masked rows in {mask}, origin in {origin}", err=True)
    if not is_sound(found):
        faulty = record["unusable"] + record["faults"]
        rows = record["unusable"] + record["instances"]
        typer.echo(f"error: {faulty} of {rows} rows of {suite} are faulty", err=True)
        raise typer.Exit(1)


@app.command()
def show(
    suite: SuiteFile,
    instance: Annotated[str, typer.Argument(help="Its id, or its number.")],
    repo: Repo,
    order: Order = "past-only",
    relate: Relate = "auto",
    *,
    masked: Annotated[bool, typer.Option("--masked", help="Mask gold names.")] = False,
) -> None:
    """Print an instance: title, body, related pull requests, gold files.

    swe-features suite show suite.jsonl 1015 --repo path/to/clone
    """
    repositories = open_repositories(repo, clones_folder())
    loaded = load_suite(
        suite, repositories, relate=relate, order=order, skip_invalid=True
    )
    meant = [
        one
        for one in loaded.instances
        if instance in {one.instance_id, str(one.target.pr_number)}
    ]
    if len(meant) > 1:
        ids = ", ".join(one.instance_id for one in meant)
        message = f"{instance} is a number of several repositories: name one of {ids}"
        raise ConfigError(message)
    if meant:
        print_instance(_console(), meant[0], masked=masked)
        return
    known = ", ".join(one.instance_id for one in loaded.instances[:3])
    message = f"unknown instance {instance!r}: the suite has {known}, ..."
    if loaded.skipped:
        message += f" (unusable rows: {len(loaded.skipped)}; see suite check)"
    raise ConfigError(message)


@app.command()
def stats(
    suite: SuiteFile,
    repo: Repo,
    order: Order = "past-only",
    relate: Relate = "auto",
    *,
    skip_invalid: Skip = False,
    as_json: Json = False,
) -> None:
    """Print what a suite is made of.

    swe-features suite stats suite.jsonl --repo path/to/clone
    """
    repositories = open_repositories(repo, clones_folder())
    loaded = load_suite(
        suite, repositories, relate=relate, order=order, skip_invalid=skip_invalid
    )
    statistics = describe_statistics(loaded.instances)
    if as_json:
        typer.echo(json.dumps(statistics, indent=2))
        return
    console = _console()
    print_statistics(console, statistics)
    console.print(_describe_origin(loaded, suite))


@app.command()
def paper(
    clones: Annotated[
        Path, typer.Option(help="Folder with the clones, as aider and ComfyUI.")
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write what was found.")
    ] = None,
) -> None:
    """Build the paper's own suite out of clones of Aider and ComfyUI.

    Each of the pull requests that the paper prints is found, or it is said why not.
    Heads of unmerged ones come with
    git fetch origin '+refs/pull/*/head:refs/pull/*/head'.

    swe-features suite paper --clones path/to/clones -o paper.jsonl
    """
    findings = build_paper_suite(clones)
    console = _console()
    for finding in findings:
        print_finding(console, finding)
    rows = [finding.row for finding in findings if finding.row is not None]
    console.print(f"{len(rows)} of {len(findings)} printed numbers found.")
    if output is not None:
        provenance = {"format": 1, "made_by": f"swe-features {version()} suite paper"}
        write_suite(output, rows, provenance)


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="owner/name on the Hugging Face hub.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The suite's file.")],
    revision: Annotated[str | None, typer.Option(help="Branch, tag, commit.")] = None,
    *,
    skip_invalid: Skip = False,
) -> None:
    """Fetch a published dataset of the same columns as a suite.

    Needs huggingface_hub, and pyarrow for Parquet; HF_ENDPOINT names another hub.

    swe-features suite fetch owner/name -o suite.jsonl
    """
    folder = fetch_dataset(name, cache_folder() / "hub", revision=revision)
    read = read_dataset(folder)
    if read.problems and not skip_invalid:
        message = f"{name}, {read.problems[0]}; --skip-invalid goes on without"
        raise SuiteError(message)
    provenance = {
        "format": 1,
        "made_by": f"swe-features {version()} suite fetch",
        "dataset": name,
        "revision": folder.name,
        "rejected": {"rows": len(read.problems)},
    }
    write_suite(output, read.rows, provenance)
    _console().print(
        f"{len(read.rows)} rows in {output}, {len(read.problems)} left out."
    )


def write_masked(path: Path, found: SuiteCheck, source: Path) -> None:
    """Write a suite whose titles and bodies do not name their gold files."""
    rows = [
        replace(
            one.instance.target,
            title=mask_files(one.instance.target.title, one.instance.gold_files),
            body=mask_files(one.instance.target.body, one.instance.gold_files),
        )
        for one in found.instances
    ]
    provenance = read_provenance(source) or {}
    kept = {name: value for name, value in provenance.items() if name != "is_current"}
    write_suite(path, rows, {**kept, "masked": True})


def _describe_origin(suite: Suite, path: Path) -> str:
    provenance = read_provenance(path)
    if provenance is None:
        return f"digest {suite.digest[:16]}; no provenance beside {path}"
    state = "" if provenance["is_current"] else "; the rows have changed since"
    made = provenance.get("made_by", "unknown")
    tip = str(provenance.get("tip", "several commits"))[:12]
    return f"digest {suite.digest[:16]}; made by {made} at {tip}{state}"


def _console() -> Console:
    return Console(highlight=False, markup=False, soft_wrap=True)
