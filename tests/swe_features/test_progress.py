import io
from dataclasses import replace

from rich.console import Console

from agent.learned_context import LearnedContext
from agent.usage import Usage
from swe_features.attempts import Slept
from swe_features.cell_results import Breakage
from swe_features.progress import LiveTable, PlainLines, shown_progress
from swe_features.table import TOKENS_NOTE
from tests.swe_features.test_table import cell, result

CELLS = [cell(n, "test-time", 2) for n in range(40)]
WHY = Breakage("model", "test", "no route", "")
LEARNED = LearnedContext("", "o/n", "c", (), "offline", "p", Usage(), 0.0)


def drawn(table: LiveTable) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(table.render())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_without_a_terminal_there_are_few_plain_lines() -> None:
    stream = io.StringIO()
    with shown_progress(stream) as progress:
        progress.begin(CELLS, {}, 1)
        progress.slept(Slept("k", LEARNED))
        for each in CELLS:
            progress.finished(result(each, 1.0))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "40 cells, 0 done, 1 learned context to make"
    assert lines[-1].startswith("40/40 cells (1/1 slept")
    assert len(lines) == 21


def test_what_breaks_is_said_at_once_and_counted_by_boundary() -> None:
    stream = io.StringIO()
    lines = PlainLines(stream)
    lines.begin(CELLS[:1], {}, 0)
    lines.finished(replace(result(CELLS[0], 0), outcome="broken", f1=None, broken=WHY))
    said = stream.getvalue()
    assert "broken (model): o__n-0, test-time, budget 2: no route" in said
    assert "1/1 cells (1 broken (model)" in said


def test_broken_sleep_is_said_once_and_not_for_every_cell() -> None:
    stream = io.StringIO()
    lines = PlainLines(stream)
    why = replace(WHY, phase="sleep")
    lines.begin(CELLS, {}, 1)
    lines.slept(Slept("k", None, why))
    for each in CELLS[:3]:
        lines.finished(replace(result(each, 0), outcome="broken", f1=None, broken=why))
    assert stream.getvalue().count("no route") == 1


def test_live_table_counts_what_was_done_before() -> None:
    table = LiveTable()
    known = {each.cell_id: result(each, 1.0, 30) for each in CELLS[:10]}
    table.begin(CELLS, known, 0)
    table.finished(result(CELLS[10], 0.0, 30))
    row = next(line for line in drawn(table).splitlines() if "test-time" in line)
    assert row.split() == ["test-time", "2", "11/40", "0", "0.909", "30"]
    assert TOKENS_NOTE in drawn(table)


def test_live_table_adds_up_what_is_spent_and_says_when_it_cannot() -> None:
    table = LiveTable()
    table.begin(CELLS, {}, 0)
    usage = Usage(prompt_tokens=1_000_000, completion_tokens=1_000_000)
    paid = replace(result(CELLS[0], 1.0), model="anthropic/claude-sonnet-4-5")
    table.finished(replace(paid, test_tokens=usage))
    assert "$" in drawn(table)
    table.finished(replace(result(CELLS[1], 1.0), model="nobody/knows"))
    assert "cost unknown" in drawn(table)
