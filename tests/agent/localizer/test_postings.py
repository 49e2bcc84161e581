import numpy as np

from agent.localizer.postings import Postings, group_entries, merge_postings


def _random(places: range, seed: int, terms: int = 9) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    count = 200
    return [
        generator.integers(0, terms, count),
        generator.integers(places.start, places.stop, count),
        generator.integers(0, 5, count),
        generator.integers(0, 5, count),
    ]


def _grouped(columns: list[np.ndarray], terms: int = 9) -> Postings:
    term, place, plus, minus = columns
    return group_entries(term, place, plus, minus, terms)


def test_gathering_adds_up_what_was_written() -> None:
    term, place, plus, minus = _random(range(50), 1)
    found = _grouped([term, place, plus, minus]).gather([3, 100, 5], before=20)
    for row, wanted in ((0, 3), (2, 5)):
        chosen = (term == wanted) & (place < 20)
        assert found.plus[found.row == row].sum() == plus[chosen].sum()
        assert found.minus[found.row == row].sum() == minus[chosen].sum()
    assert not (found.row == 1).any()
    assert (found.place < 20).all()


def test_merging_equals_grouping_all_at_once() -> None:
    old, new = _random(range(50), 2, terms=6), _random(range(50, 90), 3)
    merged = merge_postings(_grouped(old, 6), _grouped(new))
    whole = _grouped([np.concatenate(both) for both in zip(old, new, strict=True)])
    for name in ("starts", "place", "plus", "minus"):
        np.testing.assert_array_equal(getattr(merged, name), getattr(whole, name))


def test_nothing_can_be_grouped_merged_and_asked() -> None:
    none = np.zeros(0, np.int64)
    empty = group_entries(none, none, none, none, 4)
    assert len(merge_postings(empty, empty).gather([1], 9).row) == 0
    whole = _grouped(_random(range(5), 4))
    np.testing.assert_array_equal(merge_postings(empty, whole).place, whole.place)


def test_by_place_turns_the_index_round() -> None:
    term, place, *_ = columns = _random(range(30), 5)
    starts, terms = _grouped(columns).by_place(30)
    for one in range(30):
        found = set(terms[starts[one] : starts[one + 1]].tolist())
        assert found == set(term[place == one].tolist())
