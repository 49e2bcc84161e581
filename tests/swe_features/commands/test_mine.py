import json
from pathlib import Path

import pytest

from swe_features.invocation import call
from tests.tasks.histories import History

MODULE = "swe_features.commands.mine"


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = History(tmp_path / "repository")
    names = ("a.py", "b.py", "c.py")
    for number, message in enumerate(
        (
            "start",
            "Add a --color option to the command (#1)",
            "fix: crash on empty input (#2)",
            "Add support for streaming answers (#3)",
        )
    ):
        history.add(dict.fromkeys(names, f"{number}\n"), message)
    history.add({"a.py": "x\n"}, "Add one more option (#4)")
    return history


def mine(history: History, output: Path, *options: str) -> int:
    return call("mine", MODULE, [str(history.path), "-o", str(output), *options])


def test_a_clone_becomes_a_suite(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "suite.jsonl"
    assert mine(history, output, "--name", "owner/name") == 0
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["pr_number"] for row in rows] == [1, 3]
    assert rows[1]["related_prs"] == [1]
    assert rows[0]["repo"] == "owner/name"
    shown = capsys.readouterr().out
    assert "4  pull requests seen" in shown
    assert "2  instances in" in shown


def test_every_rejection_is_explained(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mine(history, tmp_path / "suite.jsonl", "--explain") == 0
    shown = capsys.readouterr().out
    assert "no new functionality" in shown
    assert "count: changes 1 .py/.js files of the 3 asked for" in shown


def test_the_provenance_says_how_the_suite_was_made(
    history: History, tmp_path: Path
) -> None:
    assert mine(history, tmp_path / "suite.jsonl", "--judge", "none") == 0
    record = json.loads((tmp_path / "suite.provenance.json").read_text())
    assert record["tip"] == history.git("rev-parse", "HEAD")
    assert (record["judge"], record["rows"], record["rejected"]) == (
        "none",
        3,
        {"count": 1},
    )


def test_texts_and_states_can_come_from_a_file(
    history: History, tmp_path: Path
) -> None:
    records = [{"number": 1, "title": "Add colours", "body": "Told by the forge."}]
    (tmp_path / "pulls.json").write_text(json.dumps(records))
    output = tmp_path / "suite.jsonl"
    assert mine(history, output, "--github", str(tmp_path / "pulls.json")) == 0
    row = json.loads(output.read_text().splitlines()[0])
    assert (row["title"], row["body"]) == ("Add colours", "Told by the forge.")


def test_mining_twice_writes_the_same(history: History, tmp_path: Path) -> None:
    texts = []
    for name in ("one.jsonl", "two.jsonl"):
        assert mine(history, tmp_path / name) == 0
        texts.append((tmp_path / name).read_text())
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--relate", "magic"], "unknown relation 'magic'"),
        (["--suffixes", ","], "no suffix"),
        (["--min-files", "9"], "no rows to write"),
        (["--branch", "trunk"], "pass --branch"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    history: History,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    said: str,
) -> None:
    assert mine(history, tmp_path / "suite.jsonl", *options) == 2
    message = capsys.readouterr().err
    assert said in message
    assert message.count("\n") == 1


def test_what_is_no_repository_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("mine", MODULE, [str(tmp_path), "-o", str(tmp_path / "s")]) == 2
    assert "not the root of a git repository" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["alone", "owner/two words", ""])
def test_name_that_no_row_may_have_is_refused(
    name: str,
    history: History,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A suite was written that every other command refused."""
    assert mine(history, tmp_path / "suite.jsonl", "--name", name) == 2
    assert f"cannot name a repository {name!r}" in capsys.readouterr().err
    assert not (tmp_path / "suite.jsonl").exists()


def test_clone_without_heads_is_told_what_it_lacks(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An ordinary clone of simonw/llm gives 3 instances, with the heads it is 25."""
    assert mine(history, tmp_path / "suite.jsonl") == 0
    assert "refs/pull/*/head" in capsys.readouterr().err
    history.git("update-ref", "refs/pull/4/head", "HEAD")
    assert mine(history, tmp_path / "suite.jsonl") == 0
    assert capsys.readouterr().err == ""
