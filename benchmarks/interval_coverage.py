"""How often the intervals hold a known truth: the table of docs/statistics.md.

    python benchmarks/interval_coverage.py            6,000 samples, some minutes
    python benchmarks/interval_coverage.py 1000       sooner, and less sure

Each line draws samples of a population whose mean, saving or area is known, and counts
the samples whose 95% interval holds it. The gate repeats the most important lines with
1,000 samples (tests/swe_features/statistics/test_intervals.py).
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from agent.usage import Usage
from swe_features.statistics.areas import compare_areas
from swe_features.statistics.curves import Contest, mean_gap
from swe_features.statistics.intervals import Estimate, Statistic, estimate
from swe_features.statistics.observations import Observation
from swe_features.statistics.resampling import Design, FloatArray, Unit
from swe_features.statistics.savings import save_at_equal_f1
from swe_features.statistics.significance import sign_flip_test

SAMPLES = 6_000
OF_CURVES = 1_000
"""Samples of curves; they take longer."""
DRAWS = 999
F1_LIKE = np.array([0, 0, 0, 1 / 3, 0.4, 0.5, 4 / 7, 2 / 3, 0.8, 1])
MOSTLY_0 = np.array([0, 0, 0, 0, 0, 0, 0, 0.4, 0.5, 1])
LOG_MEAN = float(np.exp(0.5))
TOKENS = (100, 200, 400)
F1 = {"test-time": (0.3, 0.5, 0.6), "sleep-time": (0.45, 0.6, 0.7)}
BUDGETS = (2, 4, 8)
SAVING = 1.5
"""The second budget's 0.5 costs 200; the other reaches it a third of the way to 200."""


