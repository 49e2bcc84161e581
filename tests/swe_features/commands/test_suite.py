import json
from pathlib import Path

import pytest

from swe_features.invocation import call
from tests.tasks.histories import History

MODULE = "swe_features.commands.suite"


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "repository")


@pytest.fixture
def suite(history: History, tmp_path: Path) -> Path:
    rows = []
    base = history.add({"a.py": "0\n", "b.py": "0\n"})
    for number in (1, 2):
        head = history.add({"a.py": f"{number}\n"}, f"Add {number} (#{number})")
        rows.append(
            {
                "repo": "o/n",
                "pr_number": number,
                "title": f"Add \x1b[31m{number}",
                "body": "Edit a.py.",
                "base_commit": base,
                "head_commit": head,
                "merge_commit": head,
                "cluster": "things",
            }
        )
        base = head
    path = tmp_path / "suite.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run(history: History, command: str, suite: Path, *options: str) -> int:
    arguments = [command, str(suite), *options, "--repo", str(history.path)]
    return call("suite", MODULE, arguments)


def test_a_sound_suite_passes_and_tells_its_leaks(
    history: History, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(history, "check", suite) == 0
    shown = capsys.readouterr().out
    assert "leak 1.00 o__n-1: names a.py" in shown
    assert "2 instances, 0 unusable rows, 0 with faults" in shown


def test_a_faulty_suite_exits_1(
    history: History, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = json.loads(suite.read_text().splitlines()[0])
    row |= {"pr_number": 3, "changed_files": ["b.py"]}
    suite.write_text(suite.read_text() + json.dumps(row) + "\n{\n")
    assert run(history, "check", suite, "--quiet") == 1
    said = capsys.readouterr()
    shown = said.out
    assert said.err == f"error: 2 of 4 rows of {suite} are faulty\n"
    assert "fault     o__n-3: the row's files are not the repository's" in shown
    assert "unusable  line 4: broken JSON" in shown
    assert "leak" not in shown.split("\n")[0]


def test_a_check_is_one_json_object(
    history: History, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(history, "check", suite, "--json", "--cutoff", "2023-12-31") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["is_sound"] is True
    assert record["after_cutoff"] == 2
    assert [row["leak"] for row in record["rows"]] == [1.0, 1.0]


def test_a_masked_suite_gives_nothing_away(
    history: History,
    suite: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    masked = tmp_path / "masked.jsonl"
    assert run(history, "check", suite, "--mask", str(masked)) == 0
    origin = tmp_path / "masked.provenance.json"
    assert origin.exists()
    written = f"2 masked rows in {masked}, origin in {origin}\n"
    assert capsys.readouterr().err == written
    assert run(history, "check", masked, "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["leaking"], record["instances"]) == (0, 2)


def test_a_masked_suite_does_not_take_the_place_of_the_suite(
    history: History, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = suite.read_bytes()
    assert run(history, "check", suite, "--mask", str(suite)) == 2
    assert "name another file" in capsys.readouterr().err
    assert suite.read_bytes() == before


def test_an_instance_is_shown_without_terminal_escapes(
    history: History, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(history, "show", suite, "2") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("o__n-2: Add 2\n")
    assert "Related (1), oldest first:\n  #1 Add 1" in shown
    assert "  * modified a.py" in shown
    assert run(history, "show", suite, "o__n-2", "--masked") == 0
    assert "Edit [file]." in capsys.readouterr().out


def test_an_unknown_instance_is_one_line_and_exit_2(
    history: History, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(history, "show", suite, "99") == 2
    said = capsys.readouterr().err
    assert "unknown instance '99': the suite has o__n-1" in said
    assert "unusable" not in said
    lost = {**json.loads(suite.read_text().splitlines()[0]), "pr_number": 99}
    lost["base_commit"] = "a" * 40
    suite.write_text(suite.read_text() + json.dumps(lost) + "\n")
    assert run(history, "show", suite, "99") == 2
    assert "(unusable rows: 1; see suite check)" in capsys.readouterr().err


def test_statistics_tell_the_distribution(
    history: History, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(history, "stats", suite, "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["instances"] == 2
    assert all(year.isdecimal() or year == "unknown" for year in record["years"])
    assert record["related"] == {"least": 0, "median": 0.5, "most": 1, "none": 1}
    assert run(history, "stats", suite) == 0
    assert "no provenance beside" in capsys.readouterr().out


def test_the_papers_suite_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("suite", MODULE, ["paper", "--clones", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "missing Aider-AI/aider#55: there is no clone" in shown
    assert "0 of 34 printed numbers found." in shown


def test_papers_suite_wants_a_folder_that_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("suite", MODULE, ["paper", "--clones", str(tmp_path / "no")]) == 2
    assert "is not a folder" in capsys.readouterr().err


def test_a_number_of_two_repositories_is_not_guessed(
    history: History, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = suite.read_text()
    suite.write_text(text + text.replace('"o/n"', '"o/other"'))
    assert run(history, "show", suite, "2") == 2
    assert "name one of o__n-2, o__other-2" in capsys.readouterr().err
    assert run(history, "show", suite, "o__other-2") == 0
