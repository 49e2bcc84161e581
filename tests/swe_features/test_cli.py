import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from swe_features import cli
from swe_features.cli import Command, main

DOCS = Path(__file__).resolve().parents[2] / "docs"
HEAVY = ("litellm", "sklearn", "scipy", "docker", "numpy", "typer", "rich", "pydantic")

PLAIN = '''
def plain(count: int = 1) -> None:
    """Count.

    Nothing else."""
    from swe_features.errors import ConfigError
    if count == 2:
        raise ConfigError("2 is\\ntoo many: take 1")
    if count == 3:
        raise OSError("disk")
    if count == 4:
        raise KeyboardInterrupt
    if count == 5:
        raise SystemExit(7)
    if count == 6:
        open("/nowhere/at/all")
    if count == 7:
        raise ConfigError("no \\x1b[31mred\\x1b[0m\\r one\\x07")
    if count == 8:
        raise OSError(28, "No space left on device", "runs/mine")
    print("counted", count)
'''


@pytest.fixture
def plain_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plain_for_tests.py").write_text(PLAIN)
    monkeypatch.syspath_prepend(tmp_path)
    command = Command("plain", "count", "plain_for_tests")
    monkeypatch.setattr(cli, "COMMANDS", (command,))


def loaded_after(statement: str) -> set[str]:
    program = (
        f"import json, sys\n{statement}\nsys.stderr.write(json.dumps([*sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stderr))


@pytest.mark.parametrize(
    "statement",
    [
        "import swe_features",
        "from swe_features.cli import main; main(['--help'])",
        "from swe_features.cli import main; main([])",
    ],
)
def test_nothing_heavy_is_loaded_before_a_command_is_named(statement: str) -> None:
    assert loaded_after(statement).isdisjoint(HEAVY)


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(command.name in text for command in cli.COMMANDS)


def test_every_command_of_the_table_shows_its_options(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for command in cli.COMMANDS:
        assert main([command.name, "--help"]) == 0, command.name
        assert f"swe-features {command.name}" in capsys.readouterr().out


def test_help_is_asked_for_in_any_of_the_usual_ways(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = []
    for words in (["merge", "--help"], ["merge", "-h"], ["help", "merge"]):
        assert main(words) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0].startswith("Usage: swe-features merge")
    assert len(set(shown)) == 1


@pytest.mark.skipif(not DOCS.is_dir(), reason="the wheel has no docs")
def test_every_option_is_told_on_some_page(capsys: pytest.CaptureFixture[str]) -> None:
    """Some twenty of them stood in the help alone."""
    pages = [*DOCS.glob("*.md"), DOCS.parent / "README.md"]
    text = "".join(page.read_text("utf-8") for page in pages)
    told = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", text))
    for command in cli.COMMANDS:
        assert main([command.name, "--help"]) == 0
        below = capsys.readouterr().out.partition("\nCommands:\n")[2]
        names = re.findall(r"^  (\w+) ", below, re.MULTILINE) or [None]
        for name in names:
            words = [command.name, name] if name else [command.name]
            assert main([*words, "--help"]) == 0
            for spelled in option_lines(capsys.readouterr().out):
                assert not told.isdisjoint(spelled), (words, spelled)


def option_lines(shown: str) -> list[list[str]]:
    """The spellings of each option that a help lists, but for the help itself."""
    lines = re.findall(r"^  (-.*?)(?:  | <| [A-Z]|$)", shown, re.MULTILINE)
    spelled = [re.findall(r"--?[a-z][\w-]*", line) for line in lines]
    return [one for one in spelled if "--help" not in one]


@pytest.mark.parametrize("group", ["suite", "sandbox"])
def test_command_of_several_alone_shows_which_there_are(
    group: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its help came out as one line behind `error:`."""
    assert main([group]) == 0
    printed = capsys.readouterr()
    assert "\nCommands:\n" in printed.out
    assert "..." not in printed.out.split("\nCommands:\n")[1]
    assert printed.err == ""


def test_missing_option_points_to_the_help_that_has_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["suite", "stats", "rows.jsonl"]) == 2
    assert "(swe-features suite stats --help)" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["run"], ["score"], ["compare"], ["suite", "stats"]])
def test_help_names_what_may_be_given_and_not_its_python_type(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """`--repo <list[str]>` and `compare {A} [[B]]` stood there."""
    assert main([*words, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "list[" not in shown
    assert "[[" not in shown


@pytest.mark.parametrize("words", [["compare"], ["sandbox", "verify"], ["report"]])
def test_lines_to_copy_stand_alone(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.count("swe-features") < 2 for line in lines)


def test_interruption_while_a_command_is_imported_is_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_for_tests.py").write_text("raise KeyboardInterrupt\n")
    monkeypatch.syspath_prepend(tmp_path)
    command = Command("slow", "import", "slow_for_tests")
    monkeypatch.setattr(cli, "COMMANDS", (command,))
    assert main(["slow"]) == 130


def test_unknown_command_is_one_line_with_the_nearest(
    plain_command: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plian"]) == 2
    complaint = capsys.readouterr().err
    assert complaint == "error: no such command 'plian': did you mean \"plain\"?\n"


def test_command_gets_the_rest_of_the_line(
    plain_command: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plain", "--count", "9"]) == 0
    assert capsys.readouterr().out == "counted 9\n"


@pytest.mark.parametrize(
    ("count", "status", "complaint"),
    [
        ("2", 2, "error: 2 is too many: take 1\n"),
        ("3", 1, "error: disk\n"),
        ("4", 130, ""),
        ("6", 2, "error: cannot use /nowhere/at/all: No such file or directory\n"),
        ("7", 2, "error: no red one\n"),
        (
            "8",
            2,
            "error: cannot use runs/mine: No space left on device: free some space, "
            "and run it again: what was finished is kept\n",
        ),
    ],
)
def test_errors_are_one_line_and_a_status(
    count: str,
    status: int,
    complaint: str,
    plain_command: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["plain", "--count", count]) == status
    assert capsys.readouterr().err == complaint


@pytest.mark.parametrize("words", [["--count", "many"], ["--size", "1"], ["extra"]])
def test_wrong_options_are_one_line_and_status_2(
    words: list[str], plain_command: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plain", *words]) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith("error: ")
    assert complaint.count("\n") == 1


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_stream_is_no_failure(closed: str, tmp_path: Path) -> None:
    """`--help >&-` was a traceback, and `run 2>&-` failed without a word."""
    for words in ("--help", f"sandbox verify --repo {tmp_path}"):
        line = f"{sys.executable} -m swe_features {words} {closed}"
        done = subprocess.run(
            line, shell=True, capture_output=True, text=True, check=False
        )
        assert done.returncode == (0 if words == "--help" else 2), words
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", ["--help", "--version"])
def test_disk_without_room_for_what_is_printed_is_one_line(words: str) -> None:
    line = f"{sys.executable} -m swe_features {words} >/dev/full"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: cannot print this: No space left on device\n"


def test_version_is_the_distributions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("swe-features 0")
