"""Numbers that a sentence names, held against the ones that were counted.

An estimate with an interval must be one estimate's own value, lower and upper end. Any
other number must be one that was counted for the place that the sentence speaks of, or
be spelt in the name of that place, and is compared as far as it is printed.
"""

import math
import re
from collections.abc import Iterable, Iterator

from tests.swe_features.report.recount.draws import Numbers
from tests.swe_features.report.recount.rows import Row, Run

__all__ = ["cells_of", "unfounded_in"]

_NUMBER = r"[+-]?\d[\d,]*(?:\.\d+)?(?:e[+-]\d+)?"
_ESTIMATE = re.compile(rf"({_NUMBER}) \(95% interval ({_NUMBER}) to ({_NUMBER})\)")
_BELOW = re.compile(r"p < 0\.001")
_PLAIN = re.compile(rf"(?<![\w.@#%-])({_NUMBER})(%?)(?![\w])")
_WORDS = ("95% interval", "F1", "BM25", "pass@k")


def cells_of(place: str, run: Run, suspects: Iterable[str]) -> set[int]:
    """How many cells, instances and so on a place speaks of.

    Args:
        place: `comparisons[test-time,sleep-time,4]` and the like.
        run: All its rows.
        suspects: Ids of the cells that looked where they should not.
    """
    named = set(re.findall(r"(?<=[\[,])[^\[\],]+(?=[\],])", place))
    arms = named.intersection(run.arms) or set(run.arms)
    if place.startswith("analyses/scaling"):
        arms = {arm for arm in arms if arm.startswith("sleep-time")}
    budgets = {int(name) for name in named if name.isdigit()}
    of_arms = [row for row in run.rows if row.arm in arms]
    at_budget = [row for row in of_arms if row.budget in {*budgets, None}]
    arms_of: dict[tuple[str, int], set[str]] = {}
    for row in at_budget:
        arms_of.setdefault(row.trial, set()).add(row.arm)
    paired = [row for row in at_budget if arms_of[row.trial] == arms]
    missing = len(run.plan["cells"]) - len(run.lines)
    counts = {missing, len(run.plan["cells"])}
    counts |= {len({row.line["seed"] for row in of_arms}), *_gaps(of_arms)}
    for rows in (of_arms, at_budget, paired):
        lines = [row.line for row in rows]
        counts |= {
            len(rows),
            len({row.instance for row in rows}),
            len({row.repo for row in rows}),
            sum(not row.is_scored for row in rows),
            sum(row.is_scored and not row.tells("test") for row in rows),
            sum(
                bool(row.line["sleep_tokens"]) and not row.tells("sleep")
                for row in rows
            ),
            sum(line["related"] == "any-order" for line in lines),
            sum(row.is_scored and not row.line["proof"] for row in rows),
            len({line["cell_id"] for line in lines} & set(suspects)),
            len({(line["code"], line["prompts"]) for line in lines}),
            len({line["model"] for line in lines} - {None}),
            len({line["sleep_model"] for line in lines} - {None}),
        }
    return counts


def _gaps(rows: Iterable[Row]) -> set[int]:
    """How many instances are not at every arm and budget, and how many modes."""
    points: dict[tuple[str, int | None], set[str]] = {}
    modes = set()
    for row in rows:
        points.setdefault((row.arm, row.budget), set()).add(row.instance)
        modes.add(row.line["mode"])
    everyone = set().union(*points.values())
    full = [name for name in everyone if all(name in each for each in points.values())]
    return {len(everyone) - len(full), len(modes)}


def unfounded_in(
    sentence: str,
    place: str,
    counted: Numbers,
    *,
    cells: Iterable[int] = (),
    names: Iterable[str] = (),
) -> list[str]:
    """What a sentence says of a place and nobody counted.

    Args:
        sentence: One or more sentences.
        place: Of what they speak.
        counted: Every number of the run, by its place.
        cells: What `cells_of` finds for that place.
        names: Of arms and the like, whose digits are no numbers.
    """
    near = {key: value for key, value in counted.items() if key.startswith(place)}
    estimates = list(_estimates_of(near))
    missing = []

    def take_estimate(match: re.Match[str]) -> str:
        if not any(
            all(map(_is_printed, match.groups(), estimate)) for estimate in estimates
        ):
            missing.append(match[0])
        return " "

    rest = sentence
    for name in sorted([*names, *_WORDS], key=len, reverse=True):
        if name != "95% interval":
            rest = rest.replace(name, "_")
    rest = _ESTIMATE.sub(take_estimate, rest).replace("95% interval", "_")
    rest = _BELOW.sub("_", rest)
    values = [value for value in near.values() if isinstance(value, float | int)]
    values += [*cells, *map(float, re.findall(r"(?<=[\[,])\d+(?=[\],])", place))]
    for match in _PLAIN.finditer(rest):
        text, percent = match.groups()
        scaled = [value * 100 for value in values] if percent else values
        if rest[match.end() :].startswith(" or more"):
            scaled = [*map(math.ceil, filter(math.isfinite, values))]
        if not any(_is_printed(text, value) for value in scaled):
            missing.append(match[0])
    return missing


def _estimates_of(near: Numbers) -> Iterator[tuple[float, float, float]]:
    for key, value in near.items():
        stem, _, last = key.rpartition("/")
        low, high = near.get(f"{stem}/low"), near.get(f"{stem}/high")
        if last == "value" and None not in {value, low, high}:
            yield value, low, high  # type: ignore[misc]  # none of them is None


def _is_printed(text: str, value: float) -> bool:
    """Whether a number, rounded as the text is, reads like the text."""
    shown = float(text.replace(",", ""))
    mantissa, _, exponent = text.replace(",", "").partition("e")
    decimals = len(mantissa.partition(".")[2])
    unit = 10.0 ** (int(exponent or 0) - decimals)
    return abs(shown - value) <= 0.5 * unit * (1 + 1e-9)
