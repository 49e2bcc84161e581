"""Gain by how predictable the query was, with the n-gram estimate built anew."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.stats import rankdata

from tests.swe_features.report.recount.differences import compared_budgets, pairs_at
from tests.swe_features.report.recount.draws import Floats, Numbers, Picks, Sample, put
from tests.swe_features.report.recount.rows import SLEEPERS, Row, Run

__all__ = ["recount_foresight"]

BINS = 5
SHUFFLES = 10_000


def recount_foresight(run: Run) -> Numbers:
    """All under `predictability` of each arm that sleeps."""
    numbers: Numbers = {}
    foreseen = _foreseen(run.plan)
    for arm in run.arms:
        is_duel = arm.startswith(SLEEPERS) and arm != run.baseline
        if is_duel and run.takes_steps(arm):
            for budget in compared_budgets(run, run.baseline, arm):
                place = (
                    f"analyses/sleepers[{run.baseline},{arm}]/predictability[{budget}]"
                )
                pairs, _ = pairs_at(run, run.baseline, arm, budget)
                found = _binned(place, pairs, foreseen)
                numbers |= {f"{place}/budget": budget, **found} if found else {}
    return numbers


def _binned(
    place: str, pairs: list[tuple[Row, Row]], foreseen: dict[str, float]
) -> Numbers:
    pairs = [pair for pair in pairs if pair[0].instance in foreseen]
    names = sorted({a.instance for a, _ in pairs}, key=lambda n: (foreseen[n], n))
    if len(names) < BINS:
        return {}
    numbers: Numbers = {}
    size, larger = divmod(len(names), BINS)
    start = 0
    for number in range(BINS):
        end = start + size + (number < larger)
        inside = names[start:end]
        own = [pair for pair in pairs if pair[0].instance in inside]
        numbers |= _bin(f"{place}/bins/{number}", own, [foreseen[n] for n in inside])
        start = end
    return numbers | _trend(place, pairs, foreseen)


def _bin(place: str, pairs: list[tuple[Row, Row]], foreseen: list[float]) -> Numbers:
    sample = Sample(a for a, _ in pairs)
    base, other = (
        sample.mean([pair[side] for pair in pairs], lambda row: row.scores["f1"])
        for side in (0, 1)
    )
    numbers: Numbers = {
        f"{place}/instances": len(foreseen),
        f"{place}/least": foreseen[0],
        f"{place}/most": foreseen[-1],
        f"{place}/baseline_f1": float(base(sample.everyone)[0]),
        f"{place}/other_f1": float(other(sample.everyone)[0]),
    }
    put(numbers, f"{place}/gain", lambda picks: other(picks) - base(picks), sample)
    return numbers


def _trend(
    place: str, pairs: list[tuple[Row, Row]], foreseen: dict[str, float]
) -> Numbers:
    sample = Sample(a for a, _ in pairs)
    gains: dict[str, list[float]] = defaultdict(list)
    for a, b in pairs:
        gains[a.instance].append(b.scores["f1"] - a.scores["f1"])
    means = [round(float(np.mean(gains[name])), 12) for name in sample.instances]
    x = rankdata([foreseen[name] for name in sample.instances])
    y = rankdata(means)
    members = [
        [n for n, name in enumerate(sample.instances) if sample.unit_of[name] == unit]
        for unit in sample.units
    ]

    def correlation(picks: Picks) -> Floats:
        drawn = ([n for unit in row for n in members[unit]] for row in picks)
        return np.array([_correlate(x[row], y[row]) for row in drawn])

    numbers: Numbers = {}
    put(numbers, f"{place}/trend", correlation, sample)
    known = numbers[f"{place}/trend/value"] is not None
    return numbers | {f"{place}/p": _shuffle(x, y) if known else 1.0}


def _correlate(x: Floats, y: Floats) -> float:
    x, y = x - x.mean(), y - y.mean()
    spread = (x * x).mean() * (y * y).mean()
    return float((x * y).mean() / math.sqrt(spread)) if spread > 1e-9 else math.nan


def _shuffle(x: Floats, y: Floats) -> float:
    rows = np.random.default_rng(0).permuted(np.tile(y, (SHUFFLES, 1)), axis=1)
    centred = x - x.mean()
    sums = abs((rows * centred).sum(axis=1))
    far = int((sums >= abs((y * centred).sum()) - 1e-9).sum())
    return (1 + far) / (1 + SHUFFLES)


def _foreseen(plan: dict[str, Any]) -> dict[str, float]:
    """Log-probability a token of each query that is not empty."""
    texts: dict[str, dict[int, str]] = defaultdict(dict)
    for each in plan["instances"].values():
        for pull in (each["target"], *each["related"]):
            files = "\n".join(file["filename"] for file in pull["changed_files"])
            whole = f"{pull['title']}\n\n{pull['body']}\n\n{files}"
            texts[pull["repo"]][pull["pr_number"]] = whole
    judged = ((n, _judge(each, texts)) for n, each in plan["instances"].items())
    return {name: value for name, value in judged if value is not None}


def _judge(instance: dict[str, Any], texts: dict[str, dict[int, str]]) -> float | None:
    target = instance["target"]
    own = texts[target["repo"]]
    known = {pull["pr_number"] for pull in instance["related"]}
    rest = own.keys() - known - {target["pr_number"]}
    context, background = (
        "\n\n".join(own[number] for number in sorted(numbers))
        for numbers in (known, rest)
    )
    letters = _count(
        letter
        for word in _words(f"{background}\n{context}")
        for letter in (*word, "\n")
    )
    inside, elsewhere = _count(_words(context)), _count(_words(background))
    words = _words(f"{target['title']}\n\n{target['body']}".strip())
    logs = []
    for place, word in enumerate(words):
        alone = _follow(elsewhere, [], word, _spell(letters, word))
        before = words[max(0, place - 2) : place]
        logs.append(math.log(_follow(inside, before, word, alone)))
    return round(sum(logs) / len(logs), 12) if logs else None


def _words(text: str) -> list[str]:
    """Runs of letters and digits, and every other mark by itself."""
    return re.findall(r"[^\W_]+|[^\w\s]|_", text.lower())


Table = dict[tuple[str, ...], Counter[str]]


def _count(tokens: Iterable[str]) -> Table:
    """What followed each history of up to two tokens."""
    table: Table = defaultdict(Counter)
    before: list[str] = []
    for token in tokens:
        for length in range(len(before) + 1):
            table[tuple(before[len(before) - length :])][token] += 1
        before = [*before, token][-2:]
    return table


def _follow(table: Table, before: list[str], token: str, shorter: float) -> float:
    """Witten-Bell, from no history up to both tokens before."""
    for length in range(len(before) + 1):
        followed = table.get(tuple(before[len(before) - length :]))
        if followed:
            kinds, number = len(followed), sum(followed.values())
            shorter = (followed[token] + kinds * shorter) / (number + kinds)
    return shorter


def _spell(letters: Table, word: str) -> float:
    chance, before = 1.0, ["\n"]
    for letter in (*word, "\n"):
        chance *= _follow(letters, before, letter, 1 / 65536)
        before = [*before, letter][-2:]
    return max(chance, 1e-300)
