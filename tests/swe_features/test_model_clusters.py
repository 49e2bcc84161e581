from typing import Any

import pytest

from agent.messages import ToolCall
from agent.model import Reply
from agent.models.scripted_model import ScriptedModel
from swe_features.model_clusters import cluster_with_model
from tasks.errors import SuiteError
from tasks.pull_requests import PullRequest

FOUR = [
    PullRequest("o/n", number, f"Add {number}", "", "a" * 40, ())
    for number in (1, 2, 3, 4)
]


def reply(groups: Any) -> Reply:  # noqa: ANN401
    return Reply("", (ToolCall("c", "group", {"groups": groups}),))


def cluster(*replies: Reply) -> list[str | None]:
    return [one.cluster for one in cluster_with_model(ScriptedModel(replies), FOUR)]


def test_groups_become_clusters() -> None:
    groups = [
        {"name": "voice  input", "numbers": [1, 3]},
        {"name": "lint", "numbers": [2, 4]},
    ]
    names = cluster(reply(groups))
    assert names == ["00-voice input", "01-lint", "00-voice input", "01-lint"]


def test_what_was_left_out_or_put_twice_is_alone() -> None:
    groups = [
        {"name": "a", "numbers": [1, 2, 99, "x", True]},
        {"name": "b", "numbers": [2, 3]},
        "nonsense",
    ]
    assert cluster(reply(groups)) == ["00-a", "#2", "01-b", "#4"]


def test_an_answer_without_groups_is_asked_for_once_more() -> None:
    good = reply([{"name": "a", "numbers": [1, 2, 3, 4]}])
    assert cluster(Reply("Sure."), good) == ["00-a"] * 4
    with pytest.raises(SuiteError, match="did not group"):
        cluster(Reply("Sure."), reply("all of them"))


def test_too_many_are_refused_before_anything_is_spent() -> None:
    with pytest.raises(SuiteError, match="too many"):
        cluster_with_model(ScriptedModel([]), FOUR * 101)
