"""`swe-features predict` through the front door."""

import json
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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--commit", "nowhere"), "no commit 'nowhere'"),
        (("--min-files", "9", "--max-files", "2"), "leave no size"),
        (("--body-file", "missing.txt"), "cannot be read"),
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
