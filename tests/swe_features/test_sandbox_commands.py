"""`sandbox run`, `sandbox verify`, `doctor` and `clean`, as they are called."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from swe_features.cli import main


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SWE_FEATURES_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    path.mkdir()
    (path / "a.txt").write_text("first\n")
    environment = {
        **os.environ,
        **{f"GIT_{who}_NAME": "N" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "n@example.invalid" for who in ("AUTHOR", "COMMITTER")},
    }
    for command in ("init -q -b trunk", "add -A", "commit -q -m first"):
        subprocess.run(["git", *command.split()], cwd=path, env=environment, check=True)
    (path / "a.txt").write_text("second\n")
    subprocess.run(
        ["git", "commit", "-q", "-am", "second"], cwd=path, env=environment, check=True
    )
    return path


def run_in_sandbox(repository: Path, *arguments: str) -> int:
    return main(
        [
            *("sandbox", "run", "--repo", str(repository)),
            *("--sandbox", "subprocess", *arguments),
        ]
    )


def test_a_command_runs_at_the_commit_and_keeps_its_exit_code(
    repository: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    line = "cat a.txt; git log --all --format=%s; echo oops >&2; exit 7"
    status = run_in_sandbox(repository, "--commit", "HEAD~1", "--", line)
    printed = capfd.readouterr()
    assert (status, printed.out, printed.err) == (7, "first\nfirst\n", "oops\n")


def test_several_words_are_taken_as_they_are(
    repository: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_in_sandbox(repository, "--", "printf", "%s|", "a b", "$HOME") == 0
    assert capfd.readouterr().out == "a b|$HOME|"


def test_changes_are_said_if_asked_for(
    repository: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    line = "touch new; echo x >> a.txt; chmod +x a.txt"
    assert run_in_sandbox(repository, "--changes", "--", line) == 0
    assert capfd.readouterr().err == "modified: a.txt\nadded: new\n"


def test_no_name_of_a_changed_file_acts_in_the_terminal(
    repository: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A name of two lines was two lines, and its escapes cleared the screen."""
    line = r"touch $'b\nmodified: a.txt' $'c\e[2J' $'d\xff'"
    assert run_in_sandbox(repository, "--changes", "--", line) == 0
    said = capfd.readouterr().err.splitlines()
    assert said == ["added: b?modified: a.txt", "added: c?[2J", "added: d?"]


@pytest.mark.parametrize("timeout", ["inf", "1e12", "nan", "0"])
def test_a_time_that_nobody_can_wait_for_is_bad_input(
    timeout: str, repository: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_in_sandbox(repository, "--timeout", timeout, "--", "true") == 2
    assert capfd.readouterr().err.count("\n") == 1


def test_a_commit_that_is_not_there_is_bad_input_in_one_line(
    repository: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_in_sandbox(repository, "--commit", "nowhere", "--", "true") == 2
    assert "no commit 'nowhere'" in capfd.readouterr().err


def test_a_folder_that_is_no_repository_is_bad_input_in_one_line(
    cache: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_in_sandbox(tmp_path, "--", "true") == 2
    assert "not a git repository" in capfd.readouterr().err


def test_seals_are_proved_again_and_a_broken_one_fails(
    repository: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_in_sandbox(repository, "--", "true") == 0
    capfd.readouterr()
    assert main(["sandbox", "verify", "--deep", "--json"]) == 0
    (record,) = json.loads(capfd.readouterr().out)
    assert record["proof"]["commits"] == 2
    (Path(record["entry"]) / "tree" / "a.txt").write_text("other\n")
    assert main(["sandbox", "verify"]) == 1
    assert "a.txt" in capfd.readouterr().out


def test_doctor_names_keys_and_never_shows_them(
    cache: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED_API_KEY", "sk-planted-secret")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert main(["doctor", "--json"]) == 0
    printed = capfd.readouterr()
    assert "PLANTED_API_KEY" in printed.out
    assert "planted-secret" not in printed.out + printed.err
    topics = {line["topic"]: line for line in json.loads(printed.out)}
    assert topics["docker"]["state"] == "note"
    assert topics["subprocess sandbox"]["state"] in {"ok", "note"}


def test_clean_empties_the_seal_cache_only_if_asked(
    repository: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_in_sandbox(repository, "--", "true") == 0
    assert main(["clean"]) == 0
    assert list((cache / "sealed" / "entries").iterdir())
    assert main(["clean", "--seals"]) == 0
    assert "1 sealed checkouts" in capfd.readouterr().out
    assert not (cache / "sealed").exists()


@pytest.mark.parametrize("wrong", [("--driver", "vm"), ("--timeout", "-1")])
def test_wrong_options_are_bad_input(
    wrong: tuple[str, str],
    repository: Path,
    cache: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """They ended with 1, and with 124 after `killed after -1 seconds`."""
    assert run_in_sandbox(repository, *wrong, "--", "true") == 2
    assert capfd.readouterr().err.startswith("error: ")
