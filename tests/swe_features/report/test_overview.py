from pathlib import Path
from statistics import fmean

import pytest

from swe_features.report.content import ReportContent, gather
from swe_features.results import StoredExperiment, read_experiment
from tests.swe_features.report.made_experiment import make_experiment


def test_points_are_the_means_of_the_rows(
    experiment: StoredExperiment, content: ReportContent
) -> None:
    for point in content.overview["points"]:
        rows = [
            row
            for row in experiment.rows
            if (row.arm, row.budget) == (point["arm"], point["budget"])
        ]
        scored = [row for row in rows if row.outcome == "scored"]
        total = sum(row.f1 or 0.0 for row in scored)
        assert point["all"]["f1"]["value"] == pytest.approx(total / len(rows))
        assert point["valid"]["f1"]["value"] == pytest.approx(total / len(scored))
        tokens = fmean(r.test_tokens.completion_tokens for r in scored if r.test_tokens)
        spent = point["test_tokens"]["completion_tokens"]["value"]
        assert spent == pytest.approx(tokens)


def test_broken_and_missing_cells_are_counted(content: ReportContent) -> None:
    counts = content.overview["counts"]
    assert (counts["planned"], counts["scored"], counts["broken"]) == (15, 13, 1)
    [point] = [
        point
        for point in content.overview["points"]
        if (point["arm"], point["budget"]) == ("test-time", 4)
    ]
    assert (point["planned"], point["cells"]) == (3, 2)
    for doubt in ("1 of 15 planned cells are missing", "1 of 3 instances lack a cell"):
        assert sum(doubt in each for each in content.overview["doubts"]) == 1
    broken = [p for p in content.overview["points"] if p["broken"]]
    assert [p["broken"] for p in broken] == [{"model": 1}]


def test_sleep_is_compared_with_test_time(content: ReportContent) -> None:
    found = content.overview["comparisons"]
    assert {(c["baseline"], c["other"]) for c in found} == {
        ("test-time", "sleep-time"),
        ("test-time", "bm25"),
        ("bm25", "sleep-time"),
    }
    assert all(c["all"]["difference"]["value"] >= 0 for c in found[:2])
    assert [c["other"] for c in found[:2]] == ["sleep-time"] * 2


def test_amortisation_recomputes_by_hand(content: ReportContent) -> None:
    """Cost a query = 10 x test + sleep / queries (arXiv 2504.13171, section 5.3)."""
    found = content.analyses["sleepers"][0]["amortisation"][0]
    point = next(p for p in content.overview["points"] if p["arm"] == "sleep-time")
    test = point["test_tokens"]["completion_tokens"]["value"]
    for each in found["queries"]:
        cost = 10 * test + 900 / each["queries"]
        assert each["cost"]["value"] == pytest.approx(cost)


def test_experiment_without_a_result_still_has_a_report(tmp_path: Path) -> None:
    folder = make_experiment(tmp_path / "run")
    (folder / "results.jsonl").unlink()
    content = gather(read_experiment(folder))
    assert content.overview["points"] == []
    assert content.overview["counts"] == {"planned": 15, "scored": 0, "broken": 0}
