from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from agent.localizer.localizer import Localizer
from agent.localizer.track_record import TrackRecord, add_own, remember

_NOBODY = (np.zeros(0, np.int64), np.zeros(0))


def _record(localizer: Localizer, edited: Sequence[str], changes: range) -> TrackRecord:
    """Nothing was expected much, and some files were edited all the same."""
    examples = []
    for change in changes:
        at = localizer.index.snapshot(change)
        paths = [localizer.index.paths[one] for one in at.path[at.candidates]]
        hits = np.array([path in edited for path in paths], np.bool_)
        expected = np.full(len(paths), 0.05)
        examples.append(remember(localizer.index, at, expected, hits))
    return TrackRecord(examples)


def _own(
    localizer: Localizer,
    record: TrackRecord,
    change: int,
    near: tuple[NDArray[np.int64], NDArray[np.float64]] = _NOBODY,
) -> dict[str, dict[str, float]]:
    at = localizer.index.snapshot(change)
    signals: dict[str, NDArray[np.float64]] = {}
    add_own(localizer.index, at, record, near, signals)
    paths = [localizer.index.paths[one] for one in at.path[at.candidates]]
    return {
        name: dict(zip(paths, column.tolist(), strict=True))
        for name, column in signals.items()
    }


def test_what_was_edited_unexpectedly_is_expected_more(
    shop_localizer: Localizer,
) -> None:
    record = _record(shop_localizer, ["shop/client.py"], range(20, 40))
    own = _own(shop_localizer, record, 40)
    for name in ("own.file_20", "own.file_100"):
        assert own[name]["shop/client.py"] > 0.5
        assert own[name]["shop/router.py"] < 0
    assert own["own.kind"]["shop/router.py"] > own["own.kind"]["tests/test_router.py"]
    assert own["own.count"]["README.md"] == pytest.approx(np.log1p(20))


def test_what_is_not_older_is_not_read(shop_localizer: Localizer) -> None:
    record = _record(shop_localizer, ["shop/client.py"], range(20, 40))
    later = _own(shop_localizer, record, 20)
    nothing = _own(shop_localizer, TrackRecord(), 20)
    assert later == nothing
    assert set(nothing["own.file_20"].values()) == {0.0}


def test_examples_like_the_question_speak_apart(shop_localizer: Localizer) -> None:
    examples = [
        *_record(shop_localizer, ["shop/client.py"], range(30, 31)).examples,
        *_record(shop_localizer, ["shop/cache.py"], range(31, 32)).examples,
    ]
    near = np.array([31, 5]), np.array([1.0, 0.5])
    own = _own(shop_localizer, TrackRecord(examples), 40, near)["own.near"]
    assert own["shop/cache.py"] > 0.5
    assert own["shop/client.py"] < 0
