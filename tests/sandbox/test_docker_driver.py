"""What only a daemon can do: vanish, refuse, keep orphans, show what it was told."""

import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from sandbox.containers import sweep_containers
from sandbox.contract import Change, ChangeKind, Sandbox
from sandbox.daemon import connect_to_daemon
from sandbox.docker_driver import DockerDriver
from sandbox.errors import DriverUnavailableError, SandboxError, SandboxLostError
from sandbox.opening import open_driver
from sandbox.sealing import SealedDirectory, seal
from sandbox.workspace import workspaces_folder
from tests.sandbox.daemon_relay import Relay
from tests.sandbox.histories import History

pytestmark = pytest.mark.docker

RUN = "tests-of-the-daemon"


@pytest.fixture(scope="module")
def client() -> Iterator[docker.APIClient]:
    opened = connect_to_daemon()
    yield opened
    opened.close()


@pytest.fixture
def driver() -> Iterator[DockerDriver]:
    opened = DockerDriver(run_id=RUN, on_progress=lambda _: None)
    yield opened
    opened.close()


# Any: the daemon's own JSON.
def containers(client: docker.APIClient, run_id: str = RUN) -> list[dict[str, Any]]:
    chosen = {"label": f"swe-features.run={run_id}"}
    return list(client.containers(all=True, filters=chosen))


def volumes(client: docker.APIClient, run_id: str = RUN) -> list[dict[str, Any]]:
    chosen = {"label": f"swe-features.run={run_id}"}
    return list(client.volumes(filters=chosen)["Volumes"] or ())


def test_the_container_is_hardened_as_the_daemon_sees_it(
    driver: DockerDriver, sealed: SealedDirectory, client: docker.APIClient
) -> None:
    with driver.open(sealed) as sandbox:
        (found,) = containers(client)
        settings = client.inspect_container(found["Id"])
        held = sandbox.run("grep ^Cap /proc/self/status").stdout.split()
    config = settings["HostConfig"]
    assert config["NetworkMode"] == "none"
    assert held[1::2] == [b"0" * 16] * 5
    assert not config["CapAdd"]
    assert not config["Privileged"]
    assert config["SecurityOpt"] == ["no-new-privileges"]
    assert config["ReadonlyRootfs"]
    assert config["PidsLimit"] == 256
    assert config["Memory"] == config["MemorySwap"] == 2 * 1024**3
    assert config["LogConfig"]["Type"] == "none"
    own = str(workspaces_folder())
    assert all(bind.startswith(own) for bind in config["Binds"] or ())
    assert not settings["Config"]["User"].startswith("0")
    assert settings["NetworkSettings"]["Networks"].keys() <= {"none"}
    labels = settings["Config"]["Labels"]
    assert labels["swe-features.run"] == RUN
    assert labels["swe-features.owner"].startswith(f"{os.getpid()}-")


