from pathlib import Path

import pytest

from agent.errors import ModelError
from agent.redaction import Redactor
from swe_features.errors import StoreError
from swe_features.kept_judge import KeptJudge
from tasks.judging import Judgement, Question, Verdict
from tasks.pull_requests import ChangedFile, FileStatus, PullRequest

NOTHING = Redactor({})


class Moody:
    """Answers yes to even numbers, and fails from the third one on."""

    def __init__(self, name: str = "moody", limit: int = 2) -> None:
        self.name = name
        self.asked: list[int] = []
        self._limit = limit

    def judge(self, pull_request: PullRequest) -> Verdict:
        if len(self.asked) == self._limit:
            message = "no credit left"
            raise ModelError(message)
        self.asked.append(pull_request.pr_number)
        is_even = pull_request.pr_number % 2 == 0
        return Verdict(tuple(Judgement(one, is_even, "so it is") for one in Question))


def pull(number: int, *, body: str = "") -> PullRequest:
    files = (ChangedFile("a.py", FileStatus.MODIFIED),)
    return PullRequest("o/n", number, f"Add {number}", body, "a" * 40, files)


def judge_until_it_fails(judge: KeptJudge, numbers: range) -> list[bool]:
    found = []
    for number in numbers:
        try:
            found.append(judge.judge(pull(number)).is_accepted)
        except ModelError:
            break
    return found


def test_a_judge_who_fails_is_not_asked_again_what_he_judged(tmp_path: Path) -> None:
    path = tmp_path / "made" / "suite.judgements.jsonl"
    first, second = Moody(), Moody()
    numbers = range(1, 6)
    assert judge_until_it_fails(KeptJudge(first, path, NOTHING), numbers) == [
        False,
        True,
    ]
    told: list[int] = []
    again = KeptJudge(second, path, NOTHING, told.append)
    assert judge_until_it_fails(again, numbers) == [False, True, False, True]
    assert (first.asked, second.asked) == ([1, 2], [3, 4])
    assert told == [1, 2, 3, 4]
    kept = KeptJudge(Moody(limit=0), path, NOTHING).judge(pull(1))
    assert kept == Moody().judge(pull(1))


@pytest.mark.parametrize(
    ("name", "asked"), [("moody", pull(1, body="more")), ("another", pull(1))]
)
def test_another_text_and_another_judge_are_asked_anew(
    tmp_path: Path, name: str, asked: PullRequest
) -> None:
    path = tmp_path / "kept.jsonl"
    KeptJudge(Moody(), path, NOTHING).judge(pull(1))
    judge = Moody(name)
    KeptJudge(judge, path, NOTHING).judge(asked)
    assert judge.asked == [1]


def test_a_torn_last_line_is_judged_again(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    judge_until_it_fails(KeptJudge(Moody(), path, NOTHING), range(1, 3))
    path.write_bytes(path.read_bytes()[:-20])
    judge = Moody()
    judge_until_it_fails(KeptJudge(judge, path, NOTHING), range(1, 3))
    assert judge.asked == [2]
    judge_until_it_fails(KeptJudge(Moody(limit=0), path, NOTHING), range(1, 3))


@pytest.mark.parametrize("line", ["{}", "[]", '{"key": "k", "answers": {"clear": 1}}'])
def test_a_line_that_is_no_verdict_is_told_with_its_place(
    tmp_path: Path, line: str
) -> None:
    path = tmp_path / "kept.jsonl"
    path.write_text(f"{line}\n")
    with pytest.raises(StoreError, match=r"kept\.jsonl:1 is no verdict"):
        KeptJudge(Moody(), path, NOTHING)


def test_where_nothing_can_be_kept_nobody_is_asked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot read"):
        KeptJudge(Moody(), tmp_path / "file" / "kept.jsonl", NOTHING)
