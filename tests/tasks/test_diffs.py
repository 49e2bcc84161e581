import io

from tasks.diffs import read_pairs
from tasks.pull_requests import ChangedFile, FileStatus

META = ":%s %s %s %s %s"
ONE, TWO = "1" * 40, "2" * 40


def entry(
    letter: str, *names: bytes, old: str = "100644", new: str = "100644"
) -> bytes:
    ids = (ONE, ONE) if letter == "same" else (ONE, TWO)
    letter = "M" if letter == "same" else letter
    meta = (META % (old, new, *ids, letter)).encode()
    return b"\0".join([meta, *names]) + b"\0"


class Pieces(io.BytesIO):
    """A pipe that hands out a few bytes at a time."""

    def __init__(self, output: bytes, piece: int) -> None:
        super().__init__(output)
        self._piece = piece

    def read(self, size: int | None = -1, /) -> bytes:
        del size
        return super().read(self._piece)


def read(output: bytes, piece: int) -> list[list[tuple[str, FileStatus]]]:
    pairs: list[list[ChangedFile]] = []
    reading = read_pairs(Pieces(output, piece))
    while True:
        try:
            pairs.append(next(reading))
        except StopIteration as end:
            if end.value is not None:
                pairs.append(end.value)
            break
    return [[(file.filename, file.status) for file in pair] for pair in pairs]


def test_pieces_of_any_size_give_the_same_pairs() -> None:
    header = TWO.encode() + b"\0"
    output = (
        header
        + entry("M", b"a.py")
        + entry("R090", b"old.py", b":new\n.py")
        + header
        + header
        + entry("same", b"run.sh", new="100755")
        + entry("M", b"sub", old="160000", new="160000")
        + entry("T", ONE.encode(), new="120000")
        + entry("A", b"caf\xe9", old="000000")
        + entry("D", b"gone", new="000000")
    )
    expected = [
        [("a.py", FileStatus.MODIFIED), (":new\n.py", FileStatus.RENAMED)],
        [],
        [
            ("run.sh", FileStatus.CHANGED),
            ("sub", FileStatus.CHANGED),
            (ONE, FileStatus.CHANGED),
            ("caf\udce9", FileStatus.ADDED),
            ("gone", FileStatus.REMOVED),
        ],
    ]
    for piece in (1, 7, 64, 10_000):
        assert read(output, piece) == expected


def test_nothing_is_no_pair() -> None:
    assert read(b"", 10) == []


def test_output_that_was_cut_off_gives_what_is_whole() -> None:
    header = TWO.encode() + b"\0"
    output = header + entry("M", b"a.py") + header + entry("M", b"b.py")
    for end in range(len(output)):
        first = read(output[:end], 10_000)[:1]
        assert first in ([], [[]], [[("a.py", FileStatus.MODIFIED)]])


def test_files_that_change_alike_are_one_value() -> None:
    header = TWO.encode() + b"\0"
    output = (header + entry("M", b"a.py")) * 3
    first, second = read_pairs(io.BytesIO(output))
    assert first[0] is second[0]
