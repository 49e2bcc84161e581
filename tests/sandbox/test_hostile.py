"""What a hostile agent tries, on the drivers that promise walls."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.contract import Change, ChangeKind, Driver, Sandbox
from sandbox.errors import DriverUnavailableError, SandboxLostError
from sandbox.limits import SandboxLimits
from sandbox.opening import open_driver
from sandbox.sealing import SealedDirectory
from tests.sandbox.histories import History

MB = 1024**2
SMALL = SandboxLimits(
    memory_bytes=256 * MB,
    processes=64,
    disk_bytes=32 * MB,
    file_bytes=24 * MB,
    temporary_bytes=16 * MB,
)
WALLED = [pytest.param("docker", marks=pytest.mark.docker), "bubblewrap"]


@pytest.fixture(scope="module", params=WALLED)
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    try:
        opened = open_driver(request.param, run_id="hostile", limits=SMALL)
    except DriverUnavailableError as error:
        pytest.skip(str(error))
    yield opened
    opened.close()


@pytest.fixture
def sandbox(driver: Driver, sealed: SealedDirectory) -> Iterator[Sandbox]:
    with driver.open(sealed) as opened:
        yield opened


def still_works(sandbox: Sandbox) -> bool:
    return sandbox.run("echo alive; cat README.md").stdout == b"alive\n# Sample\n"


# The future


@pytest.mark.parametrize(
    "search",
    [
        "git log --all -S secret -p",
        "git fsck --full --unreachable --lost-found; cat .git/lost-found/*/* 2>&1",
        "git reflog --all; git stash list; git for-each-ref | grep -v -e main -e v[12]",
        "cat .git/objects/info/alternates .git/packed-refs | grep -v -e v1 -e v2",
        "mkdir x && cd x && git init -q && for p in ../.git/objects/pack/*.pack; do "
        "git unpack-objects -q < $p; done; git cat-file --batch-all-objects --batch "
        "| grep -a secret",
        "git fetch --all; git remote -v; git ls-remote origin",
        "git worktree list | grep -v repo; git submodule status",
    ],
)
def test_no_search_of_the_repository_finds_the_future(
    sandbox: Sandbox, search: str
) -> None:
    assert b"secret" not in sandbox.run(search).stdout
    assert b"side" not in sandbox.run(search).stdout


def test_later_ids_resolve_nowhere(sandbox: Sandbox, history: History) -> None:
    for known in (history.future, history.side, history.future[:8]):
        result = sandbox.run(f"git cat-file -t {known}; git show {known}")
        assert (result.exit_code, result.stdout) == (128, b"")


# The host


def test_no_file_of_the_host_is_reached(
    sandbox: Sandbox, sealed: SealedDirectory, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("host-secret")
    for path in (secret, f"../../../../..{secret}", sealed.path / "proof.json"):
        assert sandbox.run(f"cat {path}").exit_code == 1
    sandbox.run(f"ln -s {secret} link2; ln -s / root")
    for path in ("link2", f"root{secret}"):
        with pytest.raises(FileNotFoundError):
            sandbox.read(path)
    found = sandbox.run(f"cat link2; find / -name '{secret.name}' 2>/dev/null")
    assert found.stdout == b""


def test_no_socket_device_or_network_is_there(sandbox: Sandbox) -> None:
    script = (
        "ls /var/run/docker.sock /run/docker.sock /dev/sda /dev/vda /dev/mem "
        "/dev/kmsg 2>/dev/null; "
        "grep -v -e lo: -e Inter -e face /proc/net/dev; "
        "timeout 2 bash -c 'echo x > /dev/tcp/192.0.2.1/80' 2>/dev/null && echo sent"
    )
    assert sandbox.run(script).stdout == b""


def test_mounts_and_namespaces_are_refused(sandbox: Sandbox) -> None:
    script = (
        "mount -t tmpfs x /mnt && echo mounted; umount /repo && echo unmounted; "
        "chroot / true && echo rooted; mknod d c 1 1 && echo made; "
        "touch /usr/x /etc/x /bin/x && echo wrote; hostname x && echo named"
    )
    assert sandbox.run(script).stdout == b""


def test_the_supervisor_cannot_be_read_or_traced(sandbox: Sandbox) -> None:
    script = (
        "ls /proc/1/fd; cat /proc/1/environ /proc/1/mem /proc/1/maps; "
        "readlink /proc/1/cwd /proc/1/exe; echo x > /proc/1/fd/1; echo x > /proc/1/mem"
    )
    result = sandbox.run(f"({script}) 2>/dev/null")
    assert result.stdout == b""
    assert still_works(sandbox)


# The protocol


def test_output_cannot_pass_for_a_reply(sandbox: Sandbox) -> None:
    frame = r"\0\0\0\0\0\0\0\046\003\0\0" + r"\0" * 40
    result = sandbox.run(f"printf '{frame}' | tee /dev/stderr; exit 5")
    assert result.exit_code == 5
    assert result.stdout == result.stderr
    assert still_works(sandbox)


@pytest.mark.parametrize(
    "attack",
    [
        "kill -9 $$",
        "kill -9 $PPID 1",
        "kill -9 -1",
        "trap '' TERM INT HUP; kill -TERM -1 1; exec sleep 600",
        "exec 0<&- 1>&- 2>&-; sleep 600",
        "(setsid bash -c 'trap \"\" TERM HUP; sleep 600' &) ; (setsid sleep 600 &)",
        "nohup bash -c 'while :; do (sleep 600 &); sleep 0.01; done' & sleep 0.2",
        "export PATH=/nowhere BASH_ENV=/x; ln -s /bin/false bash; ln -s /bin/false git",
        "stty raw; reset; printf '\\033c'",
        "for i in 0 1 2 3 4 5 6 7 8 9; do echo x >&$i; done; ulimit -n 10",
    ],
)
def test_the_sandbox_outlives(sandbox: Sandbox, attack: str) -> None:
    sandbox.run(attack, timeout_s=0.7)
    assert still_works(sandbox)
    seen = sandbox.run("cat /proc/[0-9]*/comm").stdout.split()
    assert b"sleep" not in seen


# The machine


def test_a_fork_bomb_ends_with_its_command(sandbox: Sandbox) -> None:
    result = sandbox.run("f() { f | f & }; f; sleep 600", timeout_s=2)
    assert result.timed_out
    assert still_works(sandbox)


def test_a_memory_bomb_ends_with_its_command(sandbox: Sandbox) -> None:
    result = sandbox.run("python3 -c 'x = bytearray(1 << 31); print(len(x))'")
    assert result.exit_code != 0
    assert result.stdout == b""
    assert still_works(sandbox)


def test_a_file_is_cut_off_at_its_limit(sandbox: Sandbox) -> None:
    result = sandbox.run("head -c 100000000 /dev/zero > big; wc -c < big")
    assert result.stdout.strip() == str(24 * MB).encode()
    assert still_works(sandbox)


def test_filling_the_disk_is_stopped(sandbox: Sandbox) -> None:
    fill = "i=0; while :; do head -c 4000000 /dev/urandom > f$i; i=$((i+1)); done"
    started = time.monotonic()
    result = sandbox.run(fill, timeout_s=120)
    assert b"disk limit" in result.stderr
    assert not result.timed_out
    assert time.monotonic() - started < 100
    after = sandbox.run("rm -f f*; echo again")
    assert after.stdout == b"again\n" or b"nothing runs" in after.stderr
    kinds = {change.kind for change in sandbox.changes()}
    assert kinds <= {ChangeKind.ADDED}


def test_endless_output_keeps_to_the_limit(sandbox: Sandbox) -> None:
    result = sandbox.run("yes", timeout_s=1, output_limit_bytes=1000)
    assert result.timed_out
    assert result.omitted_bytes > 1000
    assert len(result.stdout) < 1100
    assert still_works(sandbox)


def test_a_line_of_200_megabytes_is_cut(sandbox: Sandbox) -> None:
    script = "head -c 200000000 /dev/zero | tr '\\0' x"
    result = sandbox.run(script, output_limit_bytes=MB)
    assert result.omitted_bytes == 200_000_000 - MB
    assert result.stdout.count(b"x") == MB
    assert still_works(sandbox)


def test_output_that_is_no_text_comes_through(sandbox: Sandbox) -> None:
    result = sandbox.run(r"printf '\xff\xfe\x00\xf0\x9f'; printf '\xc3' >&2")
    assert (result.stdout, result.stderr) == (b"\xff\xfe\x00\xf0\x9f", b"\xc3")


# The tree


def test_the_tree_can_be_removed_and_that_is_seen(
    sandbox: Sandbox, sealed: SealedDirectory
) -> None:
    sandbox.run("rm -rf /repo /repo/* /repo/.[a-z]*; cd / && rmdir /repo")
    assert {change.kind for change in sandbox.changes()} == {ChangeKind.DELETED}
    assert len(sandbox.changes()) == len(sealed.manifest())
    assert sandbox.run("echo on").stdout == b"on\n"
    assert (sealed.tree / "README.md").exists()


@pytest.mark.parametrize(
    "trick",
    [
        "chmod 000 pkg README.md",
        "chmod -R a-rwx . ; true",
        "mkfifo pipe; ln -s pipe later; ln -s . loop; ln -s /dev/zero zero",
        "mkdir -p $(printf 'd/%.0s' $(seq 1 300))",
        "python3 -c \"import socket; socket.socket(1).bind('sock')\"",
        "git init -q inner && (cd inner && git commit -q --allow-empty -m x)",
        "rm -rf .git; ln -s /etc .git",
        "mv .git pkg/.git2; rm -rf pkg/.git2/objects; chmod 000 pkg/.git2",
    ],
)
def test_changes_are_found_in_a_tree_full_of_traps(
    sandbox: Sandbox, trick: str
) -> None:
    sandbox.run("echo edited >> pkg/core.py")
    sandbox.run(trick)
    edited = [change for change in sandbox.changes() if change.path == "pkg/core.py"]
    assert edited == [Change("pkg/core.py", ChangeKind.MODIFIED)]


def test_a_mark_of_the_overlay_itself_cannot_be_forged(sandbox: Sandbox) -> None:
    forge = "import os; os.setxattr('pkg', 'user.overlay.opaque', b'y')"
    sandbox.run(f'python3 -c "{forge}"; mknod README.md2 c 0 0; touch pkg/new')
    paths = {change.path for change in sandbox.changes()} - {"README.md2"}
    assert paths == {"pkg/new"}


def test_changes_are_found_after_the_sandbox_is_gone(
    driver: Driver, sealed: SealedDirectory
) -> None:
    with driver.open(sealed) as opened:
        opened.run("echo edited >> pkg/core.py; rm data.bin")
        opened._connection.close()  # type: ignore[attr-defined]
        with pytest.raises(SandboxLostError):
            opened.run("true")
        assert [change.path for change in opened.changes()] == [
            "data.bin",
            "pkg/core.py",
        ]
