import pytest

from swe_features.masking import mask_files

GOLD = ["aider/coders/base_coder.py", "aider/main.py", "setup.cfg"]


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
    ],
)
def test_other_words_stay(text: str) -> None:
    assert mask_files(text, GOLD) == text


def test_nothing_to_mask_is_fine() -> None:
    assert mask_files("text", []) == "text"
