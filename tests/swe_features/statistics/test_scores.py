import math
from dataclasses import replace

import pytest

from agent.usage import Usage
from swe_features.statistics.observations import Observation
from swe_features.statistics.scores import hit_at, recall_at, score_arms
from tests.swe_features.statistics.tables import arm_cells, cell, untold, with_files


def test_broken_cell_is_0_in_one_denominator_and_absent_from_the_other() -> None:
    (scores,) = score_arms(arm_cells("test-time", {4: (100, [1.0, 0.5, None])}))
    assert scores.all_cells["f1"].value == pytest.approx(0.5)
    assert scores.valid_cells["f1"].value == pytest.approx(0.75)
    assert (scores.cells, scores.scored, scores.broken) == (3, 2, {"model": 1})
    assert any("1 of 3 cells are broken" in doubt for doubt in scores.reading.doubts)


def test_tokens_are_of_scored_cells() -> None:
    (scores,) = score_arms(arm_cells("test-time", {4: (100, [1.0, None])}))
    assert scores.test_tokens["completion_tokens"].value == 100


def test_arm_whose_every_cell_broke_has_no_valid_score() -> None:
    (scores,) = score_arms(arm_cells("test-time", {4: (100, [None, None])}))
    assert scores.all_cells["f1"].value == 0
    assert scores.valid_cells["f1"].value != scores.valid_cells["f1"].value
    assert scores.valid_cells["f1"].percentile is None


def test_seeds_of_an_instance_are_one_unit() -> None:
    cells = [cell(seed=seed, f1=seed / 9) for seed in range(10)]
    (scores,) = score_arms(cells)
    assert scores.instances == 1
    assert scores.all_cells["f1"].value == pytest.approx(0.5)
    assert scores.all_cells["f1"].percentile is None


def test_recall_and_hit_look_at_the_first_predictions_only() -> None:
    seen = with_files(cell(), predicted="xabz", gold="ab")
    assert [recall_at(seen, k) for k in (1, 2, 3, 10)] == [0, 0.5, 1, 1]
    assert [hit_at(seen, k) for k in (1, 2)] == [0, 1]


def test_exact_match_needs_the_very_set() -> None:
    cells = [
        with_files(cell("shop__till-1"), "ab", "ba"),
        with_files(cell("shop__till-2"), "abc", "ab"),
        with_files(cell("shop__till-3", f1=None), "", "ab"),
    ]
    (scores,) = score_arms(cells)
    assert scores.all_cells["exact"].value == pytest.approx(1 / 3)
    assert scores.valid_cells["exact"].value == pytest.approx(1 / 2)


def test_shared_learned_context_counts_once() -> None:
    def slept(number: int, context: str, tokens: int) -> Observation:
        seen = cell(f"shop__till-{number}", "sleep-time", sleep=tokens)
        return type(seen)(
            **{f: getattr(seen, f) for f in seen.__slots__} | {"context": context}
        )

    cells = [slept(1, "one", 100), slept(2, "one", 100), slept(3, "other", 700)]
    (scores,) = score_arms(cells)
    assert scores.contexts == 2
    assert scores.sleep_tokens["completion_tokens"] == 400


def test_several_contexts_of_a_cell_are_counted_each() -> None:
    cells = [
        replace(
            cell("shop__till-1", "sleep-time-k2", seed=seed, sleep=300),
            context=f"both of {seed}",
            contexts=(f"{seed}", f"{seed + 10}"),
        )
        for seed in (0, 0, 1)
    ]
    (scores,) = score_arms(cells)
    assert scores.contexts == 4
    assert scores.sleep_tokens["completion_tokens"] == 300


def test_tokens_that_were_not_told_are_unknown_and_not_0() -> None:
    known = cell("shop__till-1", tokens=100)
    (scores,) = score_arms([known, untold(cell("shop__till-2"))])
    assert scores.test_tokens["completion_tokens"].value == 100
    doubts = " ".join(scores.reading.doubts)
    assert "1 of 2 cells do not tell their tokens" in doubts
    (scores,) = score_arms([untold(known)])
    assert math.isnan(scores.test_tokens["completion_tokens"].value)
    assert scores.valid_cells["f1"].value == 0.5


def test_sleep_that_was_not_told_is_unknown_and_not_0() -> None:
    seen = cell(arm="sleep-time", sleep=100)
    silent = replace(
        seen, context="x", sleep_tokens=Usage(50, requests=3, unmeasured_requests=1)
    )
    (scores,) = score_arms([seen, silent])
    assert scores.sleep_tokens["completion_tokens"] == 100
    assert any(
        "1 of 2 cells do not tell the tokens of their sleep" in d
        for d in scores.reading.doubts
    )
    (scores,) = score_arms([silent])
    assert (scores.sleep_tokens, scores.contexts) == ({}, 1)


def test_arms_keep_their_order_and_budgets_ascend() -> None:
    points = {8: (1, [0.5]), 2: (1, [0.5])}
    cells = [*arm_cells("sleep-time", points), cell(arm="bm25", budget=None)]
    order = [(scores.arm, scores.budget) for scores in score_arms(cells)]
    assert order == [("sleep-time", 2), ("sleep-time", 8), ("bm25", None)]


def test_reasons_to_doubt_are_named() -> None:
    seen = cell()
    leaky = type(seen)(
        **{f: getattr(seen, f) for f in seen.__slots__}
        | {"related": "any-order", "is_sealed": False, "model": "offline"}
    )
    (scores,) = score_arms([leaky], suspects=[leaky.cell_id])
    doubts = " ".join(scores.reading.doubts)
    for word in ("1 instance", "1 repository", "leaked", "no proof", "looked for"):
        assert word in doubts
    assert "no language model" in doubts


def test_several_modes_are_a_reason_to_doubt() -> None:
    cells = [cell(), replace(cell(seed=1), mode="edit")]
    (scores,) = score_arms(cells)
    [doubt] = [each for each in scores.reading.doubts if "mode" in each]
    assert doubt == "The cells were attempted in 2 modes: edit, predict."


def test_tokens_by_kind_are_kept_apart() -> None:
    seen = cell()
    usage = Usage(1000, 600, 50, 20)
    told = type(seen)(
        **{f: getattr(seen, f) for f in seen.__slots__} | {"test_tokens": usage}
    )
    (scores,) = score_arms([told])
    values = {kind: found.value for kind, found in scores.test_tokens.items()}
    assert values == {
        "prompt_tokens": 1000,
        "cached_prompt_tokens": 600,
        "completion_tokens": 50,
        "reasoning_tokens": 20,
    }


def test_mean_over_several_models_names_them() -> None:
    cells = [
        replace(cell(f1=f1), model=name)
        for name, f1 in (("weak", 0.0), ("strong", 1.0))
    ]
    (scores,) = score_arms(cells)
    assert any("by 2 models: strong, weak." in doubt for doubt in scores.reading.doubts)
