"""`swe-features score`: score any agent's predictions without running anything."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from swe_features.errors import PredictionError
from swe_features.predictions import Predictions, load_predictions
from swe_features.scoring import (
    SCORING_VERSION,
    FileScore,
    ScoreSummary,
    score_files,
    summarize_scores,
)
from tasks.obtaining import clones_folder, open_repositories
from tasks.suite import Gold, load_gold

__all__ = ["score"]


def score(
    predictions: Annotated[
        Path, typer.Argument(help="JSON lines, a JSON list, or JSON by instance id.")
    ],
    suite: Annotated[Path, typer.Option(help="The suite's rows, as JSON lines.")],
    repo: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CLONE",
            help="Read gold files from this clone, or NAME=CLONE for each of several.",
        ),
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, help="Of a ranked list, its first files.")
    ] = None,
    *,
    skip_invalid: Annotated[
        bool, typer.Option("--skip-invalid", help="Leave out rows that are broken.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything as one JSON object.")
    ] = False,
) -> None:
    """Score predicted files, or patches, against the files that were modified.

    A prediction is an object with an instance_id and predicted_files, found_files or
    model_patch. An instance without a prediction scores 0 and is counted.

    swe-features score preds.jsonl --suite suite.jsonl --repo path/to/clone
    """
    repositories = open_repositories(repo, clones_folder()) if repo else None
    gold = load_gold(suite, repositories, skip_invalid=skip_invalid)
    scored = score_predictions(load_predictions(predictions, top=top), gold)
    if as_json:
        typer.echo(json.dumps(scored.as_record(), indent=2))
    else:
        print_scores(scored)


@dataclass(frozen=True, slots=True)
class ScoredPredictions:
    """Scores of a file of predictions against a suite."""

    summary: ScoreSummary
    scores: Mapping[str, FileScore]
    missing: tuple[str, ...]
    """Instances without an entry; each scores 0."""
    empty: tuple[str, ...]
    """Instances whose entry names no modified file; each scores 0."""
    unreadable: Mapping[str, str]
    """Share of `empty` whose patch is malformed, and why."""
    skipped: tuple[str, ...]
    """Rows of the suite that were left out as broken."""

    def as_record(self) -> dict[str, Any]:
        """All of it as JSON values."""
        scores = {
            instance_id: {**asdict(score), "f1": score.f1}
            for instance_id, score in self.scores.items()
        }
        return {
            "scoring_version": SCORING_VERSION,
            **asdict(self.summary),
            "missing": list(self.missing),
            "empty": list(self.empty),
            "unreadable": dict(self.unreadable),
            "skipped": list(self.skipped),
            "instances": scores,
        }


def score_predictions(predictions: Predictions, gold: Gold) -> ScoredPredictions:
    """Score every instance of the suite.

    Raises:
        PredictionError: There are predictions for instances that the suite lacks.
    """
    unknown = sorted(predictions.files.keys() - gold.files.keys() - gold.skipped_ids)
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        message = (
            f"unknown instance {unknown[0]!r}{more}: the suite has "
            f"{', '.join(list(gold.files)[:2])}, ..."
        )
        raise PredictionError(message)
    scores = {
        instance_id: score_files(predictions.files.get(instance_id, frozenset()), files)
        for instance_id, files in gold.files.items()
    }
    answered = [i for i in gold.files if i in predictions.files]
    return ScoredPredictions(
        summary=summarize_scores(list(scores.values())),
        scores=scores,
        missing=tuple(i for i in gold.files if i not in predictions.files),
        empty=tuple(i for i in answered if not predictions.files[i]),
        unreadable=predictions.unreadable,
        skipped=tuple(str(problem) for problem in gold.skipped),
    )


def print_scores(scored: ScoredPredictions) -> None:
    """Print a table, and below it what the numbers do not say."""
    table = Table(box=None, pad_edge=False)
    table.add_column("instance")
    for name in ("precision", "recall", "F1"):
        table.add_column(name, justify="right")
    for instance_id, one in scored.scores.items():
        table.add_row(instance_id, *_rounded(one.precision, one.recall, one.f1))
    total = scored.summary
    table.add_section()
    table.add_row("mean", *_rounded(total.precision, total.recall, total.f1))
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(table)
    console.print(f"{total.exact} of {total.count} instances exactly right.")
    for count, what in (
        (len(scored.missing), "without a prediction, scored 0"),
        (len(scored.empty), "with a prediction of no modified file, scored 0"),
        (len(scored.unreadable), "of these with a malformed patch"),
        (len(scored.skipped), "rows of the suite left out as broken"),
    ):
        if count:
            console.print(f"{count} {what}.")


def _rounded(*values: float) -> tuple[str, ...]:
    return tuple(f"{value:.3f}" for value in values)
