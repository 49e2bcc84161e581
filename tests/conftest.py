"""What every test shares: which machine this is."""

import os
import shutil
import signal
from functools import cache

import pytest
from hypothesis import HealthCheck, settings

from agent import redaction
from sandbox.daemon import connect_to_daemon
from sandbox.errors import DriverUnavailableError

# Properties are checked on the same examples each time, on a busy machine too.
settings.register_profile(
    "unhurried",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def _undeclared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that one test declares are none of the next one's."""
    monkeypatch.setattr(redaction, "_declared", set())


@cache
def docker_answers() -> bool:
    """Whether a Docker daemon answers."""
    try:
        connect_to_daemon().close()
    except DriverUnavailableError:
        return False
    return True


def pytest_configure() -> None:
    """Let programs under test be interrupted, however the tests were started.

    A shell starts background jobs with SIGINT ignored, and every child inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine lacks; in CI nothing is skipped, so a gap is a failure."""
    if os.environ.get("CI"):
        return
    for item in items:
        if item.get_closest_marker("docker") and not docker_answers():
            item.add_marker(pytest.mark.skip(reason="no Docker daemon answers"))
        if item.get_closest_marker("browser") and not shutil.which("chromium"):
            item.add_marker(pytest.mark.skip(reason="no chromium is installed"))
