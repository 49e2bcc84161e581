import pytest

from agent.localizer.excerpts import best_excerpt
from agent.localizer.query import read_query
from agent.localizer.symbols import find_symbols

_PYTHON = b"""
class Router:
    def plain(self):
        return 1

    def retry(self, request):
        # try the request again after a delay
        return self.retry(request)
"""


def test_python_symbols_have_their_lines() -> None:
    found = {
        one.name: (one.first_line, one.last_line)
        for one in find_symbols("a.py", _PYTHON)
    }
    assert found == {"Router": (2, 8), "plain": (3, 4), "retry": (6, 8)}


def test_typescript_javascript_and_headings_have_symbols() -> None:
    for path, text, name in (
        ("a.ts", b"export interface Shop { a: number }\n", "Shop"),
        ("a.tsx", b"function App() { return <p/> }\n", "App"),
        ("a.js", b"class Cart { pay() {} }\n", "pay"),
        ("a.md", b"# Title\n\n## Usage\n\ntext\n", "Usage"),
    ):
        assert name in {one.name for one in find_symbols(path, text)}


def test_a_page_without_headings_has_none() -> None:
    assert find_symbols("a.md", b"Only text.\n") == ()


def test_other_languages_have_none() -> None:
    assert find_symbols("a.zig", b"fn main() void {}") == ()


def test_the_excerpt_is_the_symbol_that_speaks_of_the_query() -> None:
    excerpt = best_excerpt("a.py", _PYTHON, read_query("Retry a request after a delay"))
    assert excerpt is not None
    assert (excerpt.first_line, excerpt.last_line) == (6, 8)
    assert "retry" in excerpt.symbols


def test_nothing_in_common_and_binary_have_no_excerpt() -> None:
    query = read_query("Unrelated zebra")
    assert best_excerpt("a.py", _PYTHON, query) is None
    assert best_excerpt("a.py", b"zebra\0zebra", query) is None


@pytest.mark.parametrize(
    "line",
    [
        "const pay = () => {}",
        "var pay = function () {}",
        "exports.pay = function () {}",
        "const shop = { pay: async () => 1 }",
        "class Cart { pay = () => 1 }",
        "abstract class pay {}",
        "namespace pay {}",
    ],
)
def test_a_function_bound_to_a_name_is_a_symbol(line: str) -> None:
    names = [
        one.name.rpartition(".")[2] for one in find_symbols("a.mts", line.encode())
    ]
    assert "pay" in names


def test_a_name_is_one_and_no_piece_of_code() -> None:
    text = b"foo(1,\n `x`).bar = () => {}; const o = { ['a' + 1]: () => 1 }\n"
    assert find_symbols("a.js", text) == ()


def test_a_value_bound_to_a_name_is_none() -> None:
    assert find_symbols("a.js", b"const size = 3; exports.size = size\n") == ()


def test_a_deep_tree_is_walked_to_its_end() -> None:
    """A chain of two thousand operators ended in a RecursionError."""
    chain = " + ".join('"a"' for _ in range(2_000))
    text = f"const words = {chain}\nfunction pay() {{}}\n".encode()
    assert [one.name for one in find_symbols("a.js", text)] == ["pay"]
