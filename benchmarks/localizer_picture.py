"""Draw what `benchmarks.localizer` measured: F1 by repository, and reliability.

Left, each repository's mean F1, with the interval of resampled queries, and that of
what was measured beside it. Right, how often files of each probability were edited: of
changes of any kind, as those that taught, a calibrated index is on the diagonal; the
queries edit three files by choice, and so more than it can know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import binomtest

from benchmarks.localizer_reliability import Bin

__all__ = ["Row", "draw"]

_SIZE_INCHES = (9.0, 3.8)
_DOTS_PER_INCH = 150
_OWN = "#0b57d0"
_BESIDE = {
    "BM25": ("#7c3aed", "v"),
    "message kNN": ("#c2410c", "s"),
    "rank fusion": ("#0f766e", "D"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One repository."""

    name: str
    queries: int
    means: Mapping[str, float]
    """F1 by method."""
    interval: tuple[float, float]
    """Of the localizer's mean."""


def draw(
    path: Path, rows: Sequence[Row], *, asked: Sequence[Bin], anything: Sequence[Bin]
) -> None:
    """Write the picture.

    Args:
        path: Where to; its ending says the format.
        rows: Repositories.
        asked: Probabilities of the queries' files.
        anything: Those of changes of any kind.
    """
    with mpl.rc_context({"svg.hashsalt": "localizer", "font.size": 9}):
        figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        _draw_repositories(left, sorted(rows, key=lambda row: row.means["localizer"]))
        _draw_reliability(right, anything, "any change", _OWN, "o")
        _draw_reliability(right, asked, "the queries", "#64748b", "x")
        _frame_reliability(right)
        for axes in (left, right):
            axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(path, dpi=_DOTS_PER_INCH)


def _draw_repositories(axes: Axes, rows: Sequence[Row]) -> None:
    height = np.arange(len(rows))
    own = np.array([row.means["localizer"] for row in rows])
    low, high = np.array([row.interval for row in rows]).T
    axes.hlines(height, 0, own, color="#e2e8f0", zorder=0)
    for method, (colour, marker) in _BESIDE.items():
        means = [row.means[method] for row in rows]
        axes.scatter(means, height, s=22, color=colour, marker=marker, label=method)
    axes.errorbar(
        own,
        height,
        xerr=(own - low, high - own),
        fmt="o",
        color=_OWN,
        label="localizer",
    )
    axes.set_yticks(height, [f"{row.name} ({row.queries})" for row in rows])
    axes.set_xlim(0, 1)
    axes.set_xlabel("F1 of the files: mean of (n) queries, 95 % interval")
    axes.legend(frameon=False, loc="lower right", fontsize=8)


def _draw_reliability(
    axes: Axes, bins: Sequence[Bin], label: str, colour: str, marker: str
) -> None:
    edited = np.array([one.edited for one in bins])
    intervals = np.array(
        [
            binomtest(round(one.edited * one.files), one.files).proportion_ci(
                method="wilson"
            )
            for one in bins
        ]
    )
    axes.errorbar(
        [one.expected for one in bins],
        edited,
        yerr=(edited - intervals[:, 0], intervals[:, 1] - edited),
        fmt=marker,
        color=colour,
        markersize=5,
        label=label,
    )


def _frame_reliability(axes: Axes) -> None:
    axes.plot((0, 1), (0, 1), color="#94a3b8", linestyle=":")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
    axes.set_xlabel("mean probability of the files")
    axes.set_ylabel("share of them that was edited, 95 % interval")
    axes.legend(frameon=False, loc="upper left", fontsize=8)
