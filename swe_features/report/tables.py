"""The numbers of a report for other programs and other documents.

CSV holds unrounded values, one line an arm and budget. LaTeX and Markdown round as the
page does.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from swe_features.report.content import ReportContent
from swe_features.report.disguises import undisguise
from swe_features.report.evidence import TOKEN_FIELDS
from swe_features.table import TOKENS_NOTE

__all__ = ["arms_csv", "latex_table", "markdown_summary"]

NOTHING = "-"
WITHOUT_TEXTS = "Texts are left out of this report; its numbers are those of the whole."
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def arms_csv(content: ReportContent) -> str:
    """One line for each arm and budget."""
    rows = []
    for point in content.overview["points"]:
        row = {name: point[name] for name in ("arm", "budget", "planned", "scored")}
        row["broken"] = sum(point["broken"].values())
        for cells in ("all", "valid"):
            for measure, estimate in point[cells].items():
                for part, value in estimate.items():
                    row[f"{measure}_{cells}_{part}"] = value
        for kind in TOKEN_FIELDS:
            row[f"test_{kind}"] = point["test_tokens"][kind]["value"]
            row[f"sleep_{kind}"] = point["sleep_tokens"].get(kind)
        rows.append(row)
    if not rows:
        return ""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def latex_table(content: ReportContent) -> str:
    """A table for a paper, with the rules of the package booktabs."""
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{tabular}{lrrrrrr}",
        "\\toprule",
        "Arm & Budget & F1 & 95\\% interval & Precision & Recall & Test tokens \\\\",
        "\\midrule",
    ]
    last = None
    for point in content.overview["points"]:
        if last not in {None, point["arm"]}:
            lines.append("\\addlinespace")
        last = point["arm"]
        cells = [_latex(cell) for cell in _texts(point)]
        lines.append(" & ".join(cells) + " \\\\")
    lines += ["\\bottomrule", "\\end{tabular}", f"% {TOKENS_NOTE}"]
    doubts = [*content.overview["doubts"], *_withheld(content)]
    lines += [f"% {line}" for line in map(undisguise, doubts)]
    return "\n".join(lines) + "\n"


def _latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in undisguise(text))


def markdown_summary(content: ReportContent) -> str:
    """A summary for the comment of a pull request."""
    counts = content.overview["counts"]
    missing = counts["planned"] - counts["scored"] - counts["broken"]
    lines = [
        f"### {_markdown(content.title)}",
        "",
        f"{counts['scored']} of {counts['planned']} cells scored, "
        f"{counts['broken']} broken, {missing} missing.",
        "",
        "| arm | budget | F1 | 95% interval | precision | recall | test tokens |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for point in content.overview["points"]:
        lines.append(f"| {' | '.join(map(_markdown, _texts(point)))} |")
    lines += ["", TOKENS_NOTE]
    findings = [c["shows"] for c in content.overview["comparisons"]]
    for heading, texts in (
        ("Differences in F1:", findings),
        ("Before you believe it:", content.overview["doubts"]),
    ):
        if texts:
            lines += ["", heading, "", *(f"- {_markdown(text)}" for text in texts)]
    for text in _withheld(content):
        lines += ["", text]
    return "\n".join(lines) + "\n"


def _withheld(content: ReportContent) -> tuple[str, ...]:
    return () if content.has_texts else (WITHOUT_TEXTS,)


def _texts(point: Mapping[str, Any]) -> Sequence[str]:
    """A line of both tables, rounded; broken cells count as 0."""
    values = point["all"]
    f1, tokens = values["f1"], point["test_tokens"]["completion_tokens"]["value"]
    interval = NOTHING if f1["low"] is None else f"{f1['low']:.3f} to {f1['high']:.3f}"
    return (
        point["arm"],
        NOTHING if point["budget"] is None else str(point["budget"]),
        _score(f1["value"]),
        interval,
        _score(values["precision"]["value"]),
        _score(values["recall"]["value"]),
        NOTHING if tokens is None else f"{tokens:,.0f}",
    )


def _score(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def _markdown(text: str) -> str:
    """Text that is shown as it is, whatever it looks like."""
    return re.sub(r"([\\`*_\[\]<>|~#@&])", r"\\\1", undisguise(text))
