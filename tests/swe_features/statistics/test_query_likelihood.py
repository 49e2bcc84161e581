import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swe_features.plan import FileRecord, InstanceRecord, Plan, PullRequestRecord
from swe_features.statistics.query_likelihood import NGramModel, Query, queries_of

CONTEXT = "Add retries to the http client. The client retries twice. Retry the client."
QUERY = Query("shop__till-1", "Retry the http client", CONTEXT)


def test_query_about_its_context_is_likelier_than_one_about_something_else() -> None:
    other = replace(QUERY, text="Paint yellow bananas upside down")
    model = NGramModel()
    assert model.judge(QUERY).per_token > model.judge(other).per_token + 1


def test_context_makes_its_own_queries_likelier() -> None:
    unrelated = replace(QUERY, context="Yellow bananas are painted upside down.")
    model = NGramModel()
    assert model.judge(QUERY).total > model.judge(unrelated).total


def test_order_of_words_counts() -> None:
    shuffled = replace(QUERY, text="client http the Retry")
    assert NGramModel().judge(QUERY).total > NGramModel().judge(shuffled).total


def test_other_text_of_the_repository_helps_where_the_context_is_silent() -> None:
    without = replace(QUERY, text="yellow bananas")
    with_it = replace(without, background="yellow bananas are bananas")
    model = NGramModel()
    assert model.judge(with_it).total > model.judge(without).total


def test_probabilities_of_all_words_after_a_history_add_up_to_one_at_most() -> None:
    vocabulary = sorted(set(CONTEXT.lower().replace(".", " . ").split()))
    model = NGramModel()
    prefix = "retry the"
    before = model.judge(replace(QUERY, text=prefix)).total
    mass = sum(
        math.exp(model.judge(replace(QUERY, text=f"{prefix} {word}")).total - before)
        for word in vocabulary
    )
    assert 0.5 < mass <= 1


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_query_is_impossible(text: str, context: str) -> None:
    found = NGramModel().judge(Query("shop__till-1", text, context))
    assert math.isfinite(found.total)
    assert found.total <= 0


def test_long_query_is_not_less_predictable_a_token() -> None:
    twice = replace(QUERY, text=f"{QUERY.text} {QUERY.text}")
    model = NGramModel()
    once, again = model.judge(QUERY), model.judge(twice)
    assert again.total < once.total
    assert again.per_token == pytest.approx(once.per_token, abs=0.5)


def pull(number: int, title: str) -> PullRequestRecord:
    file = FileRecord(f"till/{number}.py", "modified", 1, 1)
    return PullRequestRecord(
        "shop/till", number, title, "", "base", None, None, "core", (file,)
    )


def test_query_is_in_nothing_that_was_known_before() -> None:
    pulls = [pull(1, "apples"), pull(2, "pears"), pull(3, "plums")]
    instances = {
        f"shop__till-{n}": InstanceRecord(
            f"shop__till-{n}", pulls[n - 1], tuple(pulls[: n - 1]), (f"till/{n}.py",)
        )
        for n in (1, 2, 3)
    }
    first, second, third = queries_of(Plan("till", (), instances))
    assert first.context == ""
    assert "pears" in first.background
    assert "apples" in second.context
    assert "apples" not in second.background
    for query in (first, second, third):
        assert query.text not in query.context + query.background
        assert f"till/{query.instance_id[-1]}.py" not in query.background
