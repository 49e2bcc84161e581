"""Clones that are odd, old or damaged, through the command line itself.

Each gives a right suite, or one clear line and exit 2.
"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from swe_features.invocation import call
from tests.tasks.histories import History

MINE, SUITE = "swe_features.commands.mine", "swe_features.commands.suite"
NAMES = ("a.py", "b.py", "c.py")
GITHUB = "Merge pull request #{} from someone/branch\n\nAdd a --color option"
Row = dict[str, object]


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = History(tmp_path / "repository")
    lines = "".join(f"line {number}\n" for number in range(30))
    history.add(dict.fromkeys(NAMES, "0\n") | {"old.py": lines}, "start")
    history.add(dict.fromkeys(NAMES, "1\n"), "Add a first option (#1)")
    return history


def mine(clone: Path, *options: str) -> tuple[int, dict[int, Row]]:
    """Mine and check; the exit code and the rows by number."""
    output = clone.parent / "suite.jsonl"
    arguments = [str(clone), "-o", str(output), "--judge", "none", "--explain"]
    code = call("mine", MINE, [*arguments, "--name", "o/n", *options])
    if code:
        return code, {}
    check = ["check", str(output), "--repo", str(clone), "--quiet"]
    assert call("suite", SUITE, check) == 0
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    return code, {row["pr_number"]: row for row in rows}


def statuses(row: Row) -> dict[str, str]:
    files = row["changed_files"]
    assert isinstance(files, list)
    return {file["filename"]: file["status"] for file in files}


def edits(number: int) -> dict[str, str]:
    return dict.fromkeys(NAMES, f"{number}\n")


def make_bare(history: History, tmp_path: Path) -> Path:
    bare = tmp_path / "bare.git"
    history.git("clone", "-q", "--bare", str(history.path), str(bare))
    return bare


def make_bare_without_config(history: History, tmp_path: Path) -> Path:
    bare = make_bare(history, tmp_path)
    (bare / "config").unlink()
    return bare


def make_partial(history: History, tmp_path: Path) -> Path:
    history.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial.git"
    options = ("-q", "--bare", "--filter=blob:none")
    history.git("clone", *options, history.path.as_uri(), str(partial))
    return partial


def make_lacking(history: History, tmp_path: Path) -> Path:
    history.forget(history.git("rev-parse", "HEAD:a.py"))
    return history.path


@pytest.mark.parametrize(
    "make", [make_bare, make_bare_without_config, make_partial, make_lacking]
)
def test_clones_of_every_make_are_mined(
    history: History, tmp_path: Path, make: Callable[[History, Path], Path]
) -> None:
    code, rows = mine(make(history, tmp_path))
    assert code == 0
    assert statuses(rows[1]) == dict.fromkeys(NAMES, "modified")


def test_a_shallow_clone_is_refused_with_the_way_out(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shallow = tmp_path / "shallow"
    history.git("clone", "-q", "--depth=1", history.path.as_uri(), str(shallow))
    assert mine(shallow)[0] == 2
    message = capsys.readouterr().err
    assert "fetch --unshallow" in message
    assert message.count("\n") == 1


def test_a_clone_without_trees_is_told_how_to_get_them(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was told to loosen its filter."""
    history.git("config", "uploadpack.allowFilter", "true")
    treeless = tmp_path / "treeless"
    source = history.path.as_uri()
    history.git("clone", "-q", "-n", "--filter=tree:0", source, str(treeless))
    assert mine(treeless)[0] == 2
    message = capsys.readouterr().err
    command = f"git -C {treeless} fetch --refetch --no-filter"
    assert f"run {command}\n" in message
    assert message.count("\n") == 1
    history.git(*command.split()[1:], "-q")
    code, rows = mine(treeless)
    assert (code, list(rows)) == (0, [1])


def damage_tip(history: History) -> None:
    tip = history.git("rev-parse", "HEAD")
    path = history.path / ".git" / "objects" / tip[:2] / tip[2:]
    path.chmod(0o644)
    path.write_bytes(b"rubbish")


def lose_tip(history: History) -> None:
    history.forget(history.git("rev-parse", "HEAD"))


def truncate_pack(history: History) -> None:
    history.git("gc", "-q")
    (pack,) = (history.path / ".git" / "objects" / "pack").glob("*.pack")
    pack.chmod(0o644)
    os.truncate(pack, pack.stat().st_size // 2)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (damage_tip, "inflate: data stream error"),
        (lose_tip, "Not a valid object name"),
        (truncate_pack, "does not match index"),
    ],
)
def test_damage_is_told_in_gits_words(
    history: History,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[History], None],
    reason: str,
) -> None:
    """It was told to name another branch."""
    damage(history)
    assert mine(history.path)[0] == 2
    message = capsys.readouterr().err
    assert "cannot read 'HEAD'" in message
    assert reason in message
    assert "--branch" not in message


