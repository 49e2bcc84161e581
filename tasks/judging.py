"""Is a pull request a good task? Three judgements, by whoever makes them.

They are the paper's (arXiv 2504.13171, appendix D): clearly described, adding something
new rather than fixing, standing alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tasks.drafts import Rejection
from tasks.pull_requests import PullRequest

__all__ = ["Judge", "Judgement", "Question", "Verdict", "judge_all"]


class Question(StrEnum):
    """What is judged."""

    CLEAR = "clear"
    FEATURE = "feature"
    ALONE = "alone"

    @property
    def objection(self) -> str:
        """What a pull request is if the answer is no."""
        return {
            Question.CLEAR: "not clearly described",
            Question.FEATURE: "no new functionality",
            Question.ALONE: "does not stand alone",
        }[self]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer to one question."""

    question: Question
    is_yes: bool
    why: str
    """What spoke for the answer, in a few words."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answers to all of them."""

    judgements: tuple[Judgement, ...]

    @property
    def is_accepted(self) -> bool:
        """Whether every answer is yes."""
        return all(judgement.is_yes for judgement in self.judgements)

    @property
    def reason(self) -> str:
        """Every objection with its reason, in one line; empty where there is none."""
        return "; ".join(
            f"{judgement.question.objection} ({judgement.why})"
            for judgement in self.judgements
            if not judgement.is_yes
        )


class Judge(Protocol):
    """Whoever judges."""

    @property
    def name(self) -> str:
        """For the suite's provenance: what judged, and which version of it."""
        ...

    def judge(self, pull_request: PullRequest) -> Verdict:
        """Answer the questions about one pull request.

        Only its title, its body and the names and statuses of its files are read.
        """
        ...


def judge_all(
    judge: Judge, pull_requests: Iterable[PullRequest]
) -> tuple[tuple[PullRequest, ...], tuple[Rejection, ...]]:
    """Split pull requests into accepted ones and rejections that say why."""
    accepted: list[PullRequest] = []
    rejections: list[Rejection] = []
    for pull_request in pull_requests:
        verdict = judge.judge(pull_request)
        if verdict.is_accepted:
            accepted.append(pull_request)
            continue
        told = pull_request.merge_commit or pull_request.head_commit or ""
        rejections.append(
            Rejection(
                pull_request.pr_number,
                told,
                verdict.reason,
                title=pull_request.title,
                stage="judge",
            )
        )
    return tuple(accepted), tuple(rejections)
