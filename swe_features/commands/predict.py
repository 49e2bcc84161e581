"""`swe-features predict`: which files will a described change edit?"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Timer
from typing import Annotated

import typer

from agent.localizer.horizon import is_shallow
from agent.localizer.learning import learn
from agent.localizer.localizer import Candidate, Prediction
from agent.localizer.set_size import SetPreference
from agent.localizer.store import IndexStore
from agent.plain_text import show_on_one_line
from swe_features.commands.given_path import given_path
from swe_features.errors import ConfigError
from tasks.obtaining import cache_folder, check_cache

__all__ = ["predict"]

_EXPLAINED = 6
_PATIENCE_S = 3.0
_MOST_READ = 1_000_000
"""Characters of a description; the localizer reads the first of them."""
_INDEXES = "indexes"


def predict(  # noqa: PLR0917 - an option is a parameter
    repo: Annotated[Path, typer.Argument(help="A git repository.")] = Path(),
    title: Annotated[str, typer.Option(help="The change in one line.")] = "",
    body: Annotated[str, typer.Option(help="Its description.")] = "",
    body_file: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            metavar="PATH",
            help="Read the description from here; - is stdin.",
        ),
    ] = None,
    commit: Annotated[str, typer.Option(help="Where the change starts from.")] = "HEAD",
    min_files: Annotated[int, typer.Option(min=0, help="Name at least so many.")] = 1,
    max_files: Annotated[int, typer.Option(min=0, help="Name at most so many.")] = 25,
    recall_weight: Annotated[
        float, typer.Option(help="2 prefers recall, 0.5 precision.")
    ] = 1.0,
    limit: Annotated[
        int, typer.Option(min=1, help="Candidates to list, beside the chosen files.")
    ] = 50,
    cache: Annotated[
        Path | None,
        typer.Option(parser=given_path, metavar="PATH", help="Where indexes are kept."),
    ] = None,
    *,
    past_heads: Annotated[
        bool,
        typer.Option(
            "--past-heads",
            help="Learn from refs/pull/*/head too, where not younger than the commit.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything as one JSON object.")
    ] = False,
) -> None:
    """Name the files that a described change will edit, with the evidence.

    Learns from the commit and its ancestors, no others, without a language model. The
    index is kept, and the next commit costs what is new in it.

    swe-features predict . --title "Add a --proxy option to the command line"
    """
    started_s = time.perf_counter()
    try:
        preference = SetPreference(min_files, max_files, recall_weight)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if body and body_file is not None:
        msg = "--body and --body-file both describe the change: give one of them"
        raise ConfigError(msg)
    described = body if body_file is None else _read_body(body_file)
    if not title.strip() and not described.strip():
        msg = "no change is described: give --title, --body or --body-file"
        raise ConfigError(msg)
    folder = cache or cache_folder() / _INDEXES
    check_cache(folder, "--cache")
    store = IndexStore(folder)
    with _patience():
        localizer = learn(repo, commit, store=store, with_heads=past_heads)
    prediction = localizer.rank(
        title, described, preference=preference, limit=limit, excerpts=_EXPLAINED
    )
    seconds = time.perf_counter() - started_s
    _warn(repo, prediction)
    if as_json:
        typer.echo(json.dumps(_as_record(prediction, seconds), indent=2))
    else:
        _print(prediction, seconds)


@contextmanager
def _patience() -> Iterator[None]:
    """Say what takes so long, where it does."""
    line = "learning this repository's past: it is kept, so the next answer is quick"
    note = Timer(_PATIENCE_S, typer.echo, (line,), {"err": True})
    note.start()
    try:
        yield
    finally:
        note.cancel()


def _warn(repo: Path, prediction: Prediction) -> None:
    """Say beside the answer what it could not know."""
    if is_shallow(repo):
        typer.echo(
            "note: a shallow clone, whose older past is not known here; after"
            " `git fetch --unshallow` the answer rests on all of it",
            err=True,
        )
    if prediction.is_blind and prediction.candidates:
        typer.echo(
            "note: no word of the text is known here: these are the files that are"
            " edited most",
            err=True,
        )


def _read_body(path: Path) -> str:
    """The description; what is not UTF-8 in it is replaced.

    Raises:
        ConfigError: The file cannot be read.
    """
    try:
        if str(path) == "-":
            return typer.get_text_stream("stdin", errors="replace").read(_MOST_READ)
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_MOST_READ)
    except OSError as error:
        msg = f"--body-file {str(path)!r} cannot be read: {error.strerror}"
        raise ConfigError(msg) from error


def _as_record(prediction: Prediction, seconds: float) -> dict[str, object]:
    return {
        "commit": prediction.commit,
        "predicted_files": list(prediction.predicted_files),
        "candidates": [asdict(candidate) for candidate in prediction.candidates],
        "seconds": round(seconds, 3),
    }


def _print(prediction: Prediction, seconds: float) -> None:
    chosen = set(prediction.predicted_files)
    for rank, candidate in enumerate(prediction.candidates):
        mark = "+" if candidate.path in chosen else " "
        typer.echo(
            f"{mark} {candidate.probability:.2f}  {show_on_one_line(candidate.path)}"
        )
        if rank < _EXPLAINED:
            for line in _explain(candidate):
                typer.echo(f"          {show_on_one_line(line)}")
    count = len(prediction.candidates)
    typer.echo(
        f"{len(chosen)} files chosen (+), {count} listed, at"
        f" {prediction.commit[:12]}, in {seconds:.2f} s"
        if count
        else f"no text files at {prediction.commit[:12]}: nothing to name"
    )


def _explain(candidate: Candidate) -> list[str]:
    lines = []
    if candidate.evidence.reasons:
        lines.append("; ".join(candidate.evidence.reasons))
    if candidate.excerpt is not None:
        excerpt = candidate.excerpt
        names = f" ({', '.join(excerpt.symbols)})" if excerpt.symbols else ""
        lines.append(f"lines {excerpt.first_line}-{excerpt.last_line}{names}")
    for past in candidate.evidence.past_changes:
        lines.append(f"as in {past.commit[:10]} {past.title}")
    if candidate.evidence.companions:
        lines.append("moves with " + ", ".join(candidate.evidence.companions))
    return lines
