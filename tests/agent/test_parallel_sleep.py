from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.errors import ModelError
from agent.events import Event
from agent.messages import ToolCall
from agent.model import Reply
from agent.parallel_sleep import sleep_in_parallel
from agent.scripted_model import ScriptedModel
from agent.usage import Usage
from tests.agent.conftest import FILES, FolderSandbox, build_repository


def _line(text: str) -> Reply:
    rethink = ToolCall(
        "r",
        "rethink_memory",
        {
            "new_memory": text,
            "target_block_label": "learned_context",
            "source_block_label": "learned_context",
        },
    )
    finish = ToolCall("f", "finish_rethinking_memory", {})
    return Reply("", (rethink, finish), Usage(completion_tokens=5, requests=1))


class Checkouts:
    """Fresh copies of one repository, counted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opened = 0

    @contextmanager
    def open(self) -> Iterator[FolderSandbox]:
        self.opened += 1
        folder = self.folder / f"{self.opened}"
        build_repository(folder, FILES)
        yield FolderSandbox(folder)


def test_what_each_sleep_learned_is_joined(tmp_path: Path) -> None:
    checkouts = Checkouts(tmp_path)
    events: list[Event] = []
    learned = sleep_in_parallel(
        model=ScriptedModel([_line("one"), _line("two"), _line("three")]),
        open_sandbox=checkouts.open,
        repo="shop/shop",
        related=[],
        parallel=3,
        on_event=events.append,
    )
    assert sorted(learned.text.split("\n\n")) == ["one", "three", "two"]
    assert learned.usage == Usage(completion_tokens=15, requests=3)
    assert len(learned.revisions) == 3
    assert checkouts.opened == 3
    assert {event.data["sleep"] for event in events} == {0, 1, 2}


def test_the_same_text_is_joined_once(tmp_path: Path) -> None:
    learned = sleep_in_parallel(
        model=ScriptedModel([_line("same"), _line("same")]),
        open_sandbox=Checkouts(tmp_path).open,
        repo="shop/shop",
        related=[],
        parallel=2,
    )
    assert learned.text == "same"


def test_the_room_is_shared(tmp_path: Path) -> None:
    model = ScriptedModel([_line("a"), _line("b")])
    sleep_in_parallel(
        model=model,
        open_sandbox=Checkouts(tmp_path).open,
        repo="shop/shop",
        related=[],
        parallel=2,
        token_budget=100,
    )
    assert "room for 200 characters" in model.requests[0][0].content


def test_one_that_breaks_breaks_the_whole(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        sleep_in_parallel(
            model=ScriptedModel([_line("one")]),
            open_sandbox=Checkouts(tmp_path).open,
            repo="shop/shop",
            related=[],
            parallel=2,
        )


def test_none_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 parallel sleeps"):
        sleep_in_parallel(
            model=ScriptedModel([]),
            open_sandbox=Checkouts(tmp_path).open,
            repo="shop/shop",
            related=[],
            parallel=0,
        )
