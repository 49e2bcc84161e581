import numpy as np
import pytest

from agent.localizer.learning import Past, read_past
from agent.localizer.practice import (
    Practice,
    as_arrays,
    from_arrays,
    practise,
)
from agent.localizer.prior import shipped_prior
from tests.agent.localizer.pasts import shop


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    folder = tmp_path_factory.mktemp("practice") / "repository"
    return read_past(shop(folder, rounds=12).write())


@pytest.fixture(scope="module")
def practice(past: Past) -> Practice:
    return practise(past.index, past.changes, shipped_prior())


def test_practising_in_two_steps_equals_one(past: Past, practice: Practice) -> None:
    half = len(past.changes) // 2
    first = Practice(
        type(practice.record)(
            [one for one in practice.record.examples if one.change < half]
        ),
        [one for one in practice.rows if one.change < half],
    )
    grown = practise(past.index, past.changes[half:], shipped_prior(), known=first)
    for name, array in as_arrays(practice).items():
        np.testing.assert_array_equal(as_arrays(grown)[name], array)


def test_arrays_say_all_that_a_practice_says(practice: Practice) -> None:
    arrays = as_arrays(practice)
    again = as_arrays(from_arrays(arrays.__getitem__))
    for name, array in arrays.items():
        np.testing.assert_array_equal(again[name], array)


def test_a_past_without_examples_is_an_empty_practice(
    past: Past, practice: Practice
) -> None:
    empty = practise(past.index, [], shipped_prior())
    assert empty.rows == ()
    assert from_arrays(as_arrays(empty).__getitem__) == empty
    assert empty.fitted(shipped_prior()) is shipped_prior()
    assert len(practice.rows) > 40


def test_only_what_is_older_is_fitted_to(practice: Practice) -> None:
    prior = shipped_prior()
    border = practice.rows[30].change
    older = Practice(practice.record, practice.rows[:30])
    np.testing.assert_array_equal(
        practice.fitted(prior, before=border).second.weight,
        older.fitted(prior).second.weight,
    )
    assert practice.fitted(prior, before=practice.rows[19].change) is prior
    assert practice.fitted(prior).second.names == prior.second.names


def test_what_is_practised_becomes_more_surprising_to_miss(
    past: Past, practice: Practice
) -> None:
    """Every change of the shop edits its changelog, which the shipped weights doubt."""
    prior = shipped_prior()
    fitted = practice.fitted(prior)
    rows = np.concatenate([one.rows for one in practice.rows]).astype(np.float64)
    labels = np.concatenate([one.labels for one in practice.rows])
    before, after = (
        one.second.probabilities(prior.second.names, rows) for one in (prior, fitted)
    )
    assert after[labels].mean() > before[labels].mean()
    assert after[~labels].mean() < before[~labels].mean()


def test_practice_can_begin_at_a_change(past: Past) -> None:
    late = practise(past.index, past.changes, shipped_prior(), first=60)
    assert min(one.change for one in late.rows) >= 60
