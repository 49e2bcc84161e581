"""What a model knows without looking."""

from agent.memory_probe import probe_memory
from agent.messages import ToolCall
from agent.model import Reply
from agent.models.scripted_model import ScriptedModel


def probe(reply: Reply) -> tuple[tuple[str, ...], str, ScriptedModel]:
    model = ScriptedModel([reply])
    rollout = probe_memory(
        model=model, repo="shop/till", title="Cap prices", body="At 100."
    )
    return rollout.predicted_files, rollout.stop, model


def named(*files: str) -> Reply:
    return Reply("", (ToolCall("1", "name_files", {"files": list(files)}),))


def test_files_are_taken_as_named_whether_they_exist_or_not() -> None:
    files, stop, _ = probe(named("till/core.py", "./no/such.py", "till/core.py"))

    assert files == ("till/core.py", "no/such.py")
    assert stop == "submitted"


def test_it_is_asked_once_with_nothing_but_the_query() -> None:
    _, _, model = probe(named("a.py"))

    ((system, user),) = model.requests
    assert "From memory alone" in system.content
    for text in ("shop/till", "Cap prices", "At 100."):
        assert text in user.content


def test_a_model_that_names_nothing_has_found_nothing() -> None:
    files, stop, model = probe(Reply("I do not know this repository."))

    assert files == ()
    assert stop == "replied"
    assert len(model.requests) == 1
