"""What tokens cost, from a dated table; what is not in it has an unknown price."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.errors import ModelSetupError
from agent.usage import Usage

__all__ = ["Prices"]

_MILLION = 1_000_000
_DATED = re.compile(r"-(?:\d{8}|\d{4}-\d{2}-\d{2}|latest)$")
_FREE = frozenset({"offline"})
"""Models that run in this very process."""

_Dollars = Annotated[float, Field(ge=0)]
_Factor = Annotated[float, Field(ge=1)]
_NO_FEE = (1.0, 1.0)


class _Table(BaseModel):
    """The file as it stands on the disk."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    as_of: date
    cache_writes: Mapping[str, tuple[_Factor, _Factor]] = Field(default_factory=dict)
    """By provider: what a prompt token costs more for being kept, as a multiple of its
    price: for five minutes, and for an hour."""
    models: Mapping[str, Mapping[str, tuple[_Dollars, _Dollars, _Dollars]]]
    """By provider, then by name: dollars for a million tokens read, read from the
    provider's cache, and generated."""


@dataclass(frozen=True, slots=True)
class Prices:
    """A table of prices."""

    as_of: date
    """Of when they are."""
    by_model: Mapping[tuple[str, str], tuple[float, float, float]]
    """By (provider, name): USD for a million prompt, cached and completion tokens."""
    cache_writes: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """By provider: multiples of a prompt token's price that it costs to cache one, for
    minutes and for an hour; a provider that is not here asks nothing for it."""

    @classmethod
    def load(cls, path: Path | None = None) -> "Prices":
        """Read a table.

        Args:
            path: A file of one's own, in the form of this package's `prices.yaml`; None
                reads that one.

        Raises:
            ModelSetupError: The file cannot be read, or is no table of prices.
        """
        try:
            if path is not None:
                text = path.read_text(encoding="utf-8")
            else:
                text = _packaged_table()
            table = _Table.model_validate(yaml.safe_load(text))
        except (OSError, ValueError, ValidationError, yaml.YAMLError) as error:
            reason = " ".join(str(error).split())[:200]
            msg = f"no table of prices in {path}: {reason}"
            raise ModelSetupError(msg) from None
        by_model = {
            (provider, name): price
            for provider, models in table.models.items()
            for name, price in models.items()
        }
        return cls(table.as_of, by_model, table.cache_writes)

    def has(self, model: str) -> bool:
        """Whether it is known what a model costs, named as for `find_cost`."""
        return model in _FREE or self._find_price(model) is not None

    def find_cost(self, model: str, usage: Usage) -> float | None:
        """Dollars for some tokens of a model; None where nobody knows.

        Args:
            model: As litellm names it. Of the parts between slashes, the first is the
                provider; a name without one is looked for at all of them.
            usage: A request without usage makes the whole unknown.
        """
        if model in _FREE:
            return 0.0
        if usage.unmeasured_requests:
            return None
        found = self._find_price(model)
        if found is None:
            return None
        prompt, cached, completion = self.by_model[found]
        minutes, hour = self.cache_writes.get(found[0], _NO_FEE)
        brief_tokens = usage.cache_write_tokens - usage.hour_cache_write_tokens
        kept_tokens = usage.cached_prompt_tokens + usage.cache_write_tokens
        return (
            (usage.prompt_tokens - kept_tokens) * prompt
            + brief_tokens * prompt * minutes
            + usage.hour_cache_write_tokens * prompt * hour
            + usage.cached_prompt_tokens * cached
            + usage.completion_tokens * completion
        ) / _MILLION

    def _find_price(self, model: str) -> tuple[str, str] | None:
        """The provider and the name by which the table has a model."""
        provider, _, name = model.rpartition("/")
        for spelled in (name, _DATED.sub("", name)):
            for sells, sold in self.by_model:
                if sold == spelled and provider in ("", sells):
                    return sells, sold
        return None


def _packaged_table() -> str:
    return (resources.files("agent.models") / "prices.yaml").read_text("utf-8")
