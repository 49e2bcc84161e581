"""What a description is about: its words, by weight, and the paths that it names."""

import re
from collections import defaultdict
from collections.abc import Iterable

from agent.code_tokens import identifiers, split_identifier

__all__ = ["named_paths", "stem", "weigh_terms", "words"]

_TITLE_WEIGHT = 2.0
_BODY_WEIGHT = 1.0
_CODE_WEIGHT = 1.5
"""Factor for what is written like code: `quoted`, snake_case, CamelCase, --option."""
_SHORTEST_TERM = 3
_PATH = re.compile(r"(?:[\w.-]+/)*[\w-][\w.-]*\.[A-Za-z]{1,5}\b")
_QUOTED = re.compile(r"`([^`\n]{2,80})`")
_OPTION = re.compile(r"--([a-z][\w-]+)")
_SUFFIXES = ("ations", "ation", "ings", "ing", "ers", "ies", "ed", "er", "es", "s")
_SHORTEST_STEM = 4

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


def weigh_terms(title: str, body: str) -> dict[str, float]:
    """Terms of a description in lower case, each with its weight, heaviest first."""
    weights: dict[str, float] = defaultdict(float)
    for text, weight in ((title, _TITLE_WEIGHT), (body, _BODY_WEIGHT)):
        for term in dict.fromkeys(words(text)):
            weights[term] += weight
    code_like = _code_like(f"{title}\n{body}")
    for term in list(weights):
        if term in code_like:
            weights[term] *= _CODE_WEIGHT
    order = {term: position for position, term in enumerate(weights)}
    ranked = sorted(weights, key=lambda term: (-weights[term], order[term]))
    return {term: weights[term] for term in ranked}


def words(text: str) -> list[str]:
    """The words of a text that can tell files apart, identifiers whole and split."""
    return [
        token
        for word in identifiers(text)
        for token in split_identifier(word)
        if len(token) >= _SHORTEST_TERM and token not in _COMMON
    ]


def named_paths(text: str) -> list[str]:
    """What looks like a file's path or name."""
    return list(dict.fromkeys(_PATH.findall(text)))


def stem(word: str) -> str:
    """A word without its ending, so that `models` meets `model`."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            return word[: -len(suffix)]
    return word


def _code_like(text: str) -> frozenset[str]:
    """Terms that the text writes as code."""
    spelled: Iterable[str] = (*_QUOTED.findall(text), *_OPTION.findall(text))
    mixed = (
        word
        for word in identifiers(text)
        if "_" in word.strip("_")
        or (word[1:] != word[1:].lower() and not word.isupper())
    )
    return frozenset(token for word in (*spelled, *mixed) for token in words(word))
