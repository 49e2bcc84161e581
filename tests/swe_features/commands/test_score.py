import json
from pathlib import Path

import pytest

from swe_features.invocation import call

MODULE = "swe_features.commands.score"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "suite.jsonl"
    rows = [
        {
            "repo": "o/n",
            "pr_number": number,
            "title": "t",
            "body": "",
            "base_commit": "a" * 40,
            "changed_files": [
                {"filename": "a.py", "status": "modified"},
                {"filename": f"{number}.py", "status": "modified"},
                {"filename": "new.py", "status": "added"},
            ],
        }
        for number in (1, 2, 3)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def score(tmp_path: Path, suite: Path, predictions: object, *options: str) -> int:
    path = tmp_path / "predictions.json"
    path.write_text(json.dumps(predictions))
    return call("score", MODULE, [str(path), "--suite", str(suite), *options])


def test_missing_predictions_count_as_zero_and_are_counted(
    tmp_path: Path, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    predictions = {"o__n-1": ["a.py", "1.py"], "o__n-2": []}
    assert score(tmp_path, suite, predictions, "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["f1"] == pytest.approx(1 / 3)
    assert record["exact"] == 1
    assert record["missing"] == ["o__n-3"]
    assert record["empty"] == ["o__n-2"]
    assert record["instances"]["o__n-1"] == {"precision": 1, "recall": 1, "f1": 1}


def test_the_table_states_what_the_mean_does_not(
    tmp_path: Path, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(tmp_path, suite, {"o__n-1": ["a.py", "x.py"], "o__n-2": "??"}) == 0
    shown = capsys.readouterr().out
    assert "o__n-1        0.500   0.500  0.500" in shown
    assert "1 without a prediction, scored 0." in shown
    assert "1 of these with a malformed patch." in shown


def test_unknown_instances_are_refused_in_one_line(
    tmp_path: Path, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(tmp_path, suite, {"o__n-9": [], "o__n-8": []}) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: unknown instance 'o__n-8' and 1 more")
    assert message.count("\n") == 1


def test_a_broken_suite_is_refused_and_skipped_on_request(
    tmp_path: Path, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite.write_text(suite.read_text() + "{\n")
    assert score(tmp_path, suite, {"o__n-1": []}) == 2
    assert "line 4: broken JSON" in capsys.readouterr().err
    assert score(tmp_path, suite, {"o__n-1": []}, "--skip-invalid") == 0
    assert "1 rows of the suite left out as broken." in capsys.readouterr().out


def test_top_needs_a_positive_number(tmp_path: Path, suite: Path) -> None:
    assert score(tmp_path, suite, {}, "--top", "0") == 2
