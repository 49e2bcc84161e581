import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.messages import ToolCall
from agent.tools.reading import reading_tools
from agent.tools.tool import Observation
from agent.tools.toolbox import Toolbox
from agent.tools.tree import Tree
from tests.agent.conftest import FolderSandbox

ODD = "odd names/it's $HOME `x`.txt"


def _call(sandbox: FolderSandbox, tool: str, /, **arguments: Any) -> Observation:  # noqa: ANN401
    toolbox = Toolbox(reading_tools(sandbox, Tree.of(sandbox)))
    return toolbox.call(ToolCall("c", tool, arguments), step=1)


@pytest.fixture(params=["ripgrep", "git grep"])
def searched(
    request: pytest.FixtureRequest, sandbox: FolderSandbox, tmp_path: Path
) -> FolderSandbox:
    """The sandbox with ripgrep, and one that has only git."""
    if request.param == "ripgrep":
        if shutil.which("rg") is None:
            pytest.skip("ripgrep is not installed")
        return sandbox
    programs = tmp_path / "programs"
    programs.mkdir()
    for program in ("git", "bash", "find"):
        found = shutil.which(program)
        assert found is not None
        (programs / program).symlink_to(found)
    sandbox.path = str(programs)
    return sandbox


def test_matching_lines_come_with_path_and_number(searched: FolderSandbox) -> None:
    text = _call(searched, "search", pattern="place_order").text
    assert text.split("\n") == [
        "docs/orders.md:3:How to place_order.",
        "shop/orders.py:6:def place_order(items):",
        "tests/test_orders.py:1:from shop.orders import place_order",
        "tests/test_orders.py:5:    assert place_order([1, 2]) == 3",
    ]


def test_files_are_listed_by_how_many_lines_match(searched: FolderSandbox) -> None:
    text = _call(searched, "search", pattern="place_order", output="files").text
    assert text.split("\n") == [
        "4 matching lines in 3 files",
        "    2 tests/test_orders.py",
        "    1 docs/orders.md",
        "    1 shop/orders.py",
    ]


def test_plain_text_is_no_regular_expression(searched: FolderSandbox) -> None:
    assert "orders.py:7" in _call(searched, "search", pattern="total(items)").text
    assert _call(searched, "search", pattern="t.tal").text == "No matches."
    assert "prices.py" in _call(searched, "search", pattern="t.tal", regex=True).text


@pytest.mark.parametrize(
    "options", [{"match_case": True}, {"whole_words": True, "pattern": "ORDER"}]
)
def test_case_and_words_can_be_asked_for(
    searched: FolderSandbox, options: Mapping[str, Any]
) -> None:
    arguments = {"pattern": "ORDERS", "path": "shop", **options}
    assert _call(searched, "search", **arguments).text == "No matches."
    assert "Orders" in _call(searched, "search", pattern="ORDERS", path="shop").text


@pytest.mark.parametrize(
    "hostile",
    ["$(touch owned)", "`touch owned`", "; touch owned", "' ; touch owned ; '", "-e"],
)
def test_arguments_never_reach_the_shell(searched: FolderSandbox, hostile: str) -> None:
    _call(searched, "search", pattern=hostile)
    _call(searched, "search", pattern="order", path=hostile)
    _call(searched, "list_files", folder=hostile, name=hostile)
    _call(searched, "open_file", path=hostile)
    assert not (searched.folder / "owned").exists()


def test_odd_names_survive(searched: FolderSandbox) -> None:
    found = _call(searched, "search", pattern="strange needle").text
    assert found == f"{ODD}:1:a strange needle"
    assert ODD in _call(searched, "list_files").text
    assert "a strange needle" in _call(searched, "open_file", path=ODD).text
    assert "needle" in _call(searched, "search", pattern="needle", path=ODD).text


def test_a_name_like_an_option_survives(searched: FolderSandbox) -> None:
    assert "dashed" in _call(searched, "search", pattern="dashed", path="-n.txt").text
    assert "dashed" in _call(searched, "open_file", path="-n.txt").text


def test_a_wrong_expression_or_path_is_an_observation(searched: FolderSandbox) -> None:
    assert _call(searched, "search", pattern="(", regex=True).failed
    assert _call(searched, "search", pattern="x", path="nowhere").text


def test_hidden_ignored_and_untracked_files_are_searched_and_git_is_not(
    searched: FolderSandbox,
) -> None:
    searched.write(".gitignore", b"ignored.txt\n")
    searched.write("ignored.txt", b"main thing\n")
    searched.write(".hidden/file.txt", b"main thing\n")
    files = _call(searched, "search", pattern="main", output="files").text
    assert "ignored.txt" in files
    assert ".hidden/file.txt" in files
    assert " .git/" not in files


def test_many_matches_are_cut_with_a_notice(searched: FolderSandbox) -> None:
    searched.write("many.txt", b"match\n" * 500)
    text = _call(searched, "search", pattern="match").text
    assert "[420 more matches; 500 in 1 files" in text


def test_a_search_that_finds_too_much_to_read_says_so(
    sandbox: FolderSandbox,
) -> None:
    sandbox.write("many.txt", b"match this rather long line\n" * 200_000)
    text = _call(sandbox, "search", pattern="match", output="files").text
    assert "more than could be read" in text
    assert " many.txt" in text


def test_what_is_cut_does_not_hang_on_which_file_was_read_first(
    sandbox: FolderSandbox,
) -> None:
    for number in range(60):
        sandbox.write(f"many/{number:02d}.js", b"match" * 40_000 + b"\n")
    texts = [
        _call(sandbox, "search", pattern="match", output="files").text for _ in "12345"
    ]
    assert "more than could be read" in texts[0]
    assert len({*texts}) == 1


def test_a_window_is_shown_with_line_numbers(sandbox: FolderSandbox) -> None:
    text = _call(sandbox, "open_file", path="shop/orders.py", line=6, lines=2).text
    assert text.split("\n") == [
        "shop/orders.py, lines 6 to 7 of 7",
        "    6 def place_order(items):",
        "    7     return total(items)",
    ]


def test_a_window_beyond_the_end_says_so(sandbox: FolderSandbox) -> None:
    assert "has only 7 lines" in (
        _call(sandbox, "open_file", path="shop/orders.py", line=99).text
    )


def test_a_missing_file_is_answered_with_similar_ones(sandbox: FolderSandbox) -> None:
    observation = _call(sandbox, "open_file", path="src/orders.py")
    assert observation.failed
    assert "shop/orders.py" in observation.text


def test_a_binary_file_is_not_shown(sandbox: FolderSandbox) -> None:
    sandbox.write("image.png", b"\x89PNG\0\0")
    text = _call(sandbox, "open_file", path="image.png").text
    assert text == "image.png is binary, 6 bytes."


def test_a_folder_is_listed_with_what_is_in_it(sandbox: FolderSandbox) -> None:
    text = _call(sandbox, "list_files", folder="shop").text
    assert text.split("\n") == [
        "3 files",
        "shop/__init__.py",
        "shop/orders.py",
        "shop/prices.py",
    ]
    assert _call(sandbox, "list_files", name="*.md").text.startswith("2 files")


def test_a_large_listing_is_given_by_folder(sandbox: FolderSandbox) -> None:
    for number in range(300):
        sandbox.write(f"big/{number}.txt", b"x")
    text = _call(sandbox, "list_files", folder="big").text
    assert "300 big/" in text
    assert "big/7.txt" not in text


def test_a_missing_folder_is_an_observation(sandbox: FolderSandbox) -> None:
    assert _call(sandbox, "list_files", folder="nowhere").failed
