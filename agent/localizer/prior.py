"""What other repositories taught: the shipped coefficients of both looks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from agent.errors import LocalizerError
from agent.localizer.logistic import Coefficients
from agent.localizer.network import Network

__all__ = ["Prior", "read_prior", "shipped_prior"]

_FILE = "coefficients.json"


@dataclass(frozen=True, slots=True)
class Prior:
    """Weights of the first and of the second look."""

    first: Coefficients
    second: Network

    def as_record(self) -> dict[str, Any]:
        """Both as JSON values."""
        return {"first": self.first.as_record(), "second": self.second.as_record()}


def read_prior(record: Mapping[str, Any]) -> Prior:
    """The prior that `Prior.as_record` wrote down.

    Raises:
        LocalizerError: The record is not one.
    """
    try:
        return Prior(
            Coefficients.from_record(record["first"]),
            Network.from_record(record["second"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        msg = f"the coefficients cannot be read ({error!r}): write them again"
        raise LocalizerError(msg) from error


@cache
def shipped_prior() -> Prior:
    """The coefficients of this package."""
    text = files("agent.localizer").joinpath(_FILE).read_text(encoding="utf-8")
    return read_prior(json.loads(text))
