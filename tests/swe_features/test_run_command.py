"""`swe-features run` from the outside, with arms that ask no model."""

import json
import os
from pathlib import Path

import pytest

from swe_features.cli import main
from tests.swe_features.small_experiment import write_suite


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("SWE_FEATURES_CACHE", str(tmp_path / "cache"))
    suite, repository = write_suite(tmp_path)
    out = tmp_path / "out"
    options = {
        "repo": repository,
        "arms": "oracle",
        "sandbox": "subprocess",
        "out": out,
    }
    pairs = [[f"--{name}", str(value)] for name, value in options.items()]
    return ["run", str(suite), *(word for pair in pairs for word in pair)]


def add_row(suite: Path, **changes: object) -> None:
    row = json.loads(suite.read_text().splitlines()[0])
    with suite.open("a") as file:
        file.write(json.dumps({**row, "pr_number": 9, **changes}) + "\n")


def test_table_names_the_sandbox_and_the_directory(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[2].split()[:5] == ["oracle", "-", "1.000", "1.000", "1.000"]
    assert printed[3].startswith("Tokens: generated")
    assert printed[4].startswith("Sandbox: subprocess (isolates nothing but history")
    assert printed[-2] == f"Results: {tmp_path / 'out'}"
    assert printed[-1] == f"Report: swe-features report {tmp_path / 'out'}"


def test_second_run_prints_the_same_table(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 0
    first = capsys.readouterr()
    assert main(words) == 0
    second = capsys.readouterr()
    assert second.out == first.out
    assert second.err == ""


def test_rows_that_cannot_be_used_are_named_one_by_one(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    add_row(Path(words[1]), base_commit="0" * 40)
    add_row(Path(words[1]), repo="no slash")
    assert main(words) == 2
    complaints = capsys.readouterr().err.splitlines()
    assert [line.startswith("error: ") for line in complaints] == [True] * 3
    assert "line 4" in complaints[0]
    assert "line 5" in complaints[1]
    assert "--skip-invalid" in complaints[2]


def test_rows_that_cannot_be_used_can_be_skipped_and_are_counted(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    add_row(Path(words[1]), base_commit="0" * 40)
    assert main([*words, "--skip-invalid"]) == 0
    assert "Skipped: 1 row" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        ("anthropic/claude-sonnet-4-5", "set ANTHROPIC_API_KEY"),
        ("nobody/m", "nobody serves 'nobody/m'"),
    ],
)
def test_a_model_that_cannot_be_asked_leaves_nothing_behind(
    model: str,
    complaint: str,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in [one for one in os.environ if one.startswith("ANTHROPIC_")]:
        monkeypatch.delenv(name)
    assert main([*words, "--arms", "no-context", "--model", model]) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1
    assert not Path(words[words.index("--out") + 1]).exists()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (["--arms", "orcale"], "did you mean 'oracle'"),
        (["--budgets", "two"], "budgets"),
        (["--arms", "sleep-time-k100"], "sleep-time-kN (N is 1 to 99)"),
        (["--sandbox", "moon"], "sandbox cannot be 'moon'"),
        (["--repo", "/nowhere/at/all"], "/nowhere/at/all"),
        (["--model-option", "temperature"], "no NAME=VALUE"),
        (["--model-option", "=3"], "'=3' is no NAME=VALUE"),
        (["--address", "127.0.0.1:1"], "add --executor ray"),
        (["--arms", "no-context", "--model", ""], "model"),
        (["--arms", "agent:codex"], "agent:codex needs a language model"),
        (["--record", "a", "--replay", "b"], "record and replay cannot go together"),
        (["--record", "/dev/null"], "/dev/null is no folder"),
        (["--record", "/dev/null/in"], "/dev/null is no folder"),
        (["--replay", "nowhere"], "there is no recording at nowhere"),
        (["--repo", ""], "'' names no repository"),
        (["--repo", "shop/till="], "'shop/till=' names no repository"),
        (["--repo", "other/name=."], "for 'shop/till' (given: other/name): add"),
    ],
)
def test_wrong_options_are_one_line_and_status_2(
    change: list[str],
    complaint: str,
    words: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    repo = words.index("--repo")
    if "--repo" in change:
        del words[repo : repo + 2]
    assert main([*words, *change]) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert said.startswith("error: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("has_rows", [True, False])
def test_a_cache_that_cannot_be_written_is_told_once_before_the_run(
    has_rows: bool,  # noqa: FBT001 - a case of the test
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Under a read-only home every cell broke, and none said what to do."""
    (tmp_path / "home").touch()
    monkeypatch.delenv("SWE_FEATURES_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    out = tmp_path / "out"
    assert main(words if has_rows else ["run", "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert "name another folder by SWE_FEATURES_CACHE" in said
    assert said.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize("option", ["--out", "--suite", "--record", "--replay"])
def test_empty_path_is_refused_and_is_not_this_folder(
    option: str,
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`--out ''` spilled manifest and results into the current folder."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert main([*words, option, ""]) == 2
    said = capsys.readouterr().err
    assert "an empty path names nothing" in said
    assert said.count("\n") == 1
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("command", ["report", "export", "compare", "merge"])
def test_no_command_writes_to_an_empty_path(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "run", "--out", ""]) == 2
    assert "an empty path names nothing" in capsys.readouterr().err


def test_suite_that_is_not_there_is_named_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(tmp_path / "none.jsonl")]) == 2
    assert f"no suite at {tmp_path / 'none.jsonl'}" in capsys.readouterr().err


def test_suite_without_its_repository_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words[:2]) == 2
    assert "--repo PATH" in capsys.readouterr().err


def test_json_holds_the_unrounded_table(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["rows"][0]["f1"] == 1.0
    assert (summary["scored"], summary["broken"]) == (3, 0)


def test_experiment_file_is_run_and_options_win(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "suite: till.jsonl\nrepositories: {shop/till: repository}\n"
        "arms: [bm25]\nsandbox: subprocess\n"
    )
    out = tmp_path / "mine"
    assert main(["run", str(file), "--arms", "oracle,bm25", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "oracle" in printed
    assert "bm25" in printed


def test_an_option_of_the_model_stands_beside_those_of_the_file(
    words: list[str], tmp_path: Path
) -> None:
    """One took all others away: `api_base` too, so that another server was asked."""
    file = tmp_path / "mine.yaml"
    options = "{api_base: 'http://127.0.0.1:9/v1', temperature: 0}"
    file.write_text(
        "suite: till.jsonl\nrepositories: {shop/till: repository}\n"
        f"model: openai/m\nmodel_options: {options}\narms: [oracle]\n"
    )
    words = ["run", str(file), *words[4:], "--model-option", "temperature=1"]
    assert main(words) == 0
    (record,) = json.loads((tmp_path / "out" / "manifest.json").read_text())["runs"]
    assert record["config"]["model_options"] == {
        "api_base": "http://127.0.0.1:9/v1",
        "temperature": "1",
    }


def test_damaged_learned_context_is_bad_input(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of all that can be damaged in a run, this alone exited with 1."""
    words += ["--arms", "sleep-time", "--budgets", "2"]
    assert main(words) == 0
    for path in (tmp_path / "out" / "contexts").glob("*.json"):
        path.write_text("{")
    capsys.readouterr()
    assert main([*words, "--retry", "all"]) == 2
    assert "remove it to learn it again" in capsys.readouterr().err


def test_repository_without_rows_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    del words[1]
    assert main(words) == 2
    assert "--repo needs rows" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        ["--model", "openai/m", "--model-option", "temprature=1"],
        ["--model", "openai/m", "--model-option", "api_key=x"],
        ["--model-option", "temperature=1"],
    ],
)
def test_dry_run_refuses_what_the_run_would_refuse(
    wrong: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It estimated what such a model would cost."""
    assert main([*words, *wrong, "--dry-run"]) == 2
    assert "option" in capsys.readouterr().err