def main() -> None:
    """Simulate, and print a line for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("samples", type=int, nargs="?", default=SAMPLES)
    count = parser.parse_args().samples
    print("| what | units | percentile | BCa |\n| --- | --- | --- | --- |")
    for what, units, estimates, truth in cases(count):
        held = np.mean([holds(each, truth) for each in estimates], axis=0)
        print(f"| {what} | {units} | {100 * held[0]:.1f} | {100 * held[1]:.1f} |")
    for units in (10, 18, 33):
        print(f"p < 0.05 with {units} units and no difference: {alarms(count, units)}")
    for what, inside in (("repositories", 4), ("instances, one by one", 1)):
        print(f"p < 0.05 with 20 alike {what}: {alarms_of_alike(count, inside)}")


def cases(count: int) -> Iterator[tuple[str, int, Iterator[Estimate], float]]:
    """Each line of the table: what, units, its estimates, and the truth."""
    random = np.random.default_rng(7)
    for units in (6, 10, 18, 33):
        drawn = random.choice(F1_LIKE, (count, units))
        yield "scores like F1", units, means(drawn, one_repo(units)), F1_LIKE.mean()
    for units in (18, 33):
        drawn = random.choice(MOSTLY_0, (count, units))
        yield "mostly 0", units, means(drawn, one_repo(units)), MOSTLY_0.mean()
    for units in (18, 33):
        drawn = random.lognormal(0, 1, (count, units))
        yield "tokens, skewed", units, means(drawn, one_repo(units)), LOG_MEAN
    for units in (6, 10, 20):
        drawn = alike(random, count, units)
        yield "4 alike in each repository", units, means(drawn, by_repo(units)), 0.0
    drawn = alike(random, count, 20)
    yield "the same, instances drawn", 80, means(drawn, one_repo(80)), 0.0
    halves = design(["a"] * 17 + ["b"] * 16, "instance")
    shift = np.repeat([0.0, 0.2], [17, 16])
    drawn = random.choice(F1_LIKE, (count, 33)) + shift
    truth = F1_LIKE.mean() + shift.mean()
    yield "two repositories", 33, means(drawn, halves), truth
    for units in (18, 33):
        contests = [contest(random, units) for _ in range(min(count, OF_CURVES))]
        yield "saving at equal F1", units, map(saving, contests), SAVING
        yield "area between curves", units, map(area, contests), true_area()


def holds(found: Estimate, truth: float) -> tuple[bool, bool]:
    """Whether each of the two intervals holds the truth; none holds nothing."""
    both = (found.percentile, found.bca)
    return tuple(each is not None and truth in each for each in both)  # type: ignore[return-value]


def means(samples: FloatArray, how: Design) -> Iterator[Estimate]:
    """The mean of each sample."""
    for number, sample in enumerate(samples):
        by_unit = sample.reshape(how.units, -1).mean(axis=1)
        yield estimate(mean_of(by_unit), how, draws=DRAWS, seed=number)


def mean_of(values: FloatArray) -> Statistic:
    """The mean of values of units, by their weights."""

    def statistic(weights: FloatArray) -> FloatArray:
        found: FloatArray = weights @ values / weights.sum(axis=1)
        return found

    return statistic


def design(repos: Sequence[str], unit: Unit) -> Design:
    """Instances of these repositories."""
    return Design(tuple(f"i{n:03}" for n in range(len(repos))), tuple(repos), unit)


def one_repo(instances: int) -> Design:
    """Instances of one repository."""
    return design(["a"] * instances, "instance")


def by_repo(repos: int) -> Design:
    """Repositories of four instances each."""
    return design([f"r{n // 4:02}" for n in range(4 * repos)], "repository")


def alike(random: np.random.Generator, count: int, repos: int) -> FloatArray:
    """Scores around 0, half of whose variance is of the repository."""
    shared = random.normal(0, 1, (count, repos)).repeat(4, axis=1)
    found: FloatArray = shared + random.normal(0, 1, (count, 4 * repos))
    return found


def contest(random: np.random.Generator, instances: int) -> Contest:
    """Two arms at three budgets; what is hard for one is hard for the other."""
    hardness = random.normal(0, 0.15, instances)
    cells = [
        observe(f"a__b-{n}", arm, budget, tokens, mean + hardness[n], random)
        for arm, expected in F1.items()
        for budget, tokens, mean in zip(BUDGETS, TOKENS, expected, strict=True)
        for n in range(instances)
    ]
    return Contest(cells, "test-time", "sleep-time")


def observe(  # noqa: PLR0913, PLR0917  # a cell, and what it is drawn around
    instance: str,
    arm: str,
    budget: int,
    tokens: int,
    f1: float,
    random: np.random.Generator,
) -> Observation:
    """A cell: F1 and tokens vary around their means."""
    spent = tokens * random.gamma(9.0, 1 / 9)
    seen = Observation(instance, arm, budget, 0, is_scored=True)
    score = f1 + random.uniform(-0.2, 0.2)
    return replace(seen, f1=score, test_tokens=Usage(completion_tokens=round(spent)))


def saving(drawn: Contest) -> Estimate:
    """At the baseline's second budget."""
    return save_at_equal_f1(drawn)[1].ratio


def area(drawn: Contest) -> Estimate:
    """Between both curves."""
    found = compare_areas(drawn)
    assert found is not None
    return found.difference


def true_area() -> float:
    """Of the curves through the true means."""
    base, other = (
        (np.array([TOKENS], dtype=float), np.array([f1])) for f1 in F1.values()
    )
    return float(mean_gap(base, other)[0])


def alarms(count: int, units: int) -> str:
    """Share of samples without a difference that the sign-flip test takes for one."""
    random = np.random.default_rng(7)
    draw: Callable[[], FloatArray] = lambda: random.choice(F1_LIKE, units)  # noqa: E731
    found = [sign_flip_test(draw() - draw()).p < 0.05 for _ in range(count // 6)]  # noqa: PLR2004
    return f"{100 * np.mean(found):.1f}%"


def alarms_of_alike(count: int, inside: int) -> str:
    """The same, of 20 repositories of four instances; `inside` share a sign."""
    drawn = alike(np.random.default_rng(7), count // 6, 20)
    sums = drawn.reshape(len(drawn), -1, inside).sum(axis=2)
    return f"{100 * np.mean([sign_flip_test(each).p < 0.05 for each in sums]):.1f}%"  # noqa: PLR2004


if __name__ == "__main__":
    main()
