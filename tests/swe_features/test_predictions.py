import json
from pathlib import Path
from typing import Any

import pytest

from swe_features.errors import PredictionError
from swe_features.predictions import load_predictions

PATCH = (
    "diff --git a/old.py b/old.py\n--- a/old.py\n+++ b/old.py\n"
    "@@ -1 +1 @@\n-a\n+b\n"
    "diff --git a/new.py b/new.py\nnew file mode 100644\n--- /dev/null\n"
    "+++ b/new.py\n@@ -0,0 +1 @@\n+b\n"
    "diff --git a/gone.py b/gone.py\ndeleted file mode 100644\n--- a/gone.py\n"
    "+++ /dev/null\n@@ -1 +0,0 @@\n-b\n"
    'diff --git "a/\\303\\274.py" "b/\\303\\274.py"\n--- "a/\\303\\274.py"\n'
    '+++ "b/\\303\\274.py"\n@@ -1 +1 @@\n-a\n+b\n'
    "diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n"
    "diff --git a/was.py b/is.py\nsimilarity index 90%\nrename from was.py\n"
    "rename to is.py\n--- a/was.py\n+++ b/is.py\n@@ -1 +1 @@\n-a\n+b\n"
    "diff --git a/logo.png b/logo.png\nindex 1111111..2222222 100644\n"
    "Binary files a/logo.png and b/logo.png differ\n"
)


def load(tmp_path: Path, text: str, **options: Any) -> dict[str, frozenset[str]]:  # noqa: ANN401
    path = tmp_path / "predictions"
    path.write_text(text)
    return dict(load_predictions(path, **options).files)


def lines(*entries: object) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in entries)


@pytest.mark.parametrize(
    "entry",
    [
        {"instance_id": "o__n-1", "predicted_files": ["./a.py", "b.py", "b.py"]},
        {"instance_id": "o__n-1", "found_files": ["a.py", "b.py"], "loc": {}},
        {"instance_id": "o__n-1", "found_files": [[], ["a.py", "b.py"], ["c.py"]]},
        {"instance_id": "o__n-1", "files": ["a.py", "b.py"], "model_patch": ""},
    ],
)
def test_file_lists_of_any_agent_are_read(tmp_path: Path, entry: object) -> None:
    expected = {"o__n-1": {"a.py", "b.py"}}
    assert load(tmp_path, lines(entry)) == expected
    assert load(tmp_path, json.dumps([entry])) == expected
    assert load(tmp_path, json.dumps({"o__n-1": entry})) != {}


def test_of_a_patch_only_modified_files_count(tmp_path: Path) -> None:
    entry = {"instance_id": "o__n-1", "model_patch": PATCH, "model_name_or_path": "m"}
    expected = {"o__n-1": {"old.py", "ü.py", "logo.png"}}
    assert load(tmp_path, lines(entry)) == expected


@pytest.mark.parametrize("value", [PATCH, {"model_patch": PATCH}])
def test_predictions_by_instance_id_are_read(tmp_path: Path, value: object) -> None:
    found = load(tmp_path, json.dumps({"o__n-1": value, "o__n-2": ["x.py"]}))
    assert found == {"o__n-1": {"old.py", "ü.py", "logo.png"}, "o__n-2": {"x.py"}}


def test_a_malformed_patch_predicts_nothing_and_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "predictions"
    path.write_text(lines({"instance_id": "o__n-1", "model_patch": "no patch"}))
    predictions = load_predictions(path)
    assert predictions.files == {"o__n-1": frozenset()}
    assert "names no file" in predictions.unreadable["o__n-1"]


@pytest.mark.parametrize("name", ["model_patch", "predicted_files", "found_files"])
def test_null_is_an_empty_prediction(tmp_path: Path, name: str) -> None:
    assert load(tmp_path, lines({"instance_id": "i", name: None})) == {"i": set()}


def test_top_cuts_ranked_lists(tmp_path: Path) -> None:
    text = lines({"instance_id": "i", "found_files": ["a", "b", "c"]})
    assert load(tmp_path, text, top=2) == {"i": {"a", "b"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no predictions"),
        ("{oops\n", "line 1: broken JSON"),
        (lines({"predicted_files": []}, {}), "line 1: no instance_id"),
        (lines({"instance_id": "i", "answer": 1}, {}), "nothing to score"),
        (lines({"instance_id": "i", "predicted_files": "a.py"}), "a list of paths"),
        (lines({"instance_id": "i", "predicted_files": [1]}), "a list of paths"),
        (lines({"instance_id": "i", "files": []}) * 2, "line 2: 'i' has an entry"),
        (
            '{"i-1": ["a.py"], "i-1": ["b.py"]}',
            "i-1: 'i-1' has an entry already: keep one",
        ),
        ("3\n", "no instance_id"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(PredictionError) as refused:
        load(tmp_path, text)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PredictionError, match="cannot read the predictions"):
        load_predictions(tmp_path / "none")


@pytest.mark.parametrize("name", ["predicted_files", "found_files"])
def test_line_without_an_instance_is_told_so(name: str, tmp_path: Path) -> None:
    """It was read as an object by instance id: `unknown instance 'predicted_files'`."""
    with pytest.raises(PredictionError, match="line 1: no instance_id"):
        load(tmp_path, json.dumps({name: []}) + "\n")


@pytest.mark.parametrize("indent", [None, 2])
def test_fields_of_one_prediction_are_not_taken_for_instances(
    indent: int | None, tmp_path: Path
) -> None:
    """A row of a suite alone was told `unknown instance 'repo'`."""
    with pytest.raises(PredictionError, match="line 1: no instance_id"):
        load(tmp_path, json.dumps({"repo": "a/b"}, indent=indent))
