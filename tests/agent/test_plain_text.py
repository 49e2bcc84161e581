import pytest

from agent.plain_text import cut_middle, decode, strip_escapes


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("tab\tstays\nand lines", "tab\tstays\nand lines"),
        ("bell\x07 null\x00 \u202ereversed", "bell null reversed"),
        ("unfinished \x1b]0;title", "unfinished "),
        ("lone \udc80", "lone \\udc80"),
    ],
)
def test_only_text_is_left(text: str, plain: str) -> None:
    assert strip_escapes(text) == plain


def test_bytes_that_are_not_utf8_do_not_stop_it() -> None:
    assert decode(b"caf\xe9") == "caf\N{REPLACEMENT CHARACTER}"


def test_a_short_text_is_left_alone() -> None:
    assert cut_middle("abc", 3) == "abc"


def test_a_long_text_loses_whole_lines_of_its_middle() -> None:
    lines = [f"line {number}" for number in range(1000)]
    cut = cut_middle("\n".join(lines), 400)
    assert len(cut) < 500
    assert cut.startswith("line 0\n")
    assert cut.endswith("line 999")
    kept = [line for line in cut.split("\n") if line.startswith("line")]
    assert set(kept) <= set(lines)


def test_the_notice_says_how_much_is_gone() -> None:
    text = "x" * 1000
    cut = cut_middle(text, 100)
    omitted = int(cut.split("[... ")[1].split(" ")[0])
    assert cut.count("x") + omitted == 1000
