import pytest

from swe_features.masking import mask_files
from tasks.leaks import find_leak

GOLD = [
    "aider/coders/base_coder.py",
    "aider/main.py",
    "setup.cfg",
    "Makefile",
    "bin/run",
]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Edit aider/coders/base_coder.py now", "Edit [file] now"),
        ("Edit `base_coder.py`, please.", "Edit `[file]`, please."),
        ("(see coders/base_coder.py)", "(see [file])"),
        ("import aider.coders.base_coder", "import [file]"),
        ("the base_coder module", "the [file] module"),
        ("./aider/main.py and MAIN.PY", "[file] and [file]"),
        ("setup.cfg:12", "[file]:12"),
        ("see...setup.cfg.", "see...[file]."),
        ("https://host.example/o/r/blob/v1.2/aider/main.py#L3", "https:[file]#L3"),
        ("/srv/clone/aider/main.py", "[file]"),
        ("main.py.orig/main.py", "[file]"),
        ("the Makefile calls bin/run", "the [file] calls [file]"),
    ],
)
def test_every_way_to_name_a_gold_file_is_masked(text: str, masked: str) -> None:
    assert mask_files(text, GOLD) == masked


@pytest.mark.parametrize(
    "text",
    [
        "The main idea",
        "domain.py",
        "main.pyx",
        "another_base_coder",
        "base_coders",
        "aider/io.py",
        "setup the aider",
        "run a makefile",
    ],
)
def test_other_words_stay(text: str) -> None:
    assert mask_files(text, GOLD) == text


@pytest.mark.parametrize("piece", ["a.", "a/", "./", "a-", "main.py."])
def test_long_runs_of_what_a_path_is_made_of_are_read(piece: str) -> None:
    """Were all the rest read again at each dot, this would not end."""
    run = piece * 500_000
    masked = mask_files(f"{run}x aider/main.py", GOLD)
    assert masked.endswith("x [file]")
    assert mask_files("ab/" * 500_000 + "setup.cfg", GOLD) == "[file]"


def test_nothing_to_mask_is_fine() -> None:
    assert mask_files("text", []) == "text"


@pytest.mark.parametrize(
    "text",
    [
        "aider/main.py by ./bin/run, and a Makefile",
        "https://forge.example/~o/n/blob/v%201/bin/run",
        "--- a/bin/run\n+++ b/Makefile\n",
    ],
)
def test_what_is_masked_leaks_nothing(text: str) -> None:
    assert find_leak(text, set(GOLD)).named
    assert not find_leak(mask_files(text, GOLD), set(GOLD)).named
