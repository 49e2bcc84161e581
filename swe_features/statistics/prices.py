"""What tokens cost by kind, in generated tokens."""

from dataclasses import dataclass

from agent.usage import Usage

__all__ = ["GENERATED_ONLY", "INPUT_PRICED", "TokenPrices"]


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """Price of a token of each kind, relative to a generated one."""

    name: str
    """Says in a sentence what is counted: `generated tokens`."""
    prompt: float
    """Of a token that is read and was not cached."""
    cached_prompt: float
    completion: float = 1.0

    def cost(self, usage: Usage) -> float:
        """What some tokens cost, in generated tokens."""
        fresh = usage.prompt_tokens - usage.cached_prompt_tokens
        return (
            fresh * self.prompt
            + usage.cached_prompt_tokens * self.cached_prompt
            + usage.completion_tokens * self.completion
        )


GENERATED_ONLY = TokenPrices("generated tokens", prompt=0.0, cached_prompt=0.0)
"""The paper's account (arXiv 2504.13171, section 6): reading is free."""

INPUT_PRICED = TokenPrices("tokens with input priced", prompt=0.2, cached_prompt=0.02)
"""Reading at a fifth of writing, a cached token at a tenth of that: the ratios at which
large hosted models are usually sold. Other ratios are one value away."""
