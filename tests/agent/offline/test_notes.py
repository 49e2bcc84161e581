from agent.offline.notes import Notes, read_notes, write_notes

NOTES = Notes(
    pulls=("Give a voucher a smallest order: shop/voucher.py",),
    files={"shop/voucher.py": 1.0, "docs/my notes, old.md": 0.25},
    companions={"shop/voucher.py": {"tests/test_voucher.py": 0.75}},
    words={"discount": {"shop/voucher.py": 0.5, "shop/prices.py": 0.25}},
)


def test_notes_are_read_back_as_they_were_written() -> None:
    assert read_notes(write_notes(NOTES, limit=10_000)) == NOTES


def test_notes_that_do_not_fit_lose_whole_lines_at_their_end() -> None:
    text = write_notes(NOTES, limit=10_000)
    for limit in range(20, len(text)):
        short = write_notes(NOTES, limit=limit)
        assert len(short) <= limit
        assert set(short.split("\n")) <= set(text.split("\n"))


def test_of_other_text_the_files_that_it_names_are_read() -> None:
    notes = read_notes("Prices are in shop/prices.py, see `docs/orders.md`. Often.")
    assert set(notes.files) == {"shop/prices.py", "docs/orders.md"}
    assert notes.words == {}


def test_several_notes_in_one_text_are_read_together() -> None:
    other = Notes(files={"shop/stock.py": 0.5}, words={"stock": {"a.py": 0.5}})
    text = write_notes(NOTES, limit=9_999) + "\n\n" + write_notes(other, limit=9_999)
    notes = read_notes(text)
    assert set(notes.files) == {*NOTES.files, "shop/stock.py"}
    assert set(notes.words) == {"discount", "stock"}


def test_nothing_learned_is_nothing() -> None:
    assert write_notes(Notes(), limit=100) == ""
    assert read_notes("") == Notes()
