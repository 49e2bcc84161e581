"""`swe-features predict` through the front door."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from swe_features.invocation import call
from tests.agent.localizer.pasts import git, shop

TITLE = "Add a retry option to the router"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shop(tmp_path_factory.mktemp("shop") / "repository").write()


def _predict(repository: Path, cache: Path, *options: str) -> int:
    arguments = [str(repository), "--cache", str(cache), *options]
    return call("predict", "swe_features.commands.predict", arguments)


def test_the_answer_is_ranked_marked_and_explained(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _predict(repository, tmp_path, "--title", TITLE) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("+ 0.")
    assert any("most similar changes" in line for line in lines)
    assert git(repository, "rev-parse", "main")[:12] in lines[-1]


def test_json_has_what_the_readme_promises(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = tmp_path / "body.txt"
    body.write_bytes("Try again, please. \udcff".encode("utf-8", "surrogateescape"))
    options = (
        "--title",
        TITLE,
        "--body-file",
        str(body),
        "--json",
        "--commit",
        "main~3",
    )
    assert _predict(repository, tmp_path / "cache", *options) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["commit"] == git(repository, "rev-parse", "main~3")
    assert record["seconds"] > 0
    paths = [one["path"] for one in record["candidates"]]
    assert record["predicted_files"] == paths[: len(record["predicted_files"])]
    assert {"path", "probability", "evidence"} <= record["candidates"][0].keys()


def test_no_description_is_asked_for_in_one_line(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _predict(repository, tmp_path, "--title", " ") == 2
    assert "no change is described" in capsys.readouterr().err


def test_nothing_of_a_repository_reaches_the_terminal_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    past = shop(tmp_path / "one", rounds=1)
    past.commit("Add \x1b[31m colour (#99)", {"shop/router.py": "red = 1\n"})
    past.commit("Add colours", {"shop/router.py": "red = 2\n"})
    assert _predict(past.write(), tmp_path / "cache", "--title", "Add colour") == 0
    assert "\x1b" not in capsys.readouterr().out


def test_a_name_that_is_not_utf8_is_shown_and_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    past = shop(tmp_path / "one", rounds=1)
    for change in range(3):
        past.commit(
            f"Frobnicate {change}", {r'"bad\377.py"': f"frobnicate = {change}\n"}
        )
    options = ("--title", "Frobnicate more")
    assert _predict(past.write(), tmp_path / "cache", *options) == 0
    lines = capsys.readouterr().out.splitlines()
    row = next(row for row, line in enumerate(lines) if "bad?.py" in line)
    assert any("lines 1-1" in line for line in lines[row : row + 3])


def test_a_name_that_stdout_cannot_encode_is_spelled_out(tmp_path: Path) -> None:
    """Latin-1 has no drum, and the ranking ended in a traceback."""
    past = shop(tmp_path / "one", rounds=1)
    for change in range(3):
        past.commit(
            f"Drum {change}", {"drum_\N{DRUM WITH DRUMSTICKS}.py": f"drum = {change}\n"}
        )
    words = ["predict", past.write(), "--cache", tmp_path / "cache", "--title", "Drum"]

    done = subprocess.run(
        [sys.executable, "-m", "swe_features", *map(str, words)],
        env=os.environ | {"PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"drum_\U0001f941.py" in done.stdout


def test_what_could_not_be_known_is_said_beside_the_answer(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _predict(repository, tmp_path, "--title", TITLE) == 0
    assert not capsys.readouterr().err
    assert _predict(repository, tmp_path, "--title", "zzqqxx", "--json") == 0
    said = capsys.readouterr()
    assert "no word of the text is known" in said.err
    assert json.loads(said.out)["predicted_files"]
    shallow = tmp_path / "shallow"
    address = f"file://{repository}"
    git(tmp_path, "clone", "-q", "--depth", "3", address, str(shallow))
    assert _predict(shallow, tmp_path, "--title", TITLE) == 0
    assert "git fetch --unshallow" in capsys.readouterr().err


def test_indexes_are_kept_where_the_environment_says(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWE_FEATURES_CACHE", str(tmp_path / "cache"))
    arguments = [str(repository), "--title", TITLE]
    assert call("predict", "swe_features.commands.predict", arguments) == 0
    assert list((tmp_path / "cache" / "indexes").iterdir())


def test_a_cache_that_cannot_be_written_names_the_option_for_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    cache = tmp_path / "file" / "cache"
    assert _predict(tmp_path, cache, "--title", TITLE) == 2
    said = capsys.readouterr().err
    assert f"cannot write to the cache {cache}" in said
    assert "by --cache" in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--commit", "nowhere"), "no commit 'nowhere'"),
        (("--min-files", "9", "--max-files", "2"), "leave no size"),
        (("--body-file", "missing.txt"), "cannot be read"),
        (("--body", "So", "--body-file", "-"), "give one of them"),
    ],
)
def test_bad_input_is_one_line_and_status_two(
    repository: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    message: str,
) -> None:
    assert _predict(repository, tmp_path, "--title", TITLE, *options) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert len(shown.err.strip().splitlines()) == 1


def test_what_is_no_repository_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _predict(tmp_path, tmp_path / "cache", "--title", TITLE) == 2
    assert "not a git repository" in capsys.readouterr().err


def test_a_long_wait_is_explained_beside_the_answer(
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ("--title", TITLE, "--json")
    assert _predict(repository, tmp_path, *options) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("swe_features.commands.predict._PATIENCE_S", 0.0)
    assert _predict(repository, tmp_path, *options) == 0
    printed = capsys.readouterr()
    assert "learning this repository's past" in printed.err
    json.loads(printed.out)


@pytest.mark.parametrize("option", ["--cache", "--body-file"])
def test_an_empty_path_names_nothing(
    option: str,
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An empty `--cache` was the current folder, and indexes were kept there."""
    monkeypatch.chdir(tmp_path)
    words = [str(repository), "--title", TITLE, option, ""]
    assert call("predict", "swe_features.commands.predict", words) == 2
    assert "an empty path names nothing" in capsys.readouterr().err
    assert not list(tmp_path.glob("*-chain"))
