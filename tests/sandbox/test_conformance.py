"""What every driver keeps; each test runs on each driver of this machine."""

import pytest

from sandbox.contract import Change, ChangeKind, Driver, Sandbox
from sandbox.sealing import SealedDirectory
from tests.sandbox.histories import History


def test_driver_says_what_it_isolates(driver: Driver, sandbox: Sandbox) -> None:
    assert sandbox.driver == driver.name
    assert driver.isolation


def test_command_runs_in_the_root_of_the_tree(sandbox: Sandbox) -> None:
    result = sandbox.run("cat README.md")
    assert (result.exit_code, result.stdout, result.stderr) == (0, b"# Sample\n", b"")


def test_streams_are_apart_and_the_exit_code_is_kept(sandbox: Sandbox) -> None:
    result = sandbox.run("echo out; echo err >&2; exit 7")
    assert (result.exit_code, result.stdout, result.stderr) == (7, b"out\n", b"err\n")


def test_each_command_has_a_shell_of_its_own(sandbox: Sandbox) -> None:
    sandbox.run("cd pkg; x=1; export PATH=/nowhere; set -e; exit 3")
    result = sandbox.run("pwd; echo [$x]; ls")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1:2] == [b"[]"]
    assert b"README.md" in result.stdout


def test_death_by_signal_is_128_and_its_number(sandbox: Sandbox) -> None:
    assert sandbox.run("kill -9 $$").exit_code == 137


def test_late_command_is_killed_and_the_sandbox_stays(sandbox: Sandbox) -> None:
    result = sandbox.run("trap '' TERM INT; echo on; sleep 600", timeout_s=0.4)
    assert (result.exit_code, result.timed_out, result.stdout) == (124, True, b"on\n")
    assert sandbox.run("echo still").stdout == b"still\n"


def test_command_that_is_too_long_is_refused_and_the_sandbox_stays(
    sandbox: Sandbox,
) -> None:
    """The refusal was read as output, and the sandbox waited for in vain and lost."""
    result = sandbox.run(f": {'x' * 200_000}", timeout_s=5)

    assert result.exit_code == 126
    assert b"could not be started: Argument list too long" in result.stderr
    assert sandbox.run("echo alive").stdout == b"alive\n"


def test_command_that_reads_finds_nothing(sandbox: Sandbox) -> None:
    result = sandbox.run("cat; echo end", timeout_s=10)
    assert (result.stdout, result.timed_out) == (b"end\n", False)


def test_output_is_cut_in_the_middle_with_a_notice(sandbox: Sandbox) -> None:
    result = sandbox.run("seq 1 100000", output_limit_bytes=20)
    notice = b"\n[588875 bytes left out]\n"
    assert result.stdout == b"1\n2\n3\n4\n5\n" + notice + b"99\n100000\n"
    assert result.omitted_bytes == 588_875


def test_both_streams_together_keep_to_the_limit(sandbox: Sandbox) -> None:
    result = sandbox.run("printf %090d 0 >&2; printf %0900d 0", output_limit_bytes=100)
    kept = (result.stdout + result.stderr).count(b"0")
    assert 100 <= kept <= 104  # the notices count too
    assert result.omitted_bytes == 890


def test_bytes_come_as_they_are(sandbox: Sandbox) -> None:
    assert sandbox.run("cat data.bin").stdout == bytes(range(256))


def test_children_left_behind_are_killed(sandbox: Sandbox) -> None:
    mark = "31415.926"
    result = sandbox.run(f"(setsid sleep {mark} &); sleep {mark} & echo left")
    assert (result.stdout, result.timed_out) == (b"left\n", False)
    assert sandbox.run(f"pgrep -f 'sleep {mark[:3]}[1]'").stdout == b""


def test_write_and_read_back(sandbox: Sandbox) -> None:
    sandbox.write("new/deep/file.txt", b"\0content\xff")
    assert sandbox.read("new/deep/file.txt") == b"\0content\xff"
    assert sandbox.run("wc -c < new/deep/file.txt").stdout.strip() == b"9"


def test_a_written_file_keeps_its_mode(sandbox: Sandbox) -> None:
    sandbox.write("pkg/tool.sh", b"#!/bin/sh\necho other\n")
    assert sandbox.run("pkg/tool.sh").stdout == b"other\n"


@pytest.mark.parametrize("path", ["absent", "pkg", "/etc/passwd", "../x", "out"])
def test_reading_what_is_no_file_of_the_tree_fails(sandbox: Sandbox, path: str) -> None:
    sandbox.run("ln -s /etc/passwd out")
    with pytest.raises(FileNotFoundError, match=path):
        sandbox.read(path)


