"""The BM25 baseline: rank files by their text against a query, without any agent.

Okapi BM25 (Robertson and Zaragoza, 2009) over code-aware tokens of the text files at
the base commit; of the query, words that any pull request has are left out (without
that it scores a fifth less). It has seen no pull request and makes no step.
"""

import io
import math
import tarfile
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from threading import Lock

from agent.code_tokens import count_tokens, telling_words
from sandbox.contract import Sandbox
from sandbox.errors import SandboxLostError

__all__ = ["Bm25Baseline", "Bm25Index", "read_text_files"]

_SATURATION = 1.2
"""BM25's k1: how soon more of the same word stops counting."""
_LENGTH_SHARE = 0.75
"""BM25's b: how much long files are discounted."""
_LARGEST_FILE_BYTES = 512 * 1024
_BINARY_PROBE_BYTES = 8192
_ARCHIVE_LIMIT_BYTES = 1024 * 1024 * 1024
_READ_TIMEOUT_S = 300.0
_KEPT_INDEXES = 4


class Bm25Index:
    """Postings of a set of files."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._paths = sorted(files)
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._lengths: list[int] = []
        for number, path in enumerate(self._paths):
            counts = count_tokens(files[path])
            self._lengths.append(counts.total())
            for token, count in counts.items():
                self._postings[token].append((number, count))
        self._mean_length = sum(self._lengths) / max(1, len(self._lengths)) or 1.0

    def rank(self, query: str, *, limit: int = 5) -> tuple[str, ...]:
        """The best files for a query, best first; fewer where fewer have its words."""
        scores: dict[int, float] = defaultdict(float)
        for token in dict.fromkeys(telling_words(query)):
            self._add_scores(token, scores)
        ranked = sorted(scores, key=lambda number: (-scores[number], number))
        return tuple(self._paths[number] for number in ranked[:limit])

    def _add_scores(self, token: str, scores: dict[int, float]) -> None:
        postings = self._postings.get(token, [])
        rarity = math.log(
            1 + (len(self._paths) - len(postings) + 0.5) / (len(postings) + 0.5)
        )
        for number, count in postings:
            length = self._lengths[number] / self._mean_length
            damping = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * length)
            scores[number] += rarity * count * (_SATURATION + 1) / (count + damping)


class Bm25Baseline:
    """Ranks the files of sandboxes; remembers the last few trees. Thread-safe."""

    def __init__(self) -> None:
        self._indexes: OrderedDict[str, Bm25Index] = OrderedDict()
        self._lock = Lock()

    def rank_files(
        self, sandbox: Sandbox, *, title: str, body: str, limit: int = 5
    ) -> tuple[str, ...]:
        """The likeliest files for a change, best first.

        Raises:
            SandboxLostError: The sandbox's files could not be read.
        """
        return self._index_of(sandbox).rank(f"{title}\n{body}", limit=limit)

    def _index_of(self, sandbox: Sandbox) -> Bm25Index:
        commit = sandbox.proof.base_commit
        # Held while building, so that workers with the same tree wait for one build.
        with self._lock:
            index = self._indexes.pop(commit, None)
            if index is None:
                index = Bm25Index(dict(read_text_files(sandbox)))
            self._indexes[commit] = index
            while len(self._indexes) > _KEPT_INDEXES:
                self._indexes.popitem(last=False)
            return index


def read_text_files(sandbox: Sandbox) -> Iterable[tuple[str, str]]:
    """Path and text of every file of a fresh sandbox, in one command.

    Binary files, and files above half a megabyte, are left out.

    Raises:
        SandboxLostError: They could not be read.
    """
    result = sandbox.run(
        f"find . -name .git -prune -o -type f -size -{_LARGEST_FILE_BYTES + 1}c -print0"
        " | tar --create --file=- --format=pax --null --no-recursion --files-from=-",
        timeout_s=_READ_TIMEOUT_S,
        output_limit_bytes=_ARCHIVE_LIMIT_BYTES,
    )
    if result.exit_code != 0 or result.omitted_bytes:
        said = result.stderr.decode("utf-8", errors="replace").strip()[:200]
        msg = (
            f"the sandbox's files cannot be read (exit {result.exit_code}: {said!r}): "
            "its image needs find and tar"
        )
        raise SandboxLostError(msg)
    with tarfile.open(fileobj=io.BytesIO(result.stdout)) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            content = stream.read() if stream is not None else b"\0"
            if b"\0" not in content[:_BINARY_PROBE_BYTES]:
                path = member.name.removeprefix("./")
                yield path, content.decode("utf-8", errors="replace")
