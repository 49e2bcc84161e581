"""Words of source code and of what people write about it.

An identifier counts as itself and as its parts: `InputOutput.read_text` gives
`inputoutput`, `input`, `output`, `read_text`, `read`, `text`.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

__all__ = [
    "count_tokens",
    "identifiers",
    "split_identifier",
    "telling_words",
    "tokenize",
]

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PART_OF_OTHER_SCRIPTS = re.compile(r"[^\W_]+")
_LONGEST = 60
"""Characters; longer runs are encoded data, not words."""
_SHORTEST = 2
_SHORTEST_TELLING = 3

# Words of English and of pull requests in general: they tell nothing about files.
_COMMON_WORDS = (
    "a able about above actually add added adding adds after again all allow allowed "
    "allows already also although always an and another any anything are around as "
    "ask at automatically available avoid away back based basic be because been "
    "before being below best better between both but by call called can cannot case "
    "change changed changes changing check checks clean code com come comes commit "
    "commits complete correctly could create created creates current currently "
    "default do does doing done dont during each easier easily easy either else "
    "enable enabled enables ensure etc even every everything example existing feat "
    "feature features few file files find first fix fixed fixes fixing following for "
    "found from full further future general get gets getting github give given go "
    "going good had handle handled handles has have having here how however http "
    "https i if implement implementation implemented implements improve improved "
    "improvement in include included including instead into introduce introduced "
    "introduces is issue issues it its itself just keep kind know let like ll look "
    "looks lot made main make makes making many may maybe me means merge merged might "
    "more most much must my need needed needs never new next no non not nothing now "
    "of off often old on once one only open option optional or order other others our "
    "out over own part pass passed please point possible pr previous previously "
    "problem project properly provide provided provides pull put rather re really "
    "reason refactor related remove removed removes replace replaced request requests "
    "requires result return returns right run running same see seems set sets several "
    "should show simple simply since so some someone something still such support "
    "supported supporting supports sure take than that thanks the their them then "
    "there these they thing things think this those through time to together too try "
    "two type under unless until up update updated updates updating us use used "
    "useful user users uses using value values ve version very via want wanted wants "
    "was way we well were what when where whether which while who why will with "
    "within without work working works would www yes yet you your "
)
_COMMON = frozenset(_COMMON_WORDS.split())


def tokenize(text: str) -> list[str]:
    """Every token of a text, in order, lower case, repeated as often as it occurs."""
    return [token for word in identifiers(text) for token in split_identifier(word)]


def count_tokens(text: str) -> Counter[str]:
    """How often each token occurs; the same as counting `tokenize`, and faster."""
    counts: Counter[str] = Counter()
    for word, count in Counter(identifiers(text)).items():
        for token in split_identifier(word):
            counts[token] += count
    return counts


def telling_words(text: str) -> list[str]:
    """The tokens of a description that can tell files apart, in order, repeated."""
    return [
        token
        for token in tokenize(text)
        if len(token) >= _SHORTEST_TELLING and token not in _COMMON
    ]


def identifiers(text: str) -> Iterator[str]:
    """The identifiers and words of a text as they are written."""
    return (
        word for word in _IDENTIFIER.findall(text) if _SHORTEST <= len(word) <= _LONGEST
    )


@lru_cache(maxsize=200_000)
def split_identifier(word: str) -> tuple[str, ...]:
    """An identifier in lower case, followed by its parts where it has several."""
    whole = word.lower().strip("_")
    pattern = _PART if word.isascii() else _PART_OF_OTHER_SCRIPTS
    parts = [part.lower() for part in pattern.findall(word) if len(part) >= _SHORTEST]
    if len(parts) <= 1:
        return (whole,) if len(whole) >= _SHORTEST else ()
    return (whole, *parts)
