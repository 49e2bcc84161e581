"""The numbers of a written page by their places, and those that it should have."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.swe_features.report.recount.curves import recount_curves
from tests.swe_features.report.recount.depth import recount_depth
from tests.swe_features.report.recount.differences import recount_differences
from tests.swe_features.report.recount.dollars import recount_dollars
from tests.swe_features.report.recount.draws import Numbers
from tests.swe_features.report.recount.foresight import recount_foresight
from tests.swe_features.report.recount.particulars import recount_particulars
from tests.swe_features.report.recount.points import recount_points
from tests.swe_features.report.recount.rows import Run

__all__ = ["BLOCKS", "numbers_of", "read_page", "recount", "sentences_of"]

BLOCKS = ("overview", "analyses", "costs", "evidence")

NAMED_BY = {
    "points": ("arm", "budget"),
    "comparisons": ("baseline", "other", "budget"),
    "sleepers": ("baseline", "arm"),
    "amortisation": ("basis", "prices", "budget"),
    "queries": ("queries",),
    "savings": ("budget",),
    "predictability": ("budget",),
    "passes": ("k",),
    "at_equal_tokens": ("budget",),
    "scaling": ("budget",),
    "instances": ("id",),
    "cells": ("id",),
}
"""What tells the entries of a list apart; of others it is their place."""


def read_page(path: Path) -> dict[str, Any]:
    """The data that a page was written with. Any: JSON values."""
    block = re.search(
        r'<script type="application/json" id="data">(.*?)</script>', path.read_text()
    )
    assert block is not None
    found: dict[str, Any] = json.loads(block[1])
    return found


def numbers_of(page: dict[str, Any]) -> Numbers:
    """Each number, truth value or blank of the blocks, by its place."""
    found = _leaves_of(page)
    places = [place for place, _ in found]
    assert len(places) == len(set(places))
    return {place: value for place, value in found if not isinstance(value, str)}


def sentences_of(page: dict[str, Any]) -> dict[str, str]:
    """What the blocks say in words, by the place that it is said of."""
    told: dict[str, str] = {}
    for place, value in _leaves_of(page):
        match = re.fullmatch(r"(.*)/(shows|doubts/\d+|note)", place)
        if match and isinstance(value, str):
            told[match[1]] = f"{told.get(match[1], '')} {value}"
    return told


def _leaves_of(page: dict[str, Any]) -> list[tuple[str, Any]]:
    return [each for block in BLOCKS for each in _walk(block, block, page[block])]


def _walk(place: str, name: str, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  # JSON
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _walk(f"{place}/{key}", key, each)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _walk(_entry(place, name, number, each), "", each)
    else:
        yield place, value


def _entry(place: str, name: str, number: int, value: Any) -> str:  # noqa: ANN401  # JSON
    keys = NAMED_BY.get(name, ())
    if name == "points" and place.startswith("analyses/scaling"):
        keys = ("k",)
    if not keys or not isinstance(value, dict):
        return f"{place}/{number}"
    names = (value[k]["name"] if k == "prices" else value[k] for k in keys)
    return f"{place}[{','.join(map(str, names))}]"


def recount(folder: Path, page: dict[str, Any]) -> Numbers:
    """Each number that a page of a run should have.

    Which rollouts are suspicious is taken from the page: commands are read, and no
    number is computed.
    """
    run = Run.read(folder)
    suspects = set(page["overview"]["suspects"])
    return {
        **recount_points(run, suspects),
        **recount_differences(run),
        **recount_curves(run),
        **recount_foresight(run),
        **recount_depth(run),
        **recount_dollars(run),
        **recount_particulars(run),
    }
