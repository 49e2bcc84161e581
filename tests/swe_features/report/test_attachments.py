import base64
import gzip
import json
from typing import Any

from swe_features.report.attachments import (
    Texts,
    find_context,
    find_trajectories,
    steps_of,
)
from swe_features.report.content import ReportContent
from swe_features.results import StoredExperiment


def unpack(packed: str) -> Any:  # noqa: ANN401  # any JSON value
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def test_every_trajectory_is_there(
    experiment: StoredExperiment, content: ReportContent
) -> None:
    found = {
        cell_id
        for packed in content.trajectories.values()
        for cell_id in unpack(packed)["trajectories"]
    }
    assert found == {row.cell_id for row in experiment.rows if row.trajectory}


def test_texts_that_occur_again_are_stored_once(content: ReportContent) -> None:
    texts = unpack(content.trajectories["shop__till-1"])["texts"]
    assert len(texts) == len(set(texts))
    assert sum("You find files." in text for text in texts) == 1


def test_steps_keep_what_was_called_and_what_came_back() -> None:
    texts = Texts()
    call = {"step": 3, "call_id": "a", "name": "search", "arguments": {"pattern": "x"}}
    seen = {"step": 3, "call_id": "a", "text": "nothing", "failed": True}
    events = [
        {"at_s": 10.0, "kind": "tool_call", "data": call},
        {"at_s": 10.5, "kind": "observation", "data": {**seen, "duration_s": 0.5}},
    ]
    called, came = steps_of(events, texts)
    assert (called["label"], called["step"], called["at"]) == ("search", 3, 0.0)
    assert json.loads(texts.all[called["text"]]) == {"pattern": "x"}
    assert (texts.all[came["text"]], came["failed"], came["at"]) == (
        "nothing",
        True,
        0.5,
    )


def test_arguments_that_are_no_json_are_shown_as_written() -> None:
    texts = Texts()
    data = {"name": "search", "arguments": {}, "raw_arguments": "{pattern"}
    [entry] = steps_of([{"kind": "tool_call", "data": data}], texts)
    assert texts.all[entry["text"]] == "{pattern"


def test_unknown_event_is_shown_as_it_is() -> None:
    texts = Texts()
    [entry] = steps_of([{"kind": "new", "data": {"step": 1, "odd": [2]}}], texts)
    assert json.loads(texts.all[entry["text"]]) == {"step": 1, "odd": [2]}


def test_very_long_text_is_cut_and_says_so() -> None:
    texts = Texts()
    number = texts.number("a" * 30_000 + "z" * 30_000)
    assert "40,000 characters left out" in texts.all[number]
    assert texts.all[number].startswith("aaa")
    assert texts.all[number].endswith("zzz")


def test_learned_context_comes_with_its_revisions(
    experiment: StoredExperiment, content: ReportContent
) -> None:
    key = next(row.context for row in reversed(experiment.rows) if row.context)
    context = unpack(content.contexts[key])
    assert [revision["pr_number"] for revision in context["revisions"]] == [1, 2]


def test_what_is_not_there_is_not_found(experiment: StoredExperiment) -> None:
    assert find_trajectories(experiment, "shop__till-99") is None
    assert find_context(experiment, "../manifest") is None
