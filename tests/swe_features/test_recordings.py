from pathlib import Path

import pytest

from swe_features.recordings import read_recording

EVENT = b'{"at_s": 1.0, "kind": "stop", "data": {"reason": "submitted"}}\n'


def test_whole_trajectory_has_its_events(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(EVENT * 2)
    found = read_recording(path)
    assert [event["kind"] for event in found.events] == ["stop", "stop"]
    assert found.problem is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (EVENT + b"{]\n" + EVENT, "line 2 is no JSON"),
        (EVENT + EVENT[:20], "its last line is torn"),
        (EVENT + b"\xff\xfe\n", "line 2 is no JSON"),
        (EVENT + b"\0" * 40 + b"\n", "line 2 is no JSON"),
        (EVENT + b"[1]\n", "line 2 is no event"),
        (b'{"kind": "stop", "data": null}\n', "line 1 is no event"),
        (b'{"kind": "stop", "data": {}, "at_s": "noon"}\n', "line 1 is no event"),
        (b'{"kind": "stop", "data": {"step": "x"}}\n', "line 1 is no event"),
        (b'{"kind": "reply", "data": {"usage": "x"}}\n', "line 1 is no event"),
        (b'{"kind": "reply", "data": {"usage": {"a": "x"}}}\n', "line 1 is no event"),
        (b'{"kind": "proposal", "data": {"files": 3}}\n', "line 1 is no event"),
        (b"[" * 100_000 + b"\n", "line 1 is no JSON"),
    ],
)
def test_damaged_trajectory_is_left_out_as_a_whole(
    content: bytes, problem: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    found = read_recording(path)
    assert (found.events, found.problem) == ((), problem)


def test_missing_trajectory_is_told(tmp_path: Path) -> None:
    assert read_recording(tmp_path / "a.jsonl").problem == "its file is missing"


def test_folder_in_its_place_is_told(tmp_path: Path) -> None:
    assert "cannot be read" in str(read_recording(tmp_path).problem)
