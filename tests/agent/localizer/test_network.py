import numpy as np
import pytest
from numpy.typing import NDArray

from agent.localizer.network import Network
from benchmarks.localizer_network import teach

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
    return teach(_NAMES, rows, labels, np.ones(len(rows), np.float32))


def test_units_learn_what_features_say_only_together(taught: Network) -> None:
    rows, labels = _crossed()
    chance = taught.probabilities(_NAMES, rows.astype(np.float64))
    assert ((chance > 0.5) == (labels > 0)).mean() > 0.9


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


def test_caution_decides_how_far_a_refit_moves(taught: Network) -> None:
    rows = _crossed()[0].astype(np.float64)
    labels = (rows[:, 0] > 0).astype(np.float64)
    ones = np.ones(len(rows))
    bold, shy = (taught.refit(rows, labels, ones, c) for c in (0.1, 1e7))
    right = [
        ((one.probabilities(_NAMES, rows) > 0.5) == (labels > 0)).mean()
        for one in (bold, shy)
    ]
    assert right[0] > 0.95
    assert right[1] < 0.6


def test_other_features_are_refused(taught: Network) -> None:
    with pytest.raises(ValueError, match="train it again"):
        taught.probabilities(["b", "a", "same"], np.zeros((1, 3)))
