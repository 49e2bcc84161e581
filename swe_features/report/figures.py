"""Figures for print: F1 against test-time tokens, the cost a query, and pass@k.

matplotlib draws them, from the extra `report`; it is imported only when something is
drawn, and draws without a display.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from agent.models.loading import OFFLINE
from swe_features.report.content import ReportContent
from tasks.whole_files import draft_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["INSTALL", "can_draw", "draw_figures"]

INSTALL = 'figures need matplotlib: pip install "swe-features[report]"'
FORMATS = ("png", "svg")
COLOURS = {
    "sleep-time": "#0b57d0",
    "test-time": "#c2410c",
    "no-context": "#0f766e",
    "bm25": "#7c3aed",
    "oracle": "#64748b",
}
"""As on the page; others take matplotlib's own."""
SIZE_INCHES = (6.4, 3.8)
DOTS_PER_INCH = 200
NAME_CHARACTERS = 40
"""Of a name above a figure: a longer line would leave no room for what is drawn."""
MARKERS = "osD^vPX*"
"""One for each arm, so that a figure survives a printer without colours."""


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def draw_figures(content: ReportContent, folder: Path) -> tuple[Path, ...]:
    """Draw every figure that the experiment has numbers for, as PNG and SVG.

    Args:
        content: What to draw.
        folder: Exists.
    """
    figures: dict[str, Callable[[Axes, ReportContent], None]] = {"pareto": _pareto}
    if any(each["amortisation"] for each in content.analyses["sleepers"]):
        figures["amortisation"] = _amortisation
    if any(len(each["passes"]) > 1 for each in content.analyses["sleepers"]):
        figures["passes"] = _passes
    paths = []
    for name, draw in figures.items():
        for form in FORMATS:
            path = folder / f"{name}.{form}"
            _save(path, draw, content)
            paths.append(path)
    return tuple(paths)


def _save(
    path: Path, draw: Callable[["Axes", ReportContent], None], content: ReportContent
) -> None:
    import matplotlib as mpl  # noqa: PLC0415  # the extra may not be installed
    from matplotlib.figure import Figure  # noqa: PLC0415

    # The date and random ids would make two figures of one run differ, and a name with
    # two dollars in it would be read as a formula.
    with mpl.rc_context(
        {"svg.hashsalt": "swe-features", "font.size": 9, "text.parse_math": False}
    ):
        figure = Figure(figsize=SIZE_INCHES, layout="constrained")
        axes = figure.subplots()
        draw(axes, content)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False)
        axes.set_title(_origin(content), loc="left", fontsize=8)
        form = path.suffix.removeprefix(".")
        metadata = {"Date": None} if form == "svg" else {}
        with draft_of(path) as draft, warnings.catch_warnings():
            # A name in a script that the font lacks is no reason to complain.
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            figure.savefig(draft, format=form, dpi=DOTS_PER_INCH, metadata=metadata)


def _origin(content: ReportContent) -> str:
    """Where a figure comes from; it travels without the page around it."""
    cells = content.evidence["cells"]
    models = list(dict.fromkeys(cell["model"] for cell in cells if cell["model"]))
    count = len(content.evidence["instances"])
    suite = _shorten(content.provenance["manifest"]["suite"]["name"])
    return f"{count} instances of {suite}, {_name_models(models)}"


def _name_models(models: Sequence[str]) -> str:
    if len(models) != 1:
        return f"{len(models) or 'no'} models"
    kind = " (no language model)" if models == [OFFLINE] else ""
    return f"model {_shorten(models[0])}{kind}"


def _shorten(name: str) -> str:
    return name if len(name) <= NAME_CHARACTERS else f"{name[:NAME_CHARACTERS]}…"


def _pareto(axes: "Axes", content: ReportContent) -> None:
    points = content.overview["points"]
    for place, arm in enumerate(content.overview["arms"]):
        own = [point for point in points if point["arm"] == arm]
        lines = [point for point in own if point["budget"] is not None]
        paint = COLOURS.get(arm, f"C{place}")
        for point in own:
            f1 = point["all"]["f1"]
            if point["budget"] is None and f1["value"] is not None:
                axes.axhline(f1["value"], color=paint, linestyle=":", label=arm)
        _curve(axes, arm, _budgets(lines), paint, MARKERS[place % len(MARKERS)])
    _scale(axes, "Test-time tokens a cell (generated)")


