"""Which version of the package this is, as results record it."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version

__all__ = ["UNINSTALLED", "version"]

UNINSTALLED = "0+source"
"""What a checkout that was never installed calls itself."""


def version() -> str:
    """The installed distribution's version, or `UNINSTALLED`."""
    try:
        return installed_version("swe-features")
    except PackageNotFoundError:
        return UNINSTALLED
