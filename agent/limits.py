"""Safety stops of a phase, apart from its budget of steps.

The budget is told to the agent and counted down; limits are not. They keep a run from
costing more than somebody meant to spend, and each has an outcome of its own. Reaching
one is no failure: what stands then is scored.
"""

import math
from dataclasses import dataclass

from agent.errors import ModelError, ModelSetupError
from agent.model import Reply
from agent.models.prices import Prices
from agent.rollout import Stop

__all__ = ["NO_LIMITS", "Limits", "Spending"]

_BILLS = frozenset({"openrouter"})
"""Providers that say with each reply what they billed, so no table is needed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a phase stops; None sets no limit."""

    completion_tokens: int | None = None
    """Generated, reasoning included."""
    cost_usd: float | None = None
    seconds: float | None = None
    """Of work: requests that were answered, and tools. Waiting for rate limits and
    retries does not count.
    """
    context_tokens: int | None = None
    """Size of the conversation; observations are dropped before it is reached."""


NO_LIMITS = Limits()


class Spending:
    """What one phase has spent, held against its limits."""

    def __init__(
        self, limits: Limits, model: str, prices: Prices | None = None
    ) -> None:
        """Begin to count.

        Args:
            limits: Where to stop.
            model: Whose tokens they are.
            prices: What tokens cost; None loads the table of this package, where there
                is a limit of cost to hold.

        Raises:
            ModelSetupError: There is a limit of cost, and nobody knows what this costs.
        """
        self._limits = limits
        self._model = model
        self._completion_tokens = 0
        self._cost_usd = 0.0
        self._waited_s = 0.0
        if limits.cost_usd is None:
            return
        self._prices = prices or Prices.load()
        if not self._prices.has(model) and model.partition("/")[0] not in _BILLS:
            # Before anything is asked, and paid for.
            raise self._without_price()

    def count(self, reply: Reply) -> None:
        """Add one reply.

        Raises:
            ModelError: There is a limit of tokens or of cost, and the reply does not
                say what it took.
        """
        most = self._limits.completion_tokens
        if most is not None and reply.usage.unmeasured_requests:
            limit = f"{most} completion tokens"
            raise self._without_usage(limit)
        self._completion_tokens += reply.usage.completion_tokens
        self._waited_s += reply.waited_s
        if self._limits.cost_usd is not None:
            self._cost_usd += self._find_cost(reply)

    def seconds_left(self, elapsed_s: float) -> float:
        """Work that the limit of seconds leaves; infinite where there is none.

        Args:
            elapsed_s: Since the phase began, waiting included.
        """
        if self._limits.seconds is None:
            return math.inf
        return self._limits.seconds - (elapsed_s - self._waited_s)

    def find_stop(self, elapsed_s: float) -> Stop | None:
        """The limit that is reached, if one is.

        Args:
            elapsed_s: Since the phase began, waiting included.
        """
        limits = self._limits
        reached = (
            (limits.completion_tokens, self._completion_tokens, Stop.TOKENS),
            (limits.cost_usd, self._cost_usd, Stop.COST),
            (limits.seconds, elapsed_s - self._waited_s, Stop.TIME),
        )
        for limit, spent, stop in reached:
            if limit is not None and spent >= limit:
                return stop
        return None

    def _find_cost(self, reply: Reply) -> float:
        if reply.billed_usd is not None:
            return reply.billed_usd
        if reply.usage.unmeasured_requests:
            limit = f"{self._limits.cost_usd:g} USD"
            raise self._without_usage(limit)
        cost_usd = self._prices.find_cost(self._model, reply.usage)
        if cost_usd is None:
            raise self._without_price()
        return cost_usd

    def _without_usage(self, limit: str) -> ModelError:
        return ModelError(
            f"a limit of {limit} cannot be held: {self._model} sent a reply without "
            "usage; limit seconds instead"
        )

    def _without_price(self) -> ModelSetupError:
        return ModelSetupError(
            f"a limit of {self._limits.cost_usd:g} USD cannot be held: what "
            f"{self._model} costs is not known; limit completion_tokens instead"
        )
