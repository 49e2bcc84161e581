import pytest

from tasks.leaks import find_leak

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
        ("https://forge.example/o/n/blob/v1/app/main.py#L3", {"app/main.py"}),
        ("--- a/app/main.py\n+++ b/bin/run", {"app/main.py", "bin/run"}),
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


def test_a_name_with_signs_of_a_pattern_is_taken_literally() -> None:
    assert find_leak("a+b.py", {"a+b.py"}).score == 1.0
    assert find_leak("aab.py", {"a+b.py"}).score == 0.0
