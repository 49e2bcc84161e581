"""The task really run by Inspect, with its mock model. Needs the extra `inspect`."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("inspect_ai", reason="the extra inspect is not installed")

from inspect_ai import eval as run_task
from inspect_ai.log import EvalLog
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    GenerateConfig,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.tool import ToolCall, ToolInfo

from swe_features.inspect_task import pull_requests
from tests.swe_features.small_experiment import write_suite

# Inspect leaves streams to the garbage collector, and is behind with a library.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The 'initial' parameter:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

Asked = list[tuple[list[ChatMessage], list[ToolInfo]]]


def student(asked: Asked) -> Callable[..., ModelOutput]:
    """Proposes the core file, then submits; asleep, it writes a line and finishes."""

    def reply(
        messages: list[ChatMessage],
        tools: list[ToolInfo],
        choice: object,
        config: GenerateConfig,
    ) -> ModelOutput:
        del choice, config
        asked.append((messages, tools))
        names = {tool.name for tool in tools}
        own = sum(isinstance(message, ChatMessageAssistant) for message in messages)
        arguments: dict[str, Any] = {}  # Any: JSON values
        if "rethink_memory" in names:
            name = "finish_rethinking_memory" if own % 2 else "rethink_memory"
            if not own % 2:
                arguments = {
                    "new_memory": "Look at till/core.py.",
                    "target_block_label": "learned_context",
                    "source_block_label": "learned_context",
                }
        elif own:
            name = "submit"
        else:
            name, arguments = "propose_files", {"files": ["till/core.py"]}
        output = ModelOutput.for_tool_call("mockllm", name, arguments)
        return with_usage(output)

    return reply


def idler(*asked: object) -> ModelOutput:
    """Talks, and calls no tool."""
    del asked
    return with_usage(ModelOutput.from_content("mockllm", "Let me think."))


def with_usage(output: ModelOutput) -> ModelOutput:
    output.usage = ModelUsage(
        input_tokens=80,
        output_tokens=7,
        total_tokens=107,
        input_tokens_cache_read=20,
    )
    return output


@pytest.fixture(autouse=True)
def _leaves_nothing_to_the_next_test() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.setenv("SWE_FEATURES_CACHE", str(tmp_path / "cache"))
    return write_suite(tmp_path)


def run(
    suite: tuple[Path, Path],
    folder: Path,
    reply: Callable[..., ModelOutput],
    **options: Any,  # noqa: ANN401  # options of the task
) -> EvalLog:
    rows, repository = suite
    task = pull_requests(
        str(rows), repository=str(repository), sandbox="subprocess", **options
    )
    model = get_model("mockllm/model", custom_outputs=reply, memoize=False)
    (log,) = run_task(
        task,
        model=model,
        log_dir=str(folder / "logs"),
        display="none",
        log_format="json",
    )
    assert log.status == "success", log.error
    return log


def test_inspect_scores_what_our_scorer_scores(
    suite: tuple[Path, Path], tmp_path: Path
) -> None:
    log = run(suite, tmp_path, student([]), arm="test-time", budget=3)
    assert log.samples is not None
    scores = {
        sample.id: sample.scores["file_scorer"].value
        for sample in log.samples
        if sample.scores
    }
    right = {"f1": 1.0, "precision": 1.0, "recall": 1.0}
    # The second pull request modified two files, and the student names one.
    half = {"f1": pytest.approx(2 / 3), "precision": 1.0, "recall": 0.5}
    assert scores == {
        "shop__till-1": right,
        "shop__till-2": half,
        "shop__till-3": right,
    }
    assert log.results is not None
    means = {score.name: score.metrics["mean"].value for score in log.results.scores}
    assert means["f1"] == pytest.approx((1 + 2 / 3 + 1) / 3)


def test_rollout_and_its_tokens_are_in_the_log(
    suite: tuple[Path, Path], tmp_path: Path
) -> None:
    log = run(suite, tmp_path, student([]), arm="no-context", budget=3)
    assert log.samples is not None
    rollout = log.samples[0].metadata["rollout"]
    assert rollout["usage"]["prompt_tokens"] == 2 * 100
    assert rollout["usage"]["cached_prompt_tokens"] == 2 * 20
    assert rollout["usage"]["completion_tokens"] == 2 * 7
    assert (rollout["steps"], rollout["stop"]) == (2, "submitted")
    (usage,) = log.samples[0].model_usage.values()
    assert usage.output_tokens == 2 * 7


def test_model_is_offered_our_tools_and_sees_their_results(
    suite: tuple[Path, Path], tmp_path: Path
) -> None:
    asked: Asked = []
    run(suite, tmp_path, student(asked), arm="no-context", budget=3)
    messages, tools = asked[-1]
    propose = next(tool for tool in tools if tool.name == "propose_files")
    assert propose.parameters.required == ["files"]
    assert propose.parameters.properties["files"].type == "array"
    last = messages[-1]
    assert isinstance(last, ChatMessageTool)
    assert last.text.endswith("[Step: 1/3]")
    answered = messages[-2]
    assert isinstance(answered, ChatMessageAssistant)
    assert isinstance((answered.tool_calls or [])[0], ToolCall)


def test_arm_that_sleeps_learns_before_it_is_asked(
    suite: tuple[Path, Path], tmp_path: Path
) -> None:
    asked: Asked = []
    run(suite, tmp_path, student(asked), arm="sleep-time", budget=3, seeds=2)
    asleep = [m for m, tools in asked if any(t.name == "rethink_memory" for t in tools)]
    assert asleep
    awake = [
        messages
        for messages, tools in asked
        if any(t.name == "propose_files" for t in tools)
        and "Look at till/core.py." in messages[0].text
    ]
    # Three instances, two seeds, two replies each.
    assert len(awake) == 3 * 2 * 2


@pytest.mark.parametrize(
    ("arm", "localizer", "is_offered"),
    [
        ("sleep-time", True, True),
        ("sleep-time", False, False),
        ("sleep-text", True, False),
        ("random-context", True, False),
    ],
)
def test_arm_has_the_index_that_it_has_in_a_run_of_ours(
    suite: tuple[Path, Path],
    tmp_path: Path,
    arm: str,
    localizer: bool,  # noqa: FBT001  # one of two
    is_offered: bool,  # noqa: FBT001  # one of two
) -> None:
    rows, repository = suite
    config = tmp_path / "experiment.yaml"
    config.write_text(f"suite: {rows}\nlocalizer: {str(localizer).lower()}\n")
    asked: Asked = []
    run((config, repository), tmp_path, student(asked), arm=arm, budget=3)
    offered = {
        any(tool.name == "likely_files" for tool in tools)
        for _, tools in asked
        if any(tool.name == "propose_files" for tool in tools)
    }
    assert offered == {is_offered}


def test_score_of_the_oracle_is_one(suite: tuple[Path, Path], tmp_path: Path) -> None:
    asked: Asked = []
    log = run(suite, tmp_path, student(asked), arm="oracle")
    assert asked == []
    assert log.results is not None
    assert {s.metrics["mean"].value for s in log.results.scores} == {1.0}


def test_reply_that_is_no_tool_call_costs_a_step_and_is_scored(
    suite: tuple[Path, Path], tmp_path: Path
) -> None:
    log = run(suite, tmp_path, idler, arm="test-time", budget=2)
    assert log.samples is not None
    assert all(s.metadata["rollout"]["steps"] == 2 for s in log.samples)
    assert all(
        s.scores["file_scorer"].value == {"f1": 0.0, "precision": 0.0, "recall": 0.0}
        for s in log.samples
        if s.scores
    )
