import pytest

from agent.learned_context import LearnedContext
from agent.messages import ToolCall
from agent.model import Reply
from agent.models.scripted_model import ScriptedModel
from agent.test_phase import attempt
from agent.usage import Usage
from tasks.pull_requests import ChangedFile, FileStatus, PullRequest
from tests.agent.conftest import FolderSandbox


def _say(*calls: tuple[str, dict[str, object]]) -> Reply:
    return Reply(
        "",
        tuple(
            ToolCall(f"call_{name}_{i}", name, arguments)
            for i, (name, arguments) in enumerate(calls)
        ),
    )


def _pull(number: int = 7) -> PullRequest:
    return PullRequest(
        repo="shop/shop",
        pr_number=number,
        title="Round prices",
        body="So that they look nice.",
        base_commit="0" * 40,
        changed_files=(
            ChangedFile("shop/prices.py", FileStatus.MODIFIED, patch="@@ -1 +1 @@\n+r"),
        ),
    )


def test_the_answer_that_stands_at_the_cut_off_is_scored(
    sandbox: FolderSandbox,
) -> None:
    model = ScriptedModel(
        [
            _say(("propose_files", {"files": ["shop/orders.py", "shop/prices.py"]})),
            _say(("list_files", {})),
        ]
    )
    rollout = attempt(model=model, sandbox=sandbox, title="T", body="", budget=2)
    assert rollout.predicted_files == ("shop/orders.py", "shop/prices.py")
    assert rollout.stop == "budget"
    assert rollout.steps == 2


def test_the_budget_is_stated_and_the_count_is_shown(sandbox: FolderSandbox) -> None:
    model = ScriptedModel([_say(("submit", {"files": ["README.md"]}))])
    attempt(model=model, sandbox=sandbox, title="T", body="B", budget=17)
    system, task = model.requests[0]
    assert "strict budget of 17 steps" in system.content
    assert "cut off" in system.content
    assert task.content.endswith("[Step: 0/17]")


def test_paths_that_do_not_exist_are_named_and_left_out(
    sandbox: FolderSandbox,
) -> None:
    model = ScriptedModel(
        [
            _say(("propose_files", {"files": ["orders.py", "./shop/prices.py"]})),
            _say(("propose_files", {"files": ["nowhere.py"]})),
            _say(("submit", {})),
        ]
    )
    rollout = attempt(model=model, sandbox=sandbox, title="T", body="", budget=9)
    assert rollout.predicted_files == ("shop/prices.py",)
    assert rollout.failed_calls == 1
    assert "orders.py (similar: shop/orders.py)" in model.requests[1][-1].content


def test_files_made_by_the_agent_are_no_answer(sandbox: FolderSandbox) -> None:
    model = ScriptedModel(
        [
            _say(("run_command", {"command": "touch new.py"})),
            _say(("submit", {"files": ["new.py", "README.md"]})),
        ]
    )
    rollout = attempt(model=model, sandbox=sandbox, title="T", body="", budget=9)
    assert rollout.predicted_files == ("README.md",)


def test_submitting_nothing_is_refused(sandbox: FolderSandbox) -> None:
    model = ScriptedModel([_say(("submit", {}))])
    rollout = attempt(model=model, sandbox=sandbox, title="T", body="", budget=1)
    assert rollout.stop == "budget"
    assert rollout.predicted_files == ()


def test_in_edit_mode_the_changed_files_are_the_answer(sandbox: FolderSandbox) -> None:
    model = ScriptedModel(
        [
            _say(
                (
                    "edit_file",
                    {
                        "path": "shop/prices.py",
                        "old_text": "sum(items)",
                        "new_text": "round(sum(items), 2)",
                    },
                ),
                (
                    "edit_file",
                    {"path": "shop/new.py", "old_text": "", "new_text": "x = 1\n"},
                ),
            ),
            _say(("run_command", {"command": "echo more >> README.md"})),
            _say(("submit", {})),
        ]
    )
    rollout = attempt(
        model=model, sandbox=sandbox, title="T", body="", budget=5, mode="edit"
    )
    assert rollout.predicted_files == ("README.md", "shop/prices.py")
    assert rollout.stop == "submitted"
    assert b"round(sum(items), 2)" in sandbox.read("shop/prices.py")


def test_the_tools_are_those_of_the_mode(sandbox: FolderSandbox) -> None:
    seen = []
    for mode in ("predict", "edit"):
        model = ScriptedModel([Reply("")])
        attempt(
            model=model,
            sandbox=sandbox,
            title="T",
            body="",
            budget=1,
            mode=mode,
            on_event=lambda event: seen.append(event.data.get("tools")),
        )
    predict, edit = [set(tools) for tools in seen if tools]  # type: ignore[arg-type]
    assert predict - edit == {"propose_files"}
    assert edit - predict == {"edit_file"}


def test_the_arms_differ_in_what_the_task_carries(sandbox: FolderSandbox) -> None:
    learned = LearnedContext(
        "prices are in shop/prices.py",
        "shop/shop",
        "0" * 40,
        (7,),
        "m",
        "h",
        Usage(),
        0,
    )
    tasks = []
    for context, related in ((None, ()), (learned, ()), (None, (_pull(),))):
        model = ScriptedModel([Reply("")])
        attempt(
            model=model,
            sandbox=sandbox,
            title="Sell gift cards",
            body="",
            budget=1,
            learned_context=context,
            related=related,
        )
        tasks.append("".join(m.content for m in model.requests[0]))
    bare, with_context, with_related = tasks
    assert "Sell gift cards" in bare
    assert "Round prices" not in bare
    assert "prices are in shop/prices.py" in with_context
    assert "Pull request #7" in with_related
    assert "modified shop/prices.py" in with_related
    assert "@@ -1 +1 @@" in with_related


def test_a_budget_of_no_steps_is_refused(sandbox: FolderSandbox) -> None:
    with pytest.raises(ValueError, match="budget of 0 steps"):
        attempt(model=ScriptedModel([]), sandbox=sandbox, title="T", body="", budget=0)


def test_what_was_learned_stands_before_the_task(sandbox: FolderSandbox) -> None:
    """Providers keep a common beginning: the same for all tasks at one commit."""
    learned = LearnedContext("notes", "shop/shop", "0" * 40, (), "m", "h", Usage(), 0)
    prompts = []
    for title in ("Sell gift cards", "Round prices"):
        model = ScriptedModel([Reply("")])
        attempt(
            model=model,
            sandbox=sandbox,
            title=title,
            body="",
            budget=1,
            learned_context=learned,
        )
        prompts.append(model.requests[0])
    assert prompts[0][0] == prompts[1][0]
    assert prompts[0][0].role == "system"
    assert "notes" in prompts[0][0].content
