import numpy as np
import pytest
from numpy.typing import NDArray

from agent.localizer.logistic import Coefficients


def _data() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    generator = np.random.default_rng(7)
    rows = generator.normal(size=(4_000, 2))
    chance = 1 / (1 + np.exp(-(2 * rows[:, 0] - 1 * rows[:, 1] - 0.5)))
    return rows, (generator.random(len(rows)) < chance).astype(np.float64)


def _plain(weight: float) -> Coefficients:
    names = ("a", "b")
    return Coefficients(names, np.zeros(2), np.ones(2), np.array([weight, 0.0]), 0.0)


def test_a_record_gives_the_same_probabilities() -> None:
    rows, _ = _data()
    model = _plain(1.25)
    again = Coefficients.from_record(model.as_record())
    names = ["a", "b"]
    np.testing.assert_allclose(
        again.probabilities(names, rows), model.probabilities(names, rows)
    )


def test_other_features_are_refused() -> None:
    with pytest.raises(ValueError, match="train it again"):
        _plain(1.0).probabilities(["b", "a"], np.zeros((1, 2)))
