"""Choose where sandboxes run on this machine."""

import sys
from collections.abc import Callable

from sandbox.contract import Driver
from sandbox.docker_driver import DockerDriver
from sandbox.errors import DriverUnavailableError
from sandbox.limits import SandboxLimits
from sandbox.local_driver import LocalDriver
from sandbox.walls import BubblewrapWalls, NoWalls
from sandbox.warm_driver import WarmDriver

__all__ = ["DRIVER_NAMES", "open_driver"]

DRIVER_NAMES = ("auto", "docker", "local", "bubblewrap", "subprocess")


def open_driver(
    name: str,
    *,
    run_id: str,
    limits: SandboxLimits | None = None,
    warm: int = 0,
    on_progress: Callable[[str], None] | None = None,
) -> Driver:
    """Open a driver by name.

    Args:
        name: `docker`, `bubblewrap` or `subprocess`; `local` is bubblewrap where it
            works, else subprocess; `auto` is docker where a daemon answers and has the
            image or can build it, else local.
        run_id: Marks everything made, so that it can be found again.
        limits: What each sandbox may take; the default ones if not given.
        warm: How many sandboxes to keep ready before they are asked for, with a driver
            that copies no tree for each.
        on_progress: Told in a line what takes long; standard error by default.

    Raises:
        DriverUnavailableError: The name is unknown, or the driver cannot work here.
    """
    if name not in DRIVER_NAMES:
        message = f"unknown sandbox driver {name!r}: choose {', '.join(DRIVER_NAMES)}"
        raise DriverUnavailableError(message)
    driver = _choose(name, run_id, limits, on_progress or _tell)
    if warm > 0 and isinstance(driver, DockerDriver):
        return WarmDriver(driver, size=warm)
    return driver


def _choose(
    name: str, run_id: str, limits: SandboxLimits | None, tell: Callable[[str], None]
) -> Driver:
    if name in {"auto", "docker"}:
        try:
            return DockerDriver(run_id=run_id, limits=limits, on_progress=tell)
        except DriverUnavailableError as error:
            if name == "docker":
                raise
            tell(f"sandboxes run without Docker: {error}")
    if name != "subprocess":
        try:
            return LocalDriver(BubblewrapWalls(), run_id=run_id, limits=limits)
        except DriverUnavailableError:
            if name == "bubblewrap":
                raise
    return LocalDriver(NoWalls(), run_id=run_id, limits=limits)


def _tell(text: str) -> None:
    sys.stderr.write(f"sandbox: {text}\n")
    sys.stderr.flush()
