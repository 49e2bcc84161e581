import pytest

from tasks.leaks import find_leak, mask_names

GOLD = {"app/main.py", "app/coders/base_coder.py", "Makefile", "bin/run"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Edit app/main.py please", {"app/main.py"}),
        ("in `main.py`:", {"app/main.py"}),
        ("see coders/base_coder.py.", {"app/coders/base_coder.py"}),
        ("./app/main.py, line 3", {"app/main.py"}),
        ("the Makefile", {"Makefile"}),
        ("call bin/run", {"bin/run"}),
        ("main", set()),
        ("run it", set()),
        ("domain.py and main.pyc and xapp/main.python", set()),
        ("other/main.py", set()),
        ("", set()),
    ],
)
def test_only_names_of_gold_files_are_leaks(text: str, named: set[str]) -> None:
    leak = find_leak(text, GOLD)
    assert leak.named == named
    assert leak.score == len(named) / 4


def test_masking_leaves_no_leak_and_everything_else() -> None:
    text = "Change app/main.py and base_coder.py (not other.py) by the Makefile."
    masked = mask_names(text, GOLD)
    assert masked == "Change [file] and [file] (not other.py) by the [file]."
    assert find_leak(masked, GOLD).score == 0.0


def test_a_name_with_signs_of_a_pattern_is_taken_literally() -> None:
    assert find_leak("a+b.py", {"a+b.py"}).score == 1.0
    assert find_leak("aab.py", {"a+b.py"}).score == 0.0
