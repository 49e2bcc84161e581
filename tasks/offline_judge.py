"""Judge pull requests without a language model.

Three logistic models over words of the title and the shape of the change. Their weights
are in `offline_judge.json`, learned by `benchmarks/judge.py` from labels that we gave
by hand; judging needs no library. How far to trust them is measured in
`docs/benchmark.md`.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tasks.judge_features import describe_change
from tasks.judging import Judgement, Question, Verdict
from tasks.pull_requests import PullRequest

__all__ = ["OfflineJudge"]

_SHOWN = 2
"""Features that are named as the reason of an answer."""

Weights = Mapping[str, Mapping[str, float]]


class OfflineJudge:
    """A `Judge` that knows how titles of features look."""

    def __init__(
        self, weights: Weights | None = None, threshold: float | None = None
    ) -> None:
        shipped = _read_shipped()
        self._weights = shipped.weights if weights is None else weights
        self._threshold = shipped.threshold if threshold is None else threshold

    @property
    def name(self) -> str:
        """`offline` and the version of its weights."""
        return "offline-2"

    def judge(self, pull_request: PullRequest) -> Verdict:
        """Answer each question with its model."""
        features = describe_change(pull_request)
        return Verdict(tuple(self._answer(question, features) for question in Question))

    def _answer(self, question: Question, features: Mapping[str, float]) -> Judgement:
        weights = self._weights[question.value]
        shares = {
            name: weights.get(name, 0.0) * value for name, value in features.items()
        }
        probability = 1 / (1 + math.exp(-sum(shares.values())))
        is_yes = probability >= self._threshold
        direction = 1 if is_yes else -1
        told = sorted(
            (name for name in shares if name != "always" and shares[name]),
            key=lambda name: -direction * shares[name],
        )
        why = f"{probability:.2f}: {', '.join(told[:_SHOWN])}"
        return Judgement(question, is_yes, why)


@dataclass(frozen=True, slots=True)
class _Shipped:
    weights: Weights
    threshold: float
    """Least probability of a yes: above a half, because a suite is better small."""


@cache
def _read_shipped() -> _Shipped:
    text = files("tasks").joinpath("offline_judge.json").read_text("utf-8")
    return _Shipped(**json.loads(text))
