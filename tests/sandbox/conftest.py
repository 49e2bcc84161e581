"""One sealed repository for all tests, and every driver that works here."""

from collections.abc import Iterator

import pytest

from sandbox.contract import Driver, Sandbox
from sandbox.errors import DriverUnavailableError
from sandbox.opening import open_driver
from sandbox.sealing import SealedDirectory, seal
from tests.sandbox.histories import History, build_history


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return build_history(tmp_path_factory.mktemp("history") / "repository")


@pytest.fixture(scope="session")
def sealed(
    history: History, tmp_path_factory: pytest.TempPathFactory
) -> SealedDirectory:
    return seal(history.path, history.base, tmp_path_factory.mktemp("cache"))


DRIVERS = [
    pytest.param("docker", marks=pytest.mark.docker),
    "bubblewrap",
    "subprocess",
]


@pytest.fixture(scope="session", params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    try:
        opened = open_driver(request.param, run_id="tests")
    except DriverUnavailableError as error:
        pytest.skip(str(error))
    yield opened
    opened.close()


@pytest.fixture
def sandbox(driver: Driver, sealed: SealedDirectory) -> Iterator[Sandbox]:
    with driver.open(sealed) as opened:
        yield opened
