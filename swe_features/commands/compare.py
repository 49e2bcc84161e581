"""`swe-features compare`: two runs, or two arms of one, in pairs."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from swe_features.commands.given_path import given_path
from swe_features.errors import ConfigError, StoreError
from swe_features.results import read_experiment
from swe_features.statistics.comparison import Comparison, Paired, compare_arms
from swe_features.statistics.comparison import compare as compare_runs
from swe_features.statistics.intervals import Estimate
from swe_features.statistics.observations import Observation, observe
from swe_features.statistics.summary import BASELINE, as_json
from swe_features.text_table import NOTHING, lay_out
from tasks.whole_files import draft_of

__all__ = ["compare"]

HEADINGS = (
    "compared",
    "budget",
    "pairs",
    "difference",
    "95% interval",
    "p",
    "Holm",
    "wins",
    "ties",
    "losses",
    "detectable",
)

_SMALLEST_P = 0.001


def compare(
    first: Annotated[
        Path, typer.Argument(metavar="A", help="The --out of a run: the baseline.")
    ],
    second: Annotated[
        Path | None,
        typer.Argument(metavar="B", help="Another run; without it, arms of A."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            help=f"The arm of A that its others are held against; {BASELINE} if not "
            "given."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            metavar="PATH",
            help="Write it there too: .json, else text.",
        ),
    ] = None,
    *,
    as_json_text: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON.")
    ] = False,
) -> None:
    """Compare two runs, or the arms of one, on the same instances.

    Differences are F1 of the second minus F1 of the first, within an instance, budget
    and seed. Intervals are bootstrapped over instances, or over repositories where
    there are ten or more; p is of a sign-flip test.

    swe-features compare runs/before runs/after

    swe-features compare runs/demo --baseline no-context
    """
    found = _compare(first, second, baseline)
    text = _as_json_text(found) if as_json_text else _as_text(found)
    typer.echo(text, nl=False)
    if out is not None:
        is_json = out.suffix == ".json"
        written = _as_json_text(found) if is_json else _as_text(found)
        try:
            with draft_of(out) as draft:
                draft.write_text(written, encoding="utf-8")
        except OSError as error:
            msg = f"cannot write {out}: {error.strerror or error}: choose another --out"
            raise StoreError(msg) from error


def _compare(
    first: Path, second: Path | None, baseline: str | None
) -> Sequence[Comparison]:
    a = _observations(first)
    if second is not None:
        if baseline is not None:
            msg = "--baseline is of the arms of one run: leave it out, or leave out B"
            raise ConfigError(msg)
        found = compare_runs(a, _observations(second), names=_names(first, second))
        if not found:
            msg = f"{first} and {second} have no arm with the same budget in common"
            raise ConfigError(msg)
        if not any(comparison.pairs for comparison in found):
            msg = f"{first} and {second} have no instance in common"
            raise ConfigError(msg)
        return found
    baseline = baseline or BASELINE
    arms = list(dict.fromkeys(o.arm for o in a))
    if baseline not in arms:
        msg = f"no arm {baseline!r} in {first}: name one of {', '.join(arms)}"
        raise ConfigError(msg)
    if len(arms) == 1:
        msg = f"{first} has no arm but {baseline!r}: name another run to compare with"
        raise ConfigError(msg)
    return [
        comparison
        for other in arms
        if other != baseline
        for comparison in compare_arms(a, baseline=baseline, other=other)
    ]


def _names(first: Path, second: Path) -> tuple[str, str]:
    """The last part of each path, or all of it where that tells nothing apart."""
    if first.name and second.name and first.name != second.name:
        return first.name, second.name
    return str(first), str(second)


def _observations(directory: Path) -> tuple[Observation, ...]:
    pairs = read_experiment(directory).cells_with_results()
    found = observe(result for _, result in pairs if result is not None)
    if not found:
        msg = f"{directory} has no scored cell yet: run its experiment first"
        raise ConfigError(msg)
    return found


def _as_text(found: Sequence[Comparison]) -> str:
    table = lay_out(HEADINGS, [_row(comparison) for comparison in found])
    doubts = dict.fromkeys(doubt for each in found for doubt in each.reading.doubts)
    lines = [f"Doubt: {doubt}" for doubt in doubts]
    return table + "".join(f"{line}\n" for line in lines)


def _row(comparison: Comparison) -> tuple[str, ...]:
    what = f"{comparison.other} - {comparison.baseline}"
    budget = NOTHING if comparison.budget is None else str(comparison.budget)
    paired = comparison.all_cells
    if paired is None:
        return (what, budget, "0", *[NOTHING] * (len(HEADINGS) - 3))
    return (what, budget, str(comparison.pairs), *_figures(paired))


def _figures(paired: Paired) -> tuple[str, ...]:
    return (
        f"{paired.difference.value:+.3f}",
        _interval(paired.difference),
        _chance(paired.test.p),
        _chance(paired.p_holm),
        str(paired.wins),
        str(paired.ties),
        str(paired.losses),
        _unless_nan(paired.smallest_detectable),
    )


def _chance(p: float) -> str:
    return "<0.001" if p < _SMALLEST_P else f"{p:.3f}"


def _unless_nan(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{value:.3f}"


def _interval(estimate: Estimate) -> str:
    interval = estimate.percentile
    if interval is None:
        return NOTHING
    return f"{interval.low:+.3f} to {interval.high:+.3f}"


def _as_json_text(found: Sequence[Comparison]) -> str:
    return json.dumps(as_json(list(found)), indent=2) + "\n"
