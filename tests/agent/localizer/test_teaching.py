import numpy as np
import pytest
from numpy.typing import NDArray

from agent.localizer.network import Network
from agent.localizer.teaching import Course, teach, teach_further

_NAMES = ("a", "b", "same")


def _crossed() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Labels that hang on two features together, and on neither alone."""
    generator = np.random.default_rng(3)
    rows = generator.normal(size=(20_000, 3)).astype(np.float32)
    rows[:, 2] = 5.0
    return rows, (rows[:, 0] * rows[:, 1] > 0).astype(np.float32)


@pytest.fixture(scope="module")
def taught() -> Network:
    rows, labels = _crossed()
    long = Course(rounds=24, batch=2_048, rate=2e-3, warm_up=100)
    ones = np.ones(len(rows), np.float32)
    return teach(_NAMES, rows, labels, ones, course=long)


def _right(network: Network, rows: NDArray[np.float32], truth: object) -> float:
    chance = network.probabilities(_NAMES, rows.astype(np.float64))
    return float(((chance > 0.5) == truth).mean())


def test_units_learn_what_features_say_only_together(taught: Network) -> None:
    rows, labels = _crossed()
    assert _right(taught, rows, labels > 0) > 0.9


def test_a_feature_that_never_differed_says_nothing_once_it_does(
    taught: Network,
) -> None:
    rows = np.array([[1.0, 1.0, 5.0], [1.0, 1.0, 9.0]])
    usual, strange = taught.probabilities(_NAMES, rows)
    assert usual == strange


def test_a_record_gives_nearly_the_same_probabilities(taught: Network) -> None:
    rows = _crossed()[0][:100].astype(np.float64)
    again = Network.from_record(taught.as_record())
    np.testing.assert_allclose(
        again.probabilities(_NAMES, rows), taught.probabilities(_NAMES, rows), atol=0.01
    )


def test_further_examples_move_a_network_as_far_as_the_course_goes(
    taught: Network,
) -> None:
    rows = _crossed()[0]
    labels = (rows[:, 0] > 0).astype(np.float32)
    ones = np.ones(len(rows), np.float32)
    bold, shy = (
        teach_further(
            taught, rows, labels, ones, course=Course(rounds=8, batch=512, rate=rate)
        )
        for rate in (1e-2, 1e-6)
    )
    assert _right(bold, rows, labels > 0) > 0.9
    assert _right(shy, rows, labels > 0) < 0.6


def test_the_network_that_is_taught_further_stays_as_it_was(taught: Network) -> None:
    rows = _crossed()[0][:600]
    before = taught.probabilities(_NAMES, rows.astype(np.float64))
    ones = np.ones(len(rows), np.float32)
    further = teach_further(taught, rows, ones, ones)
    after = taught.probabilities(_NAMES, rows.astype(np.float64))
    np.testing.assert_array_equal(before, after)
    moved = further.probabilities(_NAMES, rows.astype(np.float64))
    assert moved.mean() > before.mean()


def test_the_same_seed_teaches_the_same(taught: Network) -> None:
    rows, labels = _crossed()
    ones = np.ones(1_000, np.float32)
    once, twice = (
        teach_further(taught, rows[:1_000], labels[:1_000], ones) for _ in range(2)
    )
    np.testing.assert_array_equal(once.weight, twice.weight)


def test_a_handful_of_rows_is_one_batch(taught: Network) -> None:
    rows, labels = _crossed()
    further = teach_further(taught, rows[:3], labels[:3], np.ones(3, np.float32))
    assert np.isfinite(further.weight).all()
    assert (further.weight != taught.weight).any()


def test_other_features_are_refused(taught: Network) -> None:
    with pytest.raises(ValueError, match="train it again"):
        taught.probabilities(["b", "a", "same"], np.zeros((1, 3)))
