from dataclasses import replace

from agent.usage import Usage
from swe_features.cell_results import Breakage, CellResult
from swe_features.cells import Cell
from swe_features.table import TOKENS_NOTE, as_text, summarise


def cell(number: int, arm: str, budget: int | None) -> Cell:
    return Cell(f"{arm}-{budget}-{number}", f"o__n-{number}", arm, budget, 0, "m", None)


def result(of: Cell, f1: float, tokens: int = 10) -> CellResult:
    return CellResult(
        cell_id=of.cell_id,
        instance_id=of.instance_id,
        arm=of.arm,
        budget=of.budget,
        seed=0,
        model="m",
        sleep_model=None,
        mode="predict",
        related="past-only",
        outcome="scored",
        gold_files=("a",),
        precision=f1 / 2,
        recall=1.0,
        f1=f1,
        test_tokens=Usage(completion_tokens=tokens),
    )


def broken(of: Cell) -> CellResult:
    why = Breakage("model", "test", "no", "")
    return replace(result(of, 0), outcome="broken", f1=None, precision=None, broken=why)


CELLS = [
    cell(number, arm, budget)
    for number in (1, 2)
    for arm, budget in (("test-time", 4), ("test-time", 2), ("oracle", None))
]


def test_means_are_over_scored_cells_and_the_rest_is_counted() -> None:
    cells = [cell(n, "test-time", 2) for n in range(4)]
    results = [result(cells[0], 0.5), result(cells[1], 1.0, 30), broken(cells[2])]
    (row,) = summarise(cells, {r.cell_id: r for r in results})
    assert (row.f1, row.precision, row.recall) == (0.75, 0.375, 1.0)
    assert row.test_tokens == 20
    assert (row.scored, row.broken, row.missing) == (2, 1, 1)


def test_tokens_that_were_not_told_are_unknown_and_not_0() -> None:
    cells = [cell(n, "agent:aider", 2) for n in range(2)]
    nothing = Usage(requests=1, unmeasured_requests=1)
    silent = [
        replace(result(each, 0.5), test_tokens=nothing, sleep_tokens=nothing)
        for each in cells
    ]
    (row,) = summarise(cells, {r.cell_id: r for r in silent})
    assert (row.test_tokens, row.sleep_tokens, row.f1) == (None, None, 0.5)
    found = {r.cell_id: r for r in (silent[0], result(cells[1], 0.5, 30))}
    (row,) = summarise(cells, found)
    assert row.test_tokens == 30


def test_rows_are_by_arm_then_budget() -> None:
    rows = summarise(CELLS, {})
    assert [(row.arm, row.budget) for row in rows] == [
        ("test-time", 2),
        ("test-time", 4),
        ("oracle", None),
    ]


def test_shared_sleep_counts_once() -> None:
    cells = [cell(n, "sleep-time", 2) for n in range(3)]
    contexts = [("a", 100), ("a", 100), ("b", 400)]
    results = {
        c.cell_id: replace(
            result(c, 1.0), context=key, sleep_tokens=Usage(completion_tokens=tokens)
        )
        for c, (key, tokens) in zip(cells, contexts, strict=True)
    }
    (row,) = summarise(cells, results)
    assert row.sleep_tokens == 250


def test_results_of_cells_that_were_not_planned_are_left_out() -> None:
    other = cell(9, "test-time", 2)
    rows = summarise([CELLS[1]], {other.cell_id: result(other, 1.0)})
    assert [(row.scored, row.f1) for row in rows] == [(0, None)]


def test_text_shows_nothing_as_a_dash_and_three_digits() -> None:
    results = [result(CELLS[0], 2 / 3, 1234567), broken(CELLS[1])]
    text = as_text(summarise(CELLS[:2], {r.cell_id: r for r in results}))
    lines = text.splitlines()
    assert lines[0].split() == [
        "arm", "budget", "F1", "precision", "recall", "test", "tokens",
        "sleep", "tokens", "scored", "broken",
    ]  # fmt: skip
    assert lines[2].split() == ["test-time", "2", "-", "-", "-", "-", "-", "0", "1"]
    assert lines[3].split() == [
        "test-time", "4", "0.667", "0.333", "1.000", "1,234,567", "-", "1", "0",
    ]  # fmt: skip


def test_the_table_says_that_its_tokens_are_the_generated_ones() -> None:
    """The estimate before a run has what is read too, which looked like one number."""
    read = Usage(prompt_tokens=9000, completion_tokens=10)
    found = {CELLS[0].cell_id: replace(result(CELLS[0], 1.0), test_tokens=read)}
    lines = as_text(summarise(CELLS[:1], found)).splitlines()
    assert lines[2].split()[5] == "10"
    assert lines[-1] == TOKENS_NOTE
    assert "generated" in TOKENS_NOTE


def test_models_of_a_merged_run_have_rows_of_their_own() -> None:
    """One row had the mean over all models, and did not say so."""
    mine = [cell(n, "sleep-time", 2) for n in (1, 2)]
    others = [replace(c, cell_id=f"o-{c.cell_id}", model="other") for c in mine]
    slept = [replace(c, cell_id=f"s-{c.cell_id}", sleep_model="small") for c in mine]
    cells = [*mine, *others, *slept]
    scores = dict(zip(cells, (0.2, 0.4, 0.6, 0.8, 1.0, 1.0), strict=True))
    results = {c.cell_id: result(c, f1) for c, f1 in scores.items()}
    lines = as_text(summarise(cells, results)).splitlines()[:-1]
    assert lines[0].split()[:4] == ["arm", "model", "budget", "F1"]
    assert [line.split()[1:-7] for line in lines[2:]] == [
        ["m", "2"],
        ["other", "2"],
        ["m", "(small", "asleep)", "2"],
    ]
    assert [line.split()[-7] for line in lines[2:]] == ["0.300", "0.700", "1.000"]
