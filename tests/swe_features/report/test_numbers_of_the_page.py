"""Every number of a written page, recomputed from the lines of `results.jsonl`.

Nothing of the statistics is imported: what is compared with is counted here anew.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from swe_features.report.writing import write_report
from swe_features.results import read_experiment
from tests.swe_features.report.made_experiment import make_experiment

QUERIES = (1, 2, 5, 10, 20)
PAPERS_FACTOR = 10


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("numbers") / "run"
    make_experiment(folder, instances=6, budgets=(2, 4, 8), seeds=2)
    write_report(read_experiment(folder), with_figures=False)
    return folder


@pytest.fixture(scope="module")
def report(run: Path) -> Any:  # noqa: ANN401  # JSON
    page = (run / "report.html").read_text()
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert block is not None
    return json.loads(block[1])


@pytest.fixture(scope="module")
def lines(run: Path) -> list[dict[str, Any]]:
    text = (run / "results.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def at(
    lines: Iterable[Mapping[str, Any]], arm: str, budget: int | None
) -> list[Mapping[str, Any]]:
    return [line for line in lines if (line["arm"], line["budget"]) == (arm, budget)]


def score(line: Mapping[str, Any]) -> dict[str, float]:
    """Precision, recall, F1 and exactness from the two lists of files alone."""
    predicted, gold = set(line["predicted_files"]), set(line["gold_files"])
    if line["outcome"] == "broken":
        return dict.fromkeys(("f1", "precision", "recall", "exact"), 0.0)
    hits = len(predicted & gold)
    return {
        "f1": 2 * hits / (len(predicted) + len(gold)),
        "precision": hits / len(predicted) if predicted else 0.0,
        "recall": hits / len(gold),
        "exact": float(predicted == gold),
    }


def test_scores_and_tokens_of_each_arm_and_budget(
    report: Any,  # noqa: ANN401
    lines: list[dict[str, Any]],
) -> None:
    points = report["overview"]["points"]
    assert len(points) == len({(line["arm"], line["budget"]) for line in lines})
    for point in points:
        cells = at(lines, point["arm"], point["budget"])
        scored = [line for line in cells if line["outcome"] == "scored"]
        assert (point["cells"], point["scored"]) == (len(cells), len(scored))
        assert sum(point["broken"].values()) == len(cells) - len(scored)
        for name in ("f1", "precision", "recall", "exact"):
            every = fmean(score(line)[name] for line in cells)
            valid = fmean(score(line)[name] for line in scored)
            assert point["all"][name]["value"] == pytest.approx(every)
            assert point["valid"][name]["value"] == pytest.approx(valid)
            assert point["all"][name]["low"] <= every + 1e-9
            assert point["all"][name]["high"] >= every - 1e-9
        for kind, estimate in point["test_tokens"].items():
            spent = fmean(line["test_tokens"][kind] for line in scored)
            assert estimate["value"] == pytest.approx(spent)


def test_differences_wins_ties_and_losses(
    report: Any,  # noqa: ANN401
    lines: list[dict[str, Any]],
) -> None:
    found = report["overview"]["comparisons"]
    assert found
    for each in found:
        gains: dict[str, list[float]] = {}
        for other in (line for line in lines if line["arm"] == each["other"]):
            for base in (line for line in lines if line["arm"] == each["baseline"]):
                if other["instance_id"] == base["instance_id"] and all(
                    line["budget"] in {each["budget"], None} for line in (base, other)
                ):
                    is_pair = None in {base["budget"], other["budget"]} or (
                        base["seed"] == other["seed"]
                    )
                    if is_pair:
                        gain = score(other)["f1"] - score(base)["f1"]
                        gains.setdefault(other["instance_id"], []).append(gain)
        pairs = [gain for own in gains.values() for gain in own]
        assert each["pairs"] == len(pairs)
        side = each["all"]
        assert side["difference"]["value"] == pytest.approx(fmean(pairs))
        means = [fmean(own) for own in gains.values()]
        assert side["wins"] == sum(mean > 1e-9 for mean in means)
        assert side["losses"] == sum(mean < -1e-9 for mean in means)
        assert side["ties"] == len(means) - side["wins"] - side["losses"]


def test_amortisation_at_equal_budget(
    report: Any,  # noqa: ANN401
    lines: list[dict[str, Any]],
) -> None:
    [sleeper] = report["analyses"]["sleepers"]
    found = [
        each
        for each in sleeper["amortisation"]
        if each["basis"] == "equal budget" and each["prices"]["prompt"] == 0
    ]
    assert [each["budget"] for each in found] == [2, 4, 8]
    for each in found:
        means = {}
        for arm in ("sleep-time", "test-time"):
            cells = at(lines, arm, each["budget"])
            means[arm] = fmean(
                line["test_tokens"]["completion_tokens"]
                for line in cells
                if line["outcome"] == "scored"
            )
        slept = {
            line["context"]: line["sleep_tokens"]["completion_tokens"]
            for line in lines
            if line["context"]
        }
        sleep = fmean(slept.values())
        base = PAPERS_FACTOR * means["test-time"]
        assert each["baseline_cost"]["value"] == pytest.approx(base)
        assert [query["queries"] for query in each["queries"]] == list(QUERIES)
        for query in each["queries"]:
            cost = PAPERS_FACTOR * means["sleep-time"] + sleep / query["queries"]
            assert query["cost"]["value"] == pytest.approx(cost)
            assert query["ratio"]["value"] == pytest.approx(base / cost)


def test_cells_are_those_of_the_results(
    report: Any,  # noqa: ANN401
    lines: list[dict[str, Any]],
) -> None:
    shown = {cell["id"]: cell for cell in report["evidence"]["cells"]}
    for line in lines:
        cell = shown.pop(line["cell_id"])
        for name in ("f1", "precision", "recall"):
            assert cell[name] == line[name]
            if line["outcome"] == "scored":
                assert cell[name] == pytest.approx(score(line)[name])
        assert cell["predicted"] == line["predicted_files"]
        assert cell["test"][2] == line["test_tokens"]["completion_tokens"]
    assert [cell["outcome"] for cell in shown.values()] == ["missing"]
