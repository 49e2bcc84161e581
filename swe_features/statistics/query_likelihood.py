"""How well a query could have been foreseen from its context: log-probability.

The paper asks a language model without instruction tuning (arXiv 2504.13171, section
5.4). Where none can be asked, an n-gram model gives an estimate: words by interpolated
Witten-Bell trigrams of the context, which fall back on other text of the repository,
and that on letters, so that no word is impossible.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from swe_features.plan import InstanceRecord, Plan, PullRequestRecord

__all__ = ["Likelihood", "LikelihoodModel", "NGramModel", "Query", "queries_of"]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, and what was there before."""

    instance_id: str
    text: str
    context: str
    """Of the related pull requests: `c`, not the learned context."""
    background: str = ""
    """Other text of the same repository, without the query's pull request."""


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Log-probability of a query given its context."""

    total: float
    """In nats; never above 0."""
    tokens: int
    """Of the query, as the model counts them."""

    @property
    def per_token(self) -> float:
        """Nats a token: a long query is not less predictable for being long.

        NaN for an empty one.
        """
        return self.total / self.tokens if self.tokens else math.nan


class LikelihoodModel(Protocol):
    """Something that says how probable a text is after another."""

    @property
    def name(self) -> str:
        """What a report calls it."""
        ...

    def judge(self, query: Query) -> Likelihood:
        """Log-probability of a query's text given its context.

        Raises:
            ModelError: The model could not be asked, or does not tell.
        """
        ...


def queries_of(plan: Plan) -> tuple[Query, ...]:
    """The queries of an experiment, with what was known before each of them."""
    texts: dict[str, dict[int, str]] = defaultdict(dict)
    for instance in plan.instances.values():
        for pull in (instance.target, *instance.related):
            texts[pull.repo][pull.pr_number] = _text(pull)
    return tuple(
        _query(instance, texts[instance.target.repo])
        for instance in plan.instances.values()
    )


def _query(instance: InstanceRecord, texts: dict[int, str]) -> Query:
    target = instance.target
    known = {pull.pr_number for pull in instance.related}
    others = texts.keys() - known - {target.pr_number}
    return Query(
        instance_id=instance.instance_id,
        text=f"{target.title}\n\n{target.body}".strip(),
        context="\n\n".join(texts[number] for number in sorted(known)),
        background="\n\n".join(texts[number] for number in sorted(others)),
    )


def _text(pull: PullRequestRecord) -> str:
    files = "\n".join(file.filename for file in pull.changed_files)
    return f"{pull.title}\n\n{pull.body}\n\n{files}"


class NGramModel:
    """An interpolated n-gram model, trained anew on each query's context."""

    name = "n-gram estimate"

    def judge(self, query: Query) -> Likelihood:
        """Log-probability of a query's words; no model is asked."""
        letters = _Letters(f"{query.background}\n{query.context}")
        known = _Words(_tokens(query.background), _Fallback(letters))
        context = _Words(_tokens(query.context), known)
        words = _tokens(query.text)
        history: list[str] = []
        total = 0.0
        for word in words:
            total += math.log(context.probability(tuple(history[-2:]), word))
            history.append(word)
        return Likelihood(total, len(words))


_TOKEN = re.compile(r"[^\W_]+|[^\w\s]|_")
ORDER = 3


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.lower())


class _Base(Protocol):
    def probability(self, history: tuple[str, ...], token: str) -> float: ...


class _Words:
    """Witten-Bell interpolation (1991): rare histories lean on shorter ones.

    The probability of a token after a history is c/(n + t), plus t/(n + t) of its
    probability after the shorter history, where n tokens of t kinds followed.
    """

    def __init__(self, tokens: Sequence[str], base: _Base) -> None:
        self._base = base
        self._follow: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for place, token in enumerate(tokens):
            for length in range(min(ORDER - 1, place) + 1):
                self._follow[tuple(tokens[place - length : place])][token] += 1
        self._seen = {history: c.total() for history, c in self._follow.items()}

    def probability(self, history: tuple[str, ...], token: str) -> float:
        if history:
            shorter = self.probability(history[1:], token)
        else:
            shorter = self._base.probability(history, token)
        if history not in self._seen:
            return shorter
        following = self._follow[history]
        seen, kinds = self._seen[history], len(following)
        return (following[token] + kinds * shorter) / (seen + kinds)


class _Letters:
    """Letters of words, one after the other; a word nobody wrote still spells."""

    ALPHABET = 0x10000
    """Letters there might be, each as likely as the other before any text was read."""

    def __init__(self, text: str) -> None:
        letters: list[str] = []
        for token in _tokens(text):
            letters += [*token, "\n"]
        self._letters = _Words(letters, self)

    def probability(self, history: tuple[str, ...], token: str) -> float:
        return 1 / self.ALPHABET

    def spell(self, word: str) -> float:
        """Probability of the letters of a word and of its end."""
        history: tuple[str, ...] = ("\n",)
        product = 1.0
        for letter in [*word, "\n"]:
            product *= self._letters.probability(history, letter)
            history = (*history, letter)[-(ORDER - 1) :]
        # A word of hundreds of letters must not become impossible by rounding.
        return max(product, 1e-300)


class _Fallback:
    """Letters as a model of words."""

    def __init__(self, letters: _Letters) -> None:
        self._letters = letters

    def probability(self, history: tuple[str, ...], token: str) -> float:
        return self._letters.spell(token)
