from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.errors import LearnedContextError
from agent.learned_context import LearnedContext, Revision
from agent.learned_context_store import LearnedContextStore, context_key
from agent.usage import Usage
from tasks.pull_requests import PullRequest

CONTEXT = LearnedContext(
    text="Orders live in shop/orders.py. Ümlaut.",
    repo="shop/shop",
    commit="a" * 40,
    related=(1, 2),
    model="some/model",
    prompt_hash="h",
    usage=Usage(100, 50, 20, 5, 3),
    duration_s=1.5,
    revisions=(Revision("Orders", 1, Usage(10, 0, 2, 0, 1)),),
)
PULL = PullRequest("shop/shop", 1, "Title", "Body", "b" * 40, ())


def _key(**changes: Any) -> str:  # noqa: ANN401 - one of the parts
    parts: dict[str, Any] = {
        "repo": "shop/shop",
        "commit": "a" * 40,
        "related": [PULL],
        "model": "m",
        "prompt_hash": "h",
        "seed": 0,
        "settings": {"step_cap": 8},
    }
    return context_key(**{**parts, **changes})


def test_a_stored_context_comes_back_whole(tmp_path: Path) -> None:
    store = LearnedContextStore(tmp_path / "contexts")
    store.put("k", CONTEXT)
    assert store.find("k") == CONTEXT


def test_half_a_surrogate_pair_comes_back_as_it_was(tmp_path: Path) -> None:
    """One reply with an emoji cut in two ended the whole run."""
    said = replace(CONTEXT, text="Orders \ud83d live in shop/orders.py.")
    store = LearnedContextStore(tmp_path)
    store.put("k", said)
    assert store.find("k") == said


def test_an_unknown_key_finds_nothing(tmp_path: Path) -> None:
    assert LearnedContextStore(tmp_path / "contexts").find("k") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"format": 2}',
        b'{"format": 1, "text": "only"}',
        b"\xff",
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    store = LearnedContextStore(tmp_path)
    store.path_of("k").write_bytes(content)
    with pytest.raises(LearnedContextError, match=r"k\.json is no learned context"):
        store.find("k")


def test_nothing_but_the_context_is_left_in_the_folder(tmp_path: Path) -> None:
    store = LearnedContextStore(tmp_path)
    store.put("k", CONTEXT)
    store.put("k", replace(CONTEXT, text="newer"))
    assert [path.name for path in tmp_path.iterdir()] == ["k.json"]
    found = store.find("k")
    assert found is not None
    assert found.text == "newer"


@pytest.mark.parametrize(
    "changes",
    [
        {"repo": "shop/other"},
        {"commit": "c" * 40},
        {"related": []},
        {"related": [replace(PULL, body="Another body")]},
        {"model": "n"},
        {"prompt_hash": "i"},
        {"seed": 1},
        {"settings": {"step_cap": 9}},
    ],
)
def test_every_condition_changes_the_key(changes: dict[str, Any]) -> None:
    assert _key(**changes) != _key()
    assert _key() == _key()


def test_a_stored_context_can_be_read_by_whoever_may_read_the_folder(
    tmp_path: Path,
) -> None:
    """It was its owner's alone, beside results that everybody could read."""
    (tmp_path / "beside").write_text("")
    path = LearnedContextStore(tmp_path).put("k", CONTEXT)
    assert path.stat().st_mode == (tmp_path / "beside").stat().st_mode
