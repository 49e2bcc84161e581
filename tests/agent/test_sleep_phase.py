import pytest

from agent.messages import ToolCall
from agent.model import Reply
from agent.models.scripted_model import ScriptedModel
from agent.sleep_phase import prompt_hash, sleep
from agent.usage import Usage
from tasks.pull_requests import ChangedFile, FileStatus, PullRequest
from tests.agent.conftest import FolderSandbox

SPENT = Usage(prompt_tokens=100, completion_tokens=20, requests=1)


def _pull(number: int) -> PullRequest:
    return PullRequest(
        repo="shop/shop",
        pr_number=number,
        title=f"Title of {number}",
        body="Body.",
        base_commit="0" * 40,
        changed_files=(
            ChangedFile("shop/prices.py", FileStatus.MODIFIED, patch="@@ -1 +1 @@"),
        ),
    )


def _rethink(text: str, call_id: str = "r") -> ToolCall:
    return ToolCall(
        call_id,
        "rethink_memory",
        {
            "new_memory": text,
            "target_block_label": "learned_context",
            "source_block_label": "pull_request",
        },
    )


def _finish() -> ToolCall:
    return ToolCall("f", "finish_rethinking_memory", {})


def _reply(*calls: ToolCall, text: str = "") -> Reply:
    return Reply(text, calls, SPENT)


def test_pull_requests_are_read_one_after_the_other_in_one_conversation(
    sandbox: FolderSandbox,
) -> None:
    model = ScriptedModel(
        [
            _reply(_rethink("one"), _finish()),
            _reply(_rethink("one and two"), _finish()),
        ]
    )
    learned = sleep(
        model=model, sandbox=sandbox, repo="shop/shop", related=[_pull(1), _pull(2)]
    )
    first, second = model.requests
    assert "Title of 1" in first[-1].content
    assert "Title of 2" not in first[-1].content
    assert "Title of 2" in second[-1].content
    assert second[: len(first)] == first
    assert learned.text == "one and two"
    assert learned.related == (1, 2)


def test_what_it_came_from_is_kept(sandbox: FolderSandbox) -> None:
    model = ScriptedModel([_reply(_rethink("one"), _finish())], name="some/model")
    learned = sleep(model=model, sandbox=sandbox, repo="shop/shop", related=[_pull(1)])
    assert learned.repo == "shop/shop"
    assert learned.commit == sandbox.proof.base_commit
    assert learned.model == "some/model"
    assert learned.prompt_hash == prompt_hash()
    assert learned.usage == SPENT


def test_every_revision_is_kept_with_what_it_cost_so_far(
    sandbox: FolderSandbox,
) -> None:
    model = ScriptedModel(
        [_reply(_rethink("a")), _reply(_finish()), _reply(_rethink("b"), _finish())]
    )
    learned = sleep(
        model=model, sandbox=sandbox, repo="shop/shop", related=[_pull(1), _pull(2)]
    )
    kept = [(r.text, r.pr_number, r.usage.requests) for r in learned.revisions]
    assert kept == [("a", 1, 1), ("b", 2, 3)]


def test_what_is_handed_on_is_what_is_stored(
    sandbox: FolderSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cells of the same run read a key that a resumed run no longer found."""
    monkeypatch.setenv("PLANTED_TOKEN", "planted words")
    model = ScriptedModel([_reply(_rethink("It is planted words."), _finish())])
    learned = sleep(model=model, sandbox=sandbox, repo="shop/shop", related=[_pull(1)])
    assert learned.text == "It is [redacted PLANTED_TOKEN]."
    assert learned.revisions[0].text == learned.text


def test_an_eleventh_revision_is_refused(sandbox: FolderSandbox) -> None:
    calls = [_rethink(str(i), f"r{i}") for i in range(11)]
    model = ScriptedModel([_reply(*calls, _finish())])
    learned = sleep(model=model, sandbox=sandbox, repo="shop/shop", related=[_pull(1)])
    assert learned.text == "9"
    assert len(learned.revisions) == 10


def test_the_steps_for_a_pull_request_are_capped(sandbox: FolderSandbox) -> None:
    look = ToolCall("l", "list_files", {})
    model = ScriptedModel(
        [_reply(look), _reply(look), _reply(_rethink("late"), _finish())]
    )
    learned = sleep(
        model=model,
        sandbox=sandbox,
        repo="shop/shop",
        related=[_pull(1), _pull(2)],
        step_cap=2,
    )
    assert "Title of 2" in model.requests[2][-1].content
    assert learned.revisions[0].pr_number == 2


def test_a_model_that_never_wrote_is_asked_once_more(sandbox: FolderSandbox) -> None:
    model = ScriptedModel(
        [_reply(text="It rounds prices."), _reply(_rethink("kept"), _finish())]
    )
    learned = sleep(model=model, sandbox=sandbox, repo="shop/shop", related=[_pull(1)])
    assert "still empty" in model.requests[1][-1].content
    assert learned.text == "kept"


def test_the_words_of_a_model_that_will_not_write_are_kept(
    sandbox: FolderSandbox,
) -> None:
    model = ScriptedModel([_reply(text="It rounds prices."), _reply(text="Enough.")])
    learned = sleep(model=model, sandbox=sandbox, repo="shop/shop", related=[_pull(1)])
    assert learned.text == "It rounds prices.\n\nEnough."
    assert learned.revisions == ()


def test_without_related_pull_requests_the_repository_is_studied(
    sandbox: FolderSandbox,
) -> None:
    model = ScriptedModel([_reply(_rethink("the repository"), _finish())])
    learned = sleep(model=model, sandbox=sandbox, repo="shop/shop", related=[])
    assert "no related pull request" in model.requests[0][-1].content
    assert learned.text == "the repository"
    assert learned.revisions[0].pr_number is None


def test_a_memory_beyond_its_room_is_refused(sandbox: FolderSandbox) -> None:
    model = ScriptedModel(
        [_reply(_rethink("x" * 41)), _reply(_rethink("x" * 40), _finish())]
    )
    learned = sleep(
        model=model,
        sandbox=sandbox,
        repo="shop/shop",
        related=[_pull(1)],
        token_budget=10,
    )
    assert "at most 40 characters, not 41" in model.requests[1][-1].content
    assert "room for 40 characters" in model.requests[0][0].content
    assert learned.text == "x" * 40


def test_one_sleep_gives_the_context_of_each_of_its_revisions(
    sandbox: FolderSandbox,
) -> None:
    model = ScriptedModel(
        [_reply(_rethink("a")), _reply(_rethink("ab")), _reply(_finish())]
    )
    learned = sleep(model=model, sandbox=sandbox, repo="shop/shop", related=[_pull(1)])
    curve = [learned.as_of(i) for i in range(len(learned.revisions))]
    assert [(c.text, c.usage.requests) for c in curve] == [("a", 1), ("ab", 2)]
    assert curve[0].revisions == learned.revisions[:1]
    assert curve[0].commit == learned.commit
