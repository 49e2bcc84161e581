"""Log-probability of a query under a language model that litellm reaches.

It needs the older completions interface, with the prompt echoed and log-probabilities:
vLLM, llama.cpp and others serve it for open base models, hosted chat models do not.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from agent.errors import ModelError
from agent.models.faults import name_fault
from agent.models.litellm_library import load_litellm
from swe_features.statistics.query_likelihood import Likelihood, Query

__all__ = ["CompletionLikelihoodModel"]

JOINT = "\n\n"
"""Between context and query; a token seldom reaches across an empty line."""
TIMEOUT_S = 120.0


class CompletionLikelihoodModel:
    """A language model that says how probable a text was."""

    def __init__(
        self,
        name: str,
        *,
        api_base: str | None = None,
        api_key: str | None = None,
        context_characters: int = 12_000,
    ) -> None:
        """Name the model; nothing is asked yet.

        Args:
            name: As litellm names it, such as `text-completion-openai/<model>`.
            api_base: Address of a server of one's own.
            api_key: None takes the provider's variable of the environment.
            context_characters: What is kept of a longer context: its end.
        """
        self.name = name
        self._options = {"api_base": api_base, "api_key": api_key}
        self._context_characters = context_characters

    def judge(self, query: Query) -> Likelihood:
        """Log-probability of a query's text given the end of its context.

        Raises:
            ModelError: The model could not be asked, or does not tell.
        """
        context = query.context[-self._context_characters :] + JOINT
        litellm = load_litellm()
        try:
            completion = litellm.text_completion(
                model=self.name,
                prompt=context + query.text,
                # None at all is refused by some servers; the one is not counted.
                max_tokens=1,
                temperature=0,
                echo=True,
                logprobs=1,
                timeout=TIMEOUT_S,
                max_retries=0,
                # litellm makes a client for each request here, and closes none.
                extra_headers={"Connection": "close"},
                **{key: v for key, v in self._options.items() if v is not None},
            ).model_dump()
        except Exception as error:  # litellm raises anything
            raise name_fault(error, self.name).error from error
        return self._read(completion, len(context), len(context) + len(query.text))

    def _read(self, completion: Mapping[str, Any], start: int, end: int) -> Likelihood:
        # Any: JSON values.
        found = completion["choices"][0].get("logprobs") or {}
        places: Sequence[int] = found.get("text_offset") or ()
        values: Sequence[float | None] = found.get("token_logprobs") or ()
        inside = [
            value
            for place, value in zip(places, values, strict=False)
            if start <= place < end and value is not None
        ]
        if len(places) != len(values) or not inside:
            msg = (
                f"{self.name} gives no log-probabilities of the prompt: take a model "
                "behind a completions interface with echo, or the n-gram estimate"
            )
            raise ModelError(msg)
        return Likelihood(sum(inside), len(inside))
