from pathlib import Path

import pytest

from sandbox.contract import Sandbox
from sandbox.docker_driver import DockerDriver
from sandbox.errors import SandboxError
from sandbox.local_driver import LocalDriver
from sandbox.sealing import SealedDirectory, seal
from sandbox.walls import NoWalls
from sandbox.warm_driver import WarmDriver
from sandbox.workspace import workspaces_folder
from tests.sandbox.histories import History


def folders(run_id: str) -> list[Path]:
    return list(workspaces_folder().glob(f"{run_id}.*"))


def test_the_next_sandbox_is_ready_and_fresh(sealed: SealedDirectory) -> None:
    driver = WarmDriver(LocalDriver(NoWalls(), run_id="warm-next"), size=1)
    with driver.open(sealed) as first:
        first.write("README.md", b"changed")
    with driver.open(sealed) as second:
        assert second.read("README.md") == b"# Sample\n"
        assert second.changes() == ()
    driver.close()


def test_nothing_is_left_when_it_closes(
    sealed: SealedDirectory, history: History, tmp_path: Path
) -> None:
    other = seal(history.path, history.past, tmp_path)
    driver = WarmDriver(LocalDriver(NoWalls(), run_id="warm-left"), size=2)
    for checkout in (sealed, other, sealed, sealed, other):
        driver.open(checkout).close()
    driver.close()
    assert folders("warm-left") == []


class OnceBroken:
    """A driver whose second sandbox cannot be made."""

    name = "subprocess"
    isolation = "as the driver behind it"

    def __init__(self) -> None:
        self.driver = LocalDriver(NoWalls(), run_id="warm-broken")
        self.asked = 0

    def open(self, sealed: SealedDirectory) -> Sandbox:
        self.asked += 1
        if self.asked == 2:
            message = "no room"
            raise SandboxError(message)
        return self.driver.open(sealed)

    def close(self) -> None:
        self.driver.close()


def test_a_sandbox_that_could_not_be_made_ready_is_made_when_asked_for(
    sealed: SealedDirectory,
) -> None:
    broken = OnceBroken()
    driver = WarmDriver(broken, size=1)  # type: ignore[arg-type]
    for _ in range(2):
        with driver.open(sealed) as opened:
            assert opened.run("echo x").stdout == b"x\n"
    driver.close()
    assert folders("warm-broken") == []
    assert broken.asked == 4


@pytest.mark.docker
def test_containers_are_kept_warm_too(sealed: SealedDirectory) -> None:
    driver = WarmDriver(
        DockerDriver(run_id="warm-docker", on_progress=lambda _: None), size=1
    )
    assert driver.image_digest
    for _ in range(2):
        with driver.open(sealed) as opened:
            assert opened.run("echo x").stdout == b"x\n"
    driver.close()
