"""`swe-features mine`: make a suite out of a clone's history."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from agent.redaction import Redactor
from swe_features.commands.given_path import given_path
from swe_features.kept_judge import KeptJudge
from swe_features.suite_mining import (
    Enrich,
    Mined,
    MiningPlan,
    mine_suite,
    write_mined,
)
from tasks.candidates import (
    Threshold,
    is_named_by_forge,
    name_address,
    remote_address,
)
from tasks.drafts import Rejection
from tasks.errors import SuiteError
from tasks.github import GitHubApi, enrich_rows, fetch_records, read_records
from tasks.judging import Judge
from tasks.obtaining import clones_folder, is_url, obtain
from tasks.offline_judge import OfflineJudge
from tasks.pull_requests import PullRequest
from tasks.repository import Repository

__all__ = ["mine"]

NO_HEADS = (
    "Note: this clone has no heads of pull requests, so those that no merge or squash "
    "message names are not seen; git fetch origin "
    "'+refs/pull/*/head:refs/pull/*/head' brings GitHub's"
)

TOLD_EACH = 25
"""Judged pull requests, where no terminal shows each."""

ClusterModel = Annotated[
    str | None,
    typer.Option(help="With --relate cluster: a model that groups, not likeness."),
]
GitHub = Annotated[
    str | None,
    typer.Option(help="Texts and states from `api`, or a JSON file of its shape."),
]


def mine(  # noqa: PLR0917 - an option is a parameter
    repo: Annotated[str, typer.Argument(help="A clone, or a URL to clone.")],
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            parser=given_path,
            metavar="PATH",
            help="The suite's file.",
        ),
    ],
    name: Annotated[
        str | None, typer.Option(help="owner/name for the rows; asked of the clone.")
    ] = None,
    branch: Annotated[str, typer.Option(help="The main line.")] = "HEAD",
    min_files: Annotated[
        int, typer.Option(min=1, help="Changed files with one of the suffixes.")
    ] = 3,
    suffixes: Annotated[str, typer.Option(help="Separated by commas.")] = ".py,.js",
    judge: Annotated[
        str,
        typer.Option(help="offline, none, or a model as litellm names it."),
    ] = "offline",
    relate: Annotated[str, typer.Option(help="nearest, cluster or none.")] = "nearest",
    neighbours: Annotated[
        int, typer.Option(min=1, help="How many are related, of the nearest.")
    ] = 5,
    cluster_model: ClusterModel = None,
    github: GitHub = None,
    *,
    commits: Annotated[
        bool, typer.Option("--commits", help="Take plain commits of the main line too.")
    ] = False,
    merged: Annotated[
        bool, typer.Option("--merged", help="Leave out what was never merged.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say why each one was left out.")
    ] = False,
) -> None:
    """Make a checked benchmark out of a clone: no token, no network.

    Pull requests are found in merge and squash commits, and in refs/pull where the
    clone has them. Kept are those that touch enough files, are clearly described, add
    something and stand alone; each is related to the nearest of its past.

    swe-features mine path/to/clone -o suite.jsonl --explain
    """
    repository = Repository.open(obtain(repo, clones_folder()))
    plan = MiningPlan(
        branch=branch,
        repo=name_address(repo) if name is None and is_url(repo) else name,
        with_commits=commits,
        merged_only=merged,
        threshold=Threshold(min_files, _split_suffixes(suffixes)),
        relate=relate,
        neighbours=neighbours,
        cluster_model=cluster_model,
    )
    if github == "api" and name is None:
        check_address(repo if is_url(repo) else remote_address(repository))
    chosen = open_judge(judge, output)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    enrich = open_forge(github, output) if github else None
    mined = mine_suite(repository, plan, judge=chosen, enrich=enrich)
    if mined.rows:
        judged = chosen.name if chosen else "none"
        forge = describe_forge(github) if github else None
        write_mined(output, mined, plan, judge=judged, github=forge)
    print_mined(console, mined, output, explain=explain)
    if not mined.found.heads:
        typer.echo(NO_HEADS, err=True)


def check_address(url: str) -> None:
    """Refuse to ask the API for a name that was made up here.

    Raises:
        SuiteError: No forge gave the repository its name.
    """
    if not is_named_by_forge(url):
        message = (
            "this clone has no remote 'origin' on a forge, so --github api cannot ask "
            "for it: give --name owner/name"
        )
        raise SuiteError(message)


def open_judge(name: str, output: Path) -> Judge | None:
    """The judge of that name; None for `none`.

    What a model judges is paid, and kept beside the suite; it is counted as it comes.
    """
    if name == "none":
        return None
    if name == "offline":
        return OfflineJudge()
    # litellm is seconds to import, and only this judge needs it.
    from swe_features.model_judge import open_model_judge  # noqa: PLC0415

    console = Console(stderr=True, highlight=False)

    def count_up(judged: int) -> None:
        if console.is_terminal:
            console.print(f"judged {judged} pull requests ", end="\r")
        elif judged % TOLD_EACH == 0:
            console.print(f"judged {judged} pull requests")

    kept = output.with_name(f"{output.stem}.judgements.jsonl")
    return KeptJudge(open_model_judge(name), kept, Redactor(os.environ), count_up)


def open_forge(source: str, output: Path) -> Enrich:
    """What adds texts and states: the API, its answers kept beside the suite; a file.

    While a limit passes, the seconds left are counted down on the terminal.
    """
    waiting = Console(stderr=True, highlight=False)

    def count_down(left: int) -> None:
        waiting.print(f"GitHub makes us wait: going on in {left} s ", end="\r")

    def enrich(rows: Sequence[PullRequest]) -> tuple[PullRequest, ...]:
        if source != "api":
            return enrich_rows(rows, read_records(Path(source)))
        cache = output.with_name(f"{output.stem}.github.jsonl")
        cache.parent.mkdir(parents=True, exist_ok=True)
        api = GitHubApi.of_environment(count_down)
        numbers = [row.pr_number for row in rows]
        repo = rows[0].repo if rows else ""
        return enrich_rows(rows, fetch_records(api, repo, numbers, cache))

    return enrich


def describe_forge(source: str) -> str:
    """`api`, or the digest of the file: two of one name may say different things."""
    if source == "api":
        return source
    return f"sha256:{hashlib.sha256(Path(source).read_bytes()).hexdigest()}"


def print_mined(console: Console, mined: Mined, output: Path, *, explain: bool) -> None:
    """What was left out, if asked for, and how many at each stage.

    Raises:
        SuiteError: Nothing was left.
    """
    if explain:
        print_rejections(console, mined.rejections)
    print_summary(console, mined, output)
    if not mined.rows:
        hint = "" if explain else ", or see --explain"
        message = f"no rows to write to {output}: loosen the filter{hint}"
        raise SuiteError(message)


def print_rejections(console: Console, rejections: tuple[Rejection, ...]) -> None:
    """One line for each pull request that was left out."""
    for one in sorted(rejections, key=lambda one: (one.stage, one.number)):
        title = f"  {_plain(one.title)!r}" if one.title else ""
        console.print(
            f"#{one.number} {one.commit[:10]} {one.stage}: {_plain(one.reason)}{title}"
        )


def print_summary(console: Console, mined: Mined, output: Path) -> None:
    """How many were found, and how many each stage left over."""
    lost = {stage: 0 for stage in ("mine", "count", "judge")}
    for one in mined.rejections:
        lost[one.stage] += 1
    where = f" in {output}" if mined.rows else ""
    for count, what in (
        (f"{mined.found.commits:,}", "commits read"),
        (f"{mined.seen:,}", "pull requests seen"),
        (f"-{lost['mine']:,}", "cannot be placed, or ask for the same"),
        (f"-{lost['count']:,}", "touch too few files"),
        (f"-{lost['judge']:,}", "are no clear feature that stands alone"),
        (f"{len(mined.rows):,}", f"instances{where}"),
    ):
        console.print(f"{count:>9}  {what}")


def _split_suffixes(text: str) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in text.split(",") if part.strip())
    if not parts:
        message = f"no suffix in {text!r}: write .py,.js"
        raise typer.BadParameter(message)
    return parts


def _plain(text: str) -> str:
    """Text of somebody else's, without terminal escapes."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())
