import pytest
from hypothesis import given
from hypothesis import strategies as st

from swe_features.scoring import (
    FileScore,
    normalize_paths,
    score_files,
    summarize_scores,
)

paths = st.frozensets(st.sampled_from("abcdefgh"))


def test_gold_against_itself_is_perfect() -> None:
    score = score_files({"a.py", "b.py"}, {"a.py", "b.py"})
    assert (score.precision, score.recall, score.f1) == (1.0, 1.0, 1.0)
    assert score.is_exact


def test_half_found_and_half_wrong() -> None:
    score = score_files({"a.py", "x.py", "y.py", "z.py"}, {"a.py", "b.py"})
    assert (score.precision, score.recall) == (0.25, 0.5)
    assert score.f1 == pytest.approx(1 / 3)


def test_an_empty_prediction_scores_zero() -> None:
    score = score_files(frozenset(), {"a.py"})
    assert (score.precision, score.recall, score.f1) == (0.0, 0.0, 0.0)


def test_empty_gold_is_refused() -> None:
    with pytest.raises(ValueError, match="no gold files"):
        score_files({"a.py"}, frozenset())


def test_a_string_is_no_set_of_files() -> None:
    with pytest.raises(TypeError):
        score_files("a.py", {"a", ".", "p", "y"})  # type: ignore[arg-type]


def test_naming_every_file_of_the_repository_does_not_pay() -> None:
    everything = {f"{n}.py" for n in range(1000)}
    score = score_files(everything, {"1.py", "2.py"})
    assert score.recall == 1.0
    assert score.f1 < 0.01


def test_case_and_folders_matter() -> None:
    assert score_files({"readme.md"}, {"README.md"}).f1 == 0.0
    assert score_files({"a.py"}, {"src/a.py"}).f1 == 0.0


@given(predicted=paths, gold=paths.filter(bool))
def test_scores_stay_in_range_and_f1_between_the_two(
    predicted: frozenset[str], gold: frozenset[str]
) -> None:
    score = score_files(predicted, gold)
    low, high = sorted((score.precision, score.recall))
    assert 0.0 <= low <= high <= 1.0
    assert low - 1e-12 <= score.f1 <= high + 1e-12
    assert (score.f1 == 1.0) == (predicted == gold)


@given(predicted=paths, gold=paths.filter(bool))
def test_one_more_right_file_never_hurts(
    predicted: frozenset[str], gold: frozenset[str]
) -> None:
    before = score_files(predicted, gold).f1
    for file in gold - predicted:
        assert score_files(predicted | {file}, gold).f1 > before


def test_the_same_file_written_in_many_ways_counts_once() -> None:
    written = ["./a/b.py", "a//b.py", "a/x/../b.py", "a/b.py", "", "  ", ".", "./"]
    assert normalize_paths(written) == {"a/b.py"}


def test_paths_out_of_the_repository_stay_wrong() -> None:
    assert normalize_paths(["/a.py", "../a.py"]) == {"/a.py", "../a.py"}


def test_blanks_in_names_and_unicode_spellings_are_kept() -> None:
    names = {" a.py", "a.py ", "e\u0301.py", "\u00e9.py"}
    assert normalize_paths(names) == names


def test_the_mean_of_f1_is_not_the_f1_of_means() -> None:
    summary = summarize_scores([FileScore(1.0, 1.0), FileScore(0.0, 0.0)])
    assert (summary.f1, summary.precision, summary.exact) == (0.5, 0.5, 1)
    summary = summarize_scores([FileScore(1.0, 0.1), FileScore(0.1, 1.0)])
    assert summary.f1 == pytest.approx(0.2 / 1.1)


def test_no_scores_have_no_mean() -> None:
    with pytest.raises(ValueError, match="no scores"):
        summarize_scores([])
