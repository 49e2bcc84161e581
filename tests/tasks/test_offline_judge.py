import json
from pathlib import Path

import pytest

from tasks.judge_features import describe_change
from tasks.judging import Question, judge_all
from tasks.offline_judge import OfflineJudge
from tasks.pull_requests import ChangedFile, FileStatus, PullRequest

LABELS = Path(__file__).parents[2] / "benchmarks" / "judge_labels.jsonl"


def pull_request(title: str, body: str = "", number: int = 1) -> PullRequest:
    files = tuple(
        ChangedFile(name, FileStatus.MODIFIED)
        for name in ("app/main.py", "app/cli.py", "tests/test_cli.py")
    )
    return PullRequest("o/n", number, title, body, "a" * 40, files)


@pytest.mark.parametrize(
    "title",
    [
        "Add a --color option to the command line",
        "feat: support streaming responses in the client",
        "Implement the new image preview node",
    ],
)
def test_a_clear_feature_is_accepted(title: str) -> None:
    verdict = OfflineJudge().judge(pull_request(title))
    assert verdict.is_accepted
    assert verdict.reason == ""


@pytest.mark.parametrize(
    ("title", "objection"),
    [
        ("fix: crash in the parser on empty input", "no new functionality"),
        ("Refactor the client into modules", "no new functionality"),
        ("Remove unused imports", "no new functionality"),
        ("Update frontend to v1.2.3", "no new functionality"),
        ("wip", "not clearly described"),
    ],
)
def test_what_adds_nothing_is_refused_with_a_reason(title: str, objection: str) -> None:
    verdict = OfflineJudge().judge(pull_request(title))
    assert not verdict.is_accepted
    assert objection in verdict.reason


def test_a_reason_names_what_spoke_for_it() -> None:
    verdict = OfflineJudge().judge(pull_request("fix: crash in the parser"))
    (feature,) = [j for j in verdict.judgements if j.question is Question.FEATURE]
    assert "fix" in feature.why


def test_judging_is_the_same_every_time_and_reads_no_contents() -> None:
    one = pull_request("Add a thing", "Words.")
    assert OfflineJudge().judge(one) == OfflineJudge().judge(one)
    assert all(isinstance(value, float) for value in describe_change(one).values())


def test_rejections_keep_title_and_stage() -> None:
    good, bad = pull_request("Add a --color option"), pull_request("typo", number=2)
    accepted, rejections = judge_all(OfflineJudge(), [good, bad])
    assert accepted == (good,)
    assert [(r.number, r.title, r.stage) for r in rejections] == [(2, "typo", "judge")]


def test_the_labels_are_numbers_and_answers_and_no_texts() -> None:
    labels = [json.loads(line) for line in LABELS.read_text().splitlines()]
    assert len({(one["repo"], one["pr_number"]) for one in labels}) >= 200
    assert {frozenset(one) for one in labels} == {
        frozenset({"repo", "pr_number", "clear", "feature", "alone"})
    }


def test_an_empty_title_does_not_break_the_judge() -> None:
    assert not OfflineJudge().judge(pull_request("")).is_accepted