def damage_parent(history: History) -> None:
    history.forget(history.git("rev-parse", "HEAD^"))


def remove_objects(history: History) -> None:
    shutil.rmtree(history.path / ".git" / "objects")


def empty(history: History) -> None:
    history.git("checkout", "-q", "--orphan", "new")
    history.git("symbolic-ref", "HEAD", "refs/heads/unborn")


@pytest.mark.parametrize("damage", [damage_tip, damage_parent, remove_objects, empty])
def test_what_cannot_be_read_is_one_line_and_exit_2(
    history: History,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[History], None],
) -> None:
    damage(history)
    assert mine(history.path)[0] == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "Traceback" not in message


def test_a_history_without_pull_requests_names_the_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = History(tmp_path / "repository")
    history.add(edits(0))
    history.add(edits(1), "Add a first option")
    assert mine(history.path)[0] == 2
    assert "--commits takes plain commits" in capsys.readouterr().err
    code, rows = mine(history.path, "--commits")
    assert (code, len(rows)) == (0, 1)


def test_latin_1_in_messages_and_paths_survives(history: History) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    history.add({name: "one\n"})
    history.git("config", "i18n.commitEncoding", "ISO-8859-1")
    for file, content in (edits(2) | {name: "two\n"}).items():
        history.write(file, content)
    history.git("add", "-A")
    history.git("commit", "-q", "-F", "-", stdin=b"Add caf\xe9s (#2)")
    code, rows = mine(history.path)
    assert code == 0
    assert rows[2]["title"] == "Add caf\xe9s"
    assert statuses(rows[2])[name] == "modified"


def test_an_octopus_is_explained(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        history.git("checkout", "-q", "-b", name, "main")
        history.add({f"{name}{n}.py": "new\n" for n in range(3)})
    history.git("checkout", "-q", "main")
    history.git("merge", "-q", "--no-ff", "-m", GITHUB.format(7), "one", "two")
    code, rows = mine(history.path)
    assert (code, sorted(rows)) == (0, [1])
    assert "#7" in capsys.readouterr().out


def test_an_evil_merge_counts_the_branch_alone(history: History) -> None:
    history.git("checkout", "-q", "-b", "branch")
    history.add(edits(2))
    history.git("checkout", "-q", "main")
    history.git("merge", "-q", "--no-ff", "--no-commit", "branch")
    history.write("old.py", "evil\n")
    history.commit(GITHUB.format(7))
    rows = mine(history.path)[1]
    assert statuses(rows[7]) == dict.fromkeys(NAMES, "modified")


def test_an_empty_commit_is_explained(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    history.commit("Add nothing (#5)")
    assert sorted(mine(history.path)[1]) == [1]
    assert "changes 0 .py/.js files" in capsys.readouterr().out


def test_renames_submodules_and_kinds_have_their_status(history: History) -> None:
    module = history.git("rev-parse", "HEAD")
    link = f"160000,{module},vendor"
    history.git("update-index", "--add", "--cacheinfo", link)
    history.git("commit", "-q", "-m", "a submodule")
    text = (history.path / "old.py").read_text()
    (history.path / "old.py").rename(history.path / "new.py")
    history.write("new.py", text + "more\n")
    history.write("a.py", "2\n")
    (history.path / "b.py").unlink()
    (history.path / "b.py").symlink_to("a.py")
    history.git("add", "a.py", "b.py", "new.py", "old.py")
    bumped = history.git("rev-parse", "HEAD")
    history.git("update-index", "--cacheinfo", f"160000,{bumped},vendor")
    history.git("commit", "-q", "-m", "Add one more option (#2)")
    rows = mine(history.path)[1]
    assert statuses(rows[2]) == {
        "a.py": "modified",
        "b.py": "changed",
        "new.py": "renamed",
        "vendor": "changed",
    }


def test_every_pull_request_is_an_instance_or_explained(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(2, 12):
        files = edits(number) if number % 2 else {"a.py": f"{number}\n"}
        history.add(files, f"Add option {number} (#{number})")
    rows = mine(history.path)[1]
    shown = capsys.readouterr().out
    for number in range(1, 12):
        assert (number in rows) != (f"#{number} " in shown)
