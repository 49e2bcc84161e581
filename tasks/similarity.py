"""How alike two pull requests are: their words, their paths, their files.

Weights are inverse document frequencies over the pull requests at hand, so a file that
every one of them touches says little. Pure Python: hundreds of pull requests take well
under a second.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tasks.pull_requests import PullRequest

__all__ = ["Vector", "similarities", "vectorize"]

Vector = Mapping[str, float]

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]+")
_HUMP = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_STOP_WORDS = """
    the and for with that this from into not are was will can has have add adds added
    adding fix fixes fixed update updates updated use uses using support new when all
    its out now also make get set feat merge branch main master test tests
"""
_STOP = frozenset(_STOP_WORDS.split())
_BLOCKS = {"word": 1.0, "path": 0.6, "file": 1.0}
"""What words, parts of paths and whole paths weigh against each other."""
_BODY_WORDS = 200


def vectorize(pull_requests: Sequence[PullRequest]) -> list[Vector]:
    """A vector of length 1 for each pull request; of length 0 where it says nothing."""
    blocks = [_describe(pull_request) for pull_request in pull_requests]
    vectors: list[dict[str, float]] = [{} for _ in blocks]
    for name, weight in _BLOCKS.items():
        column = [block[name] for block in blocks]
        seen = Counter(term for terms in column for term in terms)
        for vector, terms in zip(vectors, column, strict=True):
            shares = {
                term: (1 + math.log(count)) * math.log(1 + len(blocks) / seen[term])
                for term, count in terms.items()
            }
            length = math.sqrt(sum(share**2 for share in shares.values())) or 1.0
            for term, share in shares.items():
                vector[f"{name}:{term}"] = weight * share / length
    return [_normalize(vector) for vector in vectors]


def similarities(vectors: Sequence[Vector]) -> Iterator[dict[int, float]]:
    """Cosine of each vector with every other one that it shares something with.

    One after the other, because all of them are as many as pairs.
    """
    postings: dict[str, list[tuple[int, float]]] = {}
    for place, vector in enumerate(vectors):
        for term, share in vector.items():
            postings.setdefault(term, []).append((place, share))
    for place, vector in enumerate(vectors):
        row: dict[int, float] = {}
        for term, share in vector.items():
            for other, weight in postings[term]:
                row[other] = row.get(other, 0.0) + share * weight
        row.pop(place, None)
        yield row


def _describe(pull_request: PullRequest) -> dict[str, Counter[str]]:
    body = " ".join(pull_request.body.split()[:_BODY_WORDS])
    words = Counter(_split(body))
    for word in _split(pull_request.title):
        words[word] += 3
    names = [file.filename for file in pull_request.changed_files]
    # In an order: sums of fractions depend on it, and so does who is nearest.
    parts = Counter(part for name in names for part in dict.fromkeys(_split(name)))
    return {"word": words, "path": parts, "file": Counter(names)}


def _split(text: str) -> list[str]:
    """Words in lower case, camel humps apart, without the words that say nothing."""
    parts = (hump for word in _WORD.findall(text) for hump in _HUMP.findall(word))
    words = (part.lower() for part in parts)
    return [word for word in words if len(word) > 2 and word not in _STOP]  # noqa: PLR2004


def _normalize(vector: dict[str, float]) -> Vector:
    length = math.sqrt(sum(share**2 for share in vector.values()))
    return {term: share / length for term, share in vector.items()} if length else {}
