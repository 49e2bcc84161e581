import pytest

from agent.offline.evidence import Change, TermHits
from agent.offline.notes import Notes
from agent.offline.ranking import Evidence, choose_files, kind_factor, rank_files


def _best(evidence: Evidence) -> str:
    return rank_files(evidence)[0][0]


def test_a_rare_term_says_more_than_a_common_one() -> None:
    hits = [
        TermHits("common", 200, {"a.py": 9, "b.py": 1}),
        TermHits("rare", 2, {"b.py": 3}),
    ]
    assert _best(Evidence({"common": 1.0, "rare": 1.0}, hits=hits)) == "b.py"


def test_a_path_that_is_spelled_out_wins() -> None:
    hits = [TermHits("order", 3, {"shop/a.py": 5, "shop/b.py": 2})]
    evidence = Evidence({"order": 1.0}, named=["b.py"], hits=hits)
    assert _best(evidence) == "shop/b.py"


def test_a_past_change_with_the_same_words_points_to_its_files() -> None:
    log = [Change("Expire vouchers", ("v.py",)), Change("Count stock", ("s.py",))]
    assert _best(Evidence({"voucher": 1.0}, log=log)) == "v.py"


def test_a_sweeping_change_says_little() -> None:
    sweep = tuple(f"f{n}.py" for n in range(50))
    log = [Change("Vouchers everywhere", sweep), Change("Voucher", ("v.py",))]
    assert _best(Evidence({"voucher": 1.0}, log=log)) == "v.py"


def test_what_notes_say_of_a_word_counts() -> None:
    notes = Notes(files={"a.py": 0.5, "b.py": 0.5}, words={"vouch": {"b.py": 0.9}})
    assert _best(Evidence({"vouching": 1.0}, notes=notes)) == "b.py"


def test_files_that_do_not_exist_are_not_named() -> None:
    evidence = Evidence({"x": 1.0}, often={"a.py": 3, "b.py": 2}, absent={"a.py"})
    assert [path for path, _ in rank_files(evidence)] == ["b.py"]


def test_a_test_is_lifted_with_the_file_that_it_tests() -> None:
    hits = [TermHits("price", 2, {"shop/prices.py": 5})]
    listed = {"tests/test_prices.py", "tests/test_stock.py"}
    ranked = dict(rank_files(Evidence({"cost": 1.0, "price": 1.0}, hits=hits)))
    lifted = dict(
        rank_files(Evidence({"cost": 1.0, "price": 1.0}, hits=hits, listed=listed))
    )
    assert "tests/test_prices.py" not in ranked
    assert lifted["tests/test_prices.py"] > lifted.get("tests/test_stock.py", 0.0)


def test_ties_are_decided_by_the_seed_and_by_nothing_else() -> None:
    evidence = Evidence({}, often={f"f{n}.py": 1 for n in range(9)})
    orders = {tuple(rank_files(evidence, seed=seed)) for seed in range(5)}
    assert len(orders) > 1
    assert rank_files(evidence, seed=1) == rank_files(evidence, seed=1)


def test_no_evidence_gives_no_answer() -> None:
    assert choose_files(rank_files(Evidence({}))) == ()


@pytest.mark.parametrize(
    ("scores", "count"),
    [
        ([1.0], 1),
        ([1.0, 0.1, 0.1, 0.1], 3),
        ([1.0] * 20, 8),
        ([1.0, 1.0, 1.0, 0.9, 0.1], 4),
    ],
)
def test_those_not_far_below_the_best_are_named(
    scores: list[float], count: int
) -> None:
    ranked = [(f"f{n}.py", score) for n, score in enumerate(scores)]
    assert len(choose_files(ranked)) == count


def test_an_index_says_how_many_and_looks_move_neighbours_only() -> None:
    hits = [TermHits("price", 1, {"c.py": 9, "b.py": 1})]
    likely = {"a.py": (0.9, True), "b.py": (0.3, True), "c.py": (0.28, False)}
    evidence = Evidence({"price": 1.0}, hits=hits, likely=likely)
    ranked = rank_files(evidence)
    assert choose_files(ranked, likely) == ("a.py", "c.py")


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ("shop/a.py", "tests/test_a.py"),
        ("tests/test_a.py", "docs/a.md"),
        ("docs/a.md", "data/a.json"),
        ("shop/a.py", "tests/fixtures/a.txt"),
    ],
)
def test_code_is_likelier_than_tests_than_prose_than_data(more: str, less: str) -> None:
    assert kind_factor(more) > kind_factor(less)
