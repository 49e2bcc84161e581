import pytest

from agent.bm25 import Bm25Baseline, Bm25Index, read_text_files
from sandbox.contract import CommandResult
from sandbox.errors import SandboxLostError
from tests.agent.conftest import FILES, FolderSandbox


def test_the_file_with_the_rare_words_comes_first() -> None:
    index = Bm25Index(
        {
            "a.py": "def common(): pass\n" * 5,
            "b.py": "def common(): rareThing()\n",
            "c.py": "def common(): other()\n",
        }
    )
    assert index.rank("the rare_thing is common")[0] == "b.py"


def test_files_without_a_word_of_the_query_are_left_out() -> None:
    index = Bm25Index({"a.py": "apple", "b.py": "pear"})
    assert index.rank("apple") == ("a.py",)
    assert index.rank("") == ()


def test_equal_scores_are_ordered_by_path() -> None:
    files = {name: "same words" for name in ("c", "a", "b")}
    assert Bm25Index(files).rank("words", limit=2) == ("a", "b")


def test_no_files_give_no_answer() -> None:
    assert Bm25Index({}).rank("anything") == ()


def test_every_text_file_is_read_whatever_its_name(sandbox: FolderSandbox) -> None:
    assert dict(read_text_files(sandbox)) == FILES


def test_binary_and_huge_files_are_skipped(sandbox: FolderSandbox) -> None:
    sandbox.write("image.bin", b"needle\0needle")
    sandbox.write("huge.txt", b"needle " * 100_000)
    sandbox.write("latin.txt", "needle é".encode("latin-1"))
    read = dict(read_text_files(sandbox))
    assert "image.bin" not in read
    assert "huge.txt" not in read
    assert read["latin.txt"] == "needle \N{REPLACEMENT CHARACTER}"


def test_the_tree_of_a_commit_is_read_once(sandbox: FolderSandbox) -> None:
    baseline = Bm25Baseline()
    first = baseline.rank_files(sandbox, title="place an order", body="")
    for path in FILES:
        (sandbox.folder / path).unlink()
    assert baseline.rank_files(sandbox, title="place an order", body="") == first
    assert first[0] in {"shop/orders.py", "tests/test_orders.py", "docs/orders.md"}


def test_a_sandbox_that_cannot_be_read_is_an_error(sandbox: FolderSandbox) -> None:
    class WithoutTar(FolderSandbox):
        def run(self, command: str, **_: object) -> CommandResult:
            del command
            return CommandResult(127, b"", b"tar: command not found")

    with pytest.raises(SandboxLostError, match="tar: command not found"):
        list(read_text_files(WithoutTar(sandbox.folder)))
