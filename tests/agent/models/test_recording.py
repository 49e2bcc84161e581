"""What was asked of a model once can be asked again without it."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.errors import ContextOverflowError, ModelError, ModelSetupError
from agent.messages import Message, ToolCall, ToolSpec
from agent.model import Model, Reply
from agent.models.loading import load_model
from agent.models.recording import RecordingModel, ReplayModel, conversation
from agent.models.scripted_model import ScriptedModel
from agent.usage import Usage
from tests.agent.chat_server import ChatServer, Status

TOOLS = (ToolSpec("search", "Search.", {"type": "object"}),)
TASK = (Message("system", "You work."), Message("user", "Find it."))
FIRST = Reply(
    "I look.",
    (ToolCall("1", "search", {"query": "ä"}), ToolCall("2", "x", {}, "{broken")),
    usage=Usage(100, 60, 20, 7, 1, 0),
    finish_reason="tool_calls",
    reasoning="So.",
    billed_usd=0.01,
    duration_s=1.5,
    waited_s=0.25,
    attempts=2,
    provider_fields={"thinking_blocks": [{"signature": "s"}]},
)
SECOND = Reply("Done.", usage=Usage(200, 100, 5, 0, 1, 0))


def talk(model: Model) -> list[Reply]:
    first = model.complete(TASK, TOOLS)
    grown = (*TASK, first.as_message(), Message("tool", "found", tool_call_id="1"))
    return [first, model.complete(grown, TOOLS)]


def test_a_replay_gives_the_same_replies(tmp_path: Path) -> None:
    with conversation("cell 1"):
        recorded = talk(RecordingModel(ScriptedModel([FIRST, SECOND]), tmp_path))
    with conversation("cell 1"):
        replayed = talk(ReplayModel("scripted", tmp_path))

    assert recorded == [FIRST, SECOND]
    assert replayed == recorded


def test_the_same_request_of_two_attempts_is_told_apart(tmp_path: Path) -> None:
    recording = RecordingModel(ScriptedModel([Reply("a"), Reply("b")]), tmp_path)
    for name in ("seed 0", "seed 1"):
        with conversation(name):
            recording.complete(TASK, TOOLS)
    replay = ReplayModel("scripted", tmp_path)
    answers = []
    for name in ("seed 1", "seed 0"):
        with conversation(name):
            answers.append(replay.complete(TASK, TOOLS).content)

    assert answers == ["b", "a"]


def test_the_same_request_again_is_answered_in_its_order(tmp_path: Path) -> None:
    with conversation("cell"):
        recording = RecordingModel(ScriptedModel([Reply("a"), Reply("b")]), tmp_path)
        recording.complete(TASK, TOOLS)
        recording.complete(TASK, TOOLS)
    replay = ReplayModel("scripted", tmp_path)
    with conversation("cell"):
        assert replay.complete(TASK, TOOLS).content == "a"
        assert replay.complete(TASK, TOOLS).content == "b"


def test_an_error_is_replayed_as_the_same_error(tmp_path: Path) -> None:
    script: Sequence[ModelError] = [ContextOverflowError("too long"), ModelError("no")]
    for make in (
        lambda: RecordingModel(ScriptedModel(script), tmp_path),
        lambda: ReplayModel("scripted", tmp_path),
    ):
        model: Model = make()
        with conversation("cell"):
            with pytest.raises(ContextOverflowError, match="too long"):
                model.complete(TASK, TOOLS)
            with pytest.raises(ModelError, match="no") as caught:
                model.complete(TASK, TOOLS)
        assert type(caught.value) is ModelError


def test_a_request_that_was_never_recorded_stops_the_replay(tmp_path: Path) -> None:
    with conversation("cell"):
        RecordingModel(ScriptedModel([FIRST]), tmp_path).complete(TASK, TOOLS)
    replay = ReplayModel("scripted", tmp_path)

    with (
        conversation("cell"),
        pytest.raises(ModelSetupError, match="not those of the recording"),
    ):
        replay.complete((*TASK, Message("user", "And now?")), TOOLS)


def test_the_latest_attempt_counts_and_earlier_ones_stay(tmp_path: Path) -> None:
    for text in ("old", "new"):
        with conversation("cell"):
            model = RecordingModel(ScriptedModel([Reply(text)]), tmp_path)
            model.complete(TASK, TOOLS)
    with conversation("cell"):
        reply = ReplayModel("scripted", tmp_path).complete(TASK, TOOLS)

    assert reply.content == "new"
    assert len(list(tmp_path.glob("*.jsonl"))) == 2


def test_every_message_is_on_the_disk_once(tmp_path: Path) -> None:
    with conversation("cell"):
        talk(RecordingModel(ScriptedModel([FIRST, SECOND]), tmp_path))

    (path,) = tmp_path.glob("*.jsonl")
    head, *lines = [json.loads(line) for line in path.read_text().splitlines()]
    whose = {"conversation": "cell", "model": "scripted", "context_tokens": None}
    assert head == {"format": 1} | whose
    contents = [message["content"] for line in lines for message in line["messages"]]
    assert contents == ["You work.", "Find it.", "I look.", "found"]


def test_a_recording_cut_in_the_middle_of_a_line_is_read_up_to_it(
    tmp_path: Path,
) -> None:
    with conversation("cell"):
        talk(RecordingModel(ScriptedModel([FIRST, SECOND]), tmp_path))
    (path,) = tmp_path.glob("*.jsonl")
    path.write_bytes(path.read_bytes()[:-20])
    with conversation("cell"):
        reply = ReplayModel("scripted", tmp_path).complete(TASK, TOOLS)

    assert reply == FIRST


def test_no_key_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "planted words of a key")
    said = "it is planted words of a key or sk-proj-0123456789abcdef"
    task = (Message("user", said),)
    with conversation("cell"):
        RecordingModel(ScriptedModel([Reply(said)]), tmp_path).complete(task, ())
    (path,) = tmp_path.glob("*.jsonl")

    assert "planted" not in path.read_text()
    assert "sk-proj" not in path.read_text()

    with conversation("cell"):
        replayed = ReplayModel("scripted", tmp_path).complete(task, ())
    assert replayed.content == "it is [redacted SOME_API_KEY] or [redacted]"


def test_the_key_of_a_loaded_model_is_not_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a prepared experiment knew that the variable holds one."""
    monkeypatch.setenv("TEAM_LLM", "plain-value-of-the-team-7")
    refusal = Status(401, "bad key plain-value-of-the-team-7")
    with ChatServer(refusal) as server:
        model = load_model(
            "openai/m", api_base=server.url, api_key_env="TEAM_LLM", record=tmp_path
        )
        with pytest.raises(ModelSetupError, match=r"\[redacted TEAM_LLM\]"):
            model.complete((Message("user", "Find the file."),), ())

    (path,) = tmp_path.glob("*.jsonl")
    assert "plain-value" not in path.read_text()


def test_models_are_recorded_and_replayed_by_name(tmp_path: Path) -> None:
    model = load_model("hosted_vllm/m", record=tmp_path)
    assert model.name == "hosted_vllm/m"

    with pytest.raises(ModelSetupError, match="nothing to replay"):
        load_model("hosted_vllm/m", replay=tmp_path)


def test_the_window_that_decided_what_was_dropped_is_replayed(tmp_path: Path) -> None:
    model = ScriptedModel([FIRST, SECOND], context_tokens=8_000)
    with conversation("cell"):
        talk(RecordingModel(model, tmp_path))
    replay = ReplayModel("scripted", tmp_path)
    with conversation("cell"):
        assert replay.context_tokens == 8_000
    with conversation("another"):
        assert replay.context_tokens is None