def _scale(axes: "Axes", tokens: str) -> None:
    axes.set_xlabel(tokens)
    axes.set_ylabel("F1 (mean, 95% interval)")
    axes.set_ylim(0, 1.02)
    axes.set_xlim(left=0)


Place: TypeAlias = tuple[float | None, Mapping[str, Any]]
"""Tokens, and an estimate of F1. Any: JSON values."""


def _budgets(points: Iterable[Mapping[str, Any]]) -> list[Place]:
    return [
        (point["test_tokens"]["completion_tokens"]["value"], point["all"]["f1"])
        for point in points
    ]


def _curve(  # noqa: PLR0913, PLR0917  # a line, and how it is drawn
    axes: "Axes",
    name: str,
    places: Iterable[Place],
    paint: str,
    marker: str,
    style: str = "-",
) -> None:
    known = [(x, f1) for x, f1 in places if x is not None and f1["value"] is not None]
    if not known:
        return
    x = [spent for spent, _ in known]
    y = [f1["value"] for _, f1 in known]
    axes.plot(x, y, style, color=paint, marker=marker, markersize=5, label=name)
    banded = [(spent, f1) for spent, f1 in known if f1["low"] is not None]
    axes.fill_between(
        [spent for spent, _ in banded],
        [f1["low"] for _, f1 in banded],
        [f1["high"] for _, f1 in banded],
        color=paint,
        alpha=0.13,
        linewidth=0,
    )


def _passes(axes: "Axes", content: ReportContent) -> None:
    """The first arm that sleeps, against the best of k samples of its baseline."""
    sleeps = next(e for e in content.analyses["sleepers"] if len(e["passes"]) > 1)
    arm, baseline = sleeps["arm"], sleeps["baseline"]
    best = [(each["spent"]["value"], each["f1"]) for each in sleeps["passes"]]
    paint = COLOURS.get(baseline, "C1")
    _curve(axes, f"{baseline}, best of k by score", best, paint, MARKERS[1], "--")
    for each in sleeps["passes"]:
        at = (each["spent"]["value"], each["f1"]["value"])
        if None not in at:
            axes.annotate(
                f"k = {each['k']}",
                at,
                xytext=(4, -11),
                textcoords="offset points",
                color=paint,
                fontsize=7,
            )
    points = content.overview["points"]
    own = [each for each in points if each["arm"] == arm and each["budget"]]
    _curve(axes, arm, _budgets(own), COLOURS.get(arm, "C0"), MARKERS[0])
    _scale(axes, "Test-time tokens of all samples together (generated)")


def _amortisation(axes: "Axes", content: ReportContent) -> None:
    """The first one: equal budget, the smallest, in generated tokens."""
    sleeps = next(each for each in content.analyses["sleepers"] if each["amortisation"])
    found = sleeps["amortisation"][0]
    sleeper, baseline = sleeps["arm"], sleeps["baseline"]
    x = [each["queries"] for each in found["queries"]]
    costs = [each["cost"] for each in found["queries"]]
    paint = COLOURS.get(sleeper, "C0")
    y = [cost["value"] for cost in costs]
    axes.plot(x, y, color=paint, marker="o", markersize=5, label=sleeper)
    if all(cost["low"] is not None for cost in costs):
        low, high = ([cost[end] for cost in costs] for end in ("low", "high"))
        axes.fill_between(x, low, high, color=paint, alpha=0.13, linewidth=0)
    base = found["baseline_cost"]["value"]
    if base is not None:
        axes.axhline(
            base, color=COLOURS.get(baseline, "C1"), linestyle=":", label=baseline
        )
    axes.set_xscale("log")
    axes.set_xticks(x, [str(queries) for queries in x])
    axes.minorticks_off()
    axes.set_xlabel("Queries that share one learned context")
    axes.set_ylabel(f"Cost a query, {found['prices']['name']}")
    axes.set_ylim(bottom=0)