def test_planted_keys_are_in_no_container_and_no_file(
    sealed: SealedDirectory, client: docker.APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED_API_KEY", "sk-planted-secret")
    driver = DockerDriver(run_id=f"{RUN}-keys", on_progress=lambda _: None)
    with driver.open(sealed) as sandbox:
        (found,) = containers(client, f"{RUN}-keys")
        assert "planted" not in json.dumps(client.inspect_container(found["Id"]))
        seen = sandbox.run("env; cat /proc/*/environ /proc/*/cmdline; set").stdout
        assert b"planted" not in seen.lower()
        (folder,) = workspaces_folder().glob(f"{RUN}-keys.*")
        for path in (*folder.rglob("*"), *sealed.path.glob("*")):
            if path.is_file():
                assert b"sk-planted" not in path.read_bytes()
    driver.close()


def test_a_container_killed_from_outside_is_a_lost_sandbox(
    driver: DockerDriver, sealed: SealedDirectory, client: docker.APIClient
) -> None:
    with driver.open(sealed) as sandbox:
        sandbox.run("echo edited >> README.md")
        (found,) = containers(client)
        killing = threading.Timer(0.3, client.kill, [found["Id"]])
        killing.start()
        started = time.monotonic()
        with pytest.raises(SandboxLostError, match="docker sandbox no longer answers"):
            sandbox.run("sleep 60")
        assert time.monotonic() - started < 30
        killing.join()
        with pytest.raises(SandboxLostError):
            sandbox.run("true")
        assert sandbox.changes() == (Change("README.md", ChangeKind.MODIFIED),)
    with driver.open(sealed) as another:
        assert another.run("echo on").stdout == b"on\n"


# The library forgets a socket that could not connect; it is collected here.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_daemon_that_is_gone_loses_the_sandbox_to_be_opened(
    sealed: SealedDirectory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A socket that passes on to the daemon, and then is no more."""
    relay = Relay(tmp_path / "docker.sock")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{relay.path}")
    driver = DockerDriver(
        run_id=f"{RUN}-gone", on_progress=lambda _: None, patience_s=0.5
    )
    sandbox = driver.open(sealed)
    assert sandbox.run("echo on").stdout == b"on\n"
    relay.close()
    with pytest.raises(SandboxLostError, match="could not start"):
        driver.open(sealed)
    # The sandbox that is open speaks with the host itself.
    assert sandbox.run("echo still").stdout == b"still\n"
    sandbox.close()
    driver.close()
    assert list(workspaces_folder().glob(f"{RUN}-gone.*")) == []
    del driver
    gc.collect()


def test_nothing_is_left_after_many_sandboxes(
    sealed: SealedDirectory, client: docker.APIClient
) -> None:
    driver = DockerDriver(run_id=f"{RUN}-many", on_progress=lambda _: None)
    opened = [driver.open(sealed) for _ in range(3)]
    for sandbox in opened[:2]:
        sandbox.run("(setsid sleep 100 &); touch x")
        sandbox.close()
    driver.close()
    assert containers(client, f"{RUN}-many") == []
    assert volumes(client, f"{RUN}-many") == []
    assert list(workspaces_folder().glob(f"{RUN}-many.*")) == []
    assert "-many" not in Path("/proc/self/mountinfo").read_text()


ABANDON = """
import os, sys
from pathlib import Path
from sandbox.docker_driver import DockerDriver
from sandbox.sealing import SealedDirectory, seal
driver = DockerDriver(run_id="{run}", on_progress=lambda _: None)
sandbox = driver.open(SealedDirectory.open(Path(sys.argv[1])))
sandbox.run("touch x")
os.kill(os.getpid(), 9)
"""


def test_what_a_killed_process_left_is_gone_or_swept(
    sealed: SealedDirectory, client: docker.APIClient
) -> None:
    run_id = f"{RUN}-abandoned"
    script = ABANDON.format(run=run_id)
    abandoned = subprocess.run(
        [sys.executable, "-c", script, str(sealed.path)],
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert abandoned.returncode == -9
    open_driver("docker", run_id=RUN).close()
    deadline = time.monotonic() + 30
    while containers(client, run_id) and time.monotonic() < deadline:
        time.sleep(0.2)
    sweep_containers(client)
    assert containers(client, run_id) == []
    assert volumes(client, run_id) == []
    open_driver("docker", run_id=RUN).close()
    assert list(workspaces_folder().glob(f"{run_id}.*")) == []


def test_sandboxes_of_a_living_process_are_not_swept(
    driver: DockerDriver, sealed: SealedDirectory
) -> None:
    with driver.open(sealed) as sandbox:
        open_driver("docker", run_id=RUN).close()
        assert sandbox.run("echo here").stdout == b"here\n"


def test_the_tree_is_copied_where_no_overlay_can_be_mounted(
    driver: DockerDriver, history: History, tmp_path: Path
) -> None:
    """Mount options have no way to quote a comma; Podman mounts no overlay at all."""
    sealed = seal(history.path, history.base, tmp_path / "a,b")
    with driver.open(sealed) as sandbox:
        assert sandbox.run("git status --porcelain; echo x >> README.md").stdout == b""
        assert sandbox.changes() == (Change("README.md", ChangeKind.MODIFIED),)
        assert sandbox.run("findmnt -no FSTYPE /repo").stdout != b"overlay\n"


def open_all_at_once(driver: DockerDriver, sealed: SealedDirectory) -> list[Sandbox]:
    made: list[Sandbox] = []
    threads = [
        threading.Thread(target=lambda: made.append(driver.open(sealed)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return made


def test_workers_open_at_the_same_time(
    driver: DockerDriver, sealed: SealedDirectory
) -> None:
    made = open_all_at_once(driver, sealed)
    for number, sandbox in enumerate(made):
        sandbox.write("n", str(number).encode())
    assert [sandbox.read("n") for sandbox in made] == [b"0", b"1", b"2", b"3"]


def test_no_daemon_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with pytest.raises(DriverUnavailableError, match="no Docker daemon answers"):
        open_driver("docker", run_id=RUN)
    said: list[str] = []
    driver = open_driver("auto", run_id=RUN, on_progress=said.append)
    assert driver.name in {"bubblewrap", "subprocess"}
    assert "without Docker" in said[0]
    driver.close()


def test_an_unknown_driver_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SandboxError, match="'lxc': choose auto, docker"):
        open_driver("lxc", run_id=RUN)