@pytest.mark.parametrize("path", ["/etc/x", "../x", "out/x", "README.md/x", "pkg"])
def test_writing_out_of_the_tree_fails(sandbox: Sandbox, path: str) -> None:
    sandbox.run("ln -s /tmp out")
    with pytest.raises(OSError, match=path):
        sandbox.write(path, b"")


def test_nothing_has_changed_at_first(sandbox: Sandbox) -> None:
    assert sandbox.changes() == ()
    assert sandbox.run("git status --porcelain").stdout == b""


def test_every_kind_of_change_is_found(sandbox: Sandbox) -> None:
    sandbox.run(
        "echo more >> README.md; rm data.bin; chmod -x pkg/tool.sh; "
        "ln -sf nowhere link; mkdir n; echo x > n/'a \"b\"'; touch $'n/\\xff'"
    )
    assert sandbox.changes() == (
        Change("README.md", ChangeKind.MODIFIED),
        Change("data.bin", ChangeKind.DELETED),
        Change("link", ChangeKind.MODIFIED),
        Change('n/a "b"', ChangeKind.ADDED),
        Change("n/\udcff", ChangeKind.ADDED),
        Change("pkg/tool.sh", ChangeKind.MODIFIED, mode_only=True),
    )


@pytest.mark.parametrize(
    "ruse",
    [
        "git commit -qam x",
        "git stash -q && git stash pop -q",
        "git checkout -qb other && git commit -qam x",
        "git commit -qam x && git update-ref -d refs/heads/main",
        "rm -rf .git",
        "rm -rf .git && echo 'gitdir: /nowhere' > .git",
        "git update-index --assume-unchanged README.md",
        "touch -r data.bin README.md",
    ],
)
def test_a_change_is_found_whatever_was_done_to_git(
    sandbox: Sandbox, ruse: str
) -> None:
    sandbox.run("printf '# Simple\\n' > README.md")
    assert sandbox.run(ruse).exit_code == 0
    assert sandbox.changes() == (Change("README.md", ChangeKind.MODIFIED),)


def test_a_renamed_folder_is_deletions_and_additions(sandbox: Sandbox) -> None:
    sandbox.run("mv pkg moved")
    kinds = {change.path: change.kind for change in sandbox.changes()}
    assert kinds == {
        "moved/core.py": ChangeKind.ADDED,
        "moved/tool.sh": ChangeKind.ADDED,
        "pkg/core.py": ChangeKind.DELETED,
        "pkg/tool.sh": ChangeKind.DELETED,
    }


def test_a_folder_removed_and_made_again_is_compared(sandbox: Sandbox) -> None:
    sandbox.run("cp pkg/core.py c; rm -rf pkg; mkdir pkg; mv c pkg/core.py")
    assert sandbox.changes() == (Change("pkg/tool.sh", ChangeKind.DELETED),)


def test_a_file_turned_folder_is_found(sandbox: Sandbox) -> None:
    sandbox.run("rm README.md; mkdir README.md; touch README.md/x")
    assert sandbox.changes() == (
        Change("README.md", ChangeKind.DELETED),
        Change("README.md/x", ChangeKind.ADDED),
    )


def test_sandboxes_of_one_seal_do_not_meet(
    driver: Driver, sealed: SealedDirectory, sandbox: Sandbox
) -> None:
    sandbox.run("echo changed > README.md")
    with driver.open(sealed) as other:
        assert other.read("README.md") == b"# Sample\n"
    assert (sealed.tree / "README.md").read_bytes() == b"# Sample\n"


def test_the_future_is_not_there(sandbox: Sandbox, history: History) -> None:
    for absent in (history.future, history.side, "v3", "side-tag"):
        assert sandbox.run(f"git cat-file -e {absent}").exit_code != 0
    assert sandbox.run("git log --all -S secret --format=%H").stdout == b""
    assert sandbox.run("git rev-parse HEAD").stdout.decode().strip() == history.base


def test_host_environment_does_not_enter(
    driver: Driver, sealed: SealedDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED_API_KEY", "sk-planted-secret")
    with driver.open(sealed) as opened:
        assert b"planted" not in opened.run("env; cat /proc/*/environ").stdout


def test_closing_again_is_harmless(driver: Driver, sealed: SealedDirectory) -> None:
    opened = driver.open(sealed)
    opened.close()
    opened.close()
