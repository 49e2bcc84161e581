"""What the offline judge looks at: words of a title, and the shape of a change."""

import math
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from tasks.pull_requests import FileStatus, PullRequest

__all__ = ["describe_change"]

_PREFIX = re.compile(
    r"^\W*(?P<word>[a-z]+)\s*(?:\([^)]*\))?\s*[:\]]\s*(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_WORD = re.compile(r"[a-z][a-z_+-]*[a-z]")
_FAMILIES: Mapping[str, str] = {
    "add": "add adds added adding allow allows allowing support supports supporting "
    "implement implements implementing introduce introduces enable enables feat "
    "feature new create expose provide ability",
    "fix": "fix fixes fixed fixing bug bugs bugfix error errors crash issue resolve "
    "prevent correct correctly broken handle workaround typo typos hotfix missing",
    "rework": "refactor refactors refactored ref cleanup clean simplify move moves "
    "rename renames renamed change changes replace replaces rework reworked "
    "restructure split extract unify use using switch convert improve improvements "
    "optimize optimized tweak style format lint mypy typing types repurpose",
    "remove": "remove removes removed drop drops dropped delete deprecate deprecated "
    "revert reverts unused redundant",
    "release": "release version bump update updates updated upgrade upgrades pin "
    "frontend dependency dependencies changelog",
    "draft": "wip draft initial prototype experiment experimental experiments stash "
    "start started part phase stage try attempt baseline followup follow-up again "
    "last also some other more misc various",
    "quality": "test tests testing ci coverage docs doc documentation readme comment "
    "comments warnings",
    "part": "option options flag flags argument command parameter param setting config "
    "node nodes model provider api method class plugin mode cli",
}
_REFERENCE = re.compile(r"(?:^|[\s(])(?:#\d+|gh-\d+|https?://\S+/(?:issues|pull)/\d+)")
_CLOSES = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+\S*#?\d", re.I)
_LONG_TITLE = 4


def describe_change(pull_request: PullRequest) -> dict[str, float]:
    """Features of a pull request by name; those that are absent count as 0."""
    return (
        _describe_title(pull_request.title)
        | _describe_body(pull_request.body)
        | _describe_shape(pull_request)
    )


def _describe_title(title: str) -> dict[str, float]:
    features = {"always": 1.0}
    match = _PREFIX.match(title)
    if match:
        features |= {f"prefix:{name}": 1.0 for name in _families([match["word"]])}
        features["prefix"] = 1.0
    words = _WORD.findall((match["rest"] if match else title).lower())
    features |= {f"title:{name}": 1.0 for name in _families(words)}
    features |= {f"first:{name}": 1.0 for name in _families(words[:1])}
    features["title words"] = math.log1p(len(words))
    features["title is short"] = float(len(words) < _LONG_TITLE)
    features["title refers"] = float(bool(_REFERENCE.search(title)))
    features["title closes"] = float(bool(_CLOSES.search(title)))
    features["title names code"] = float(bool(re.search(r"`|--\w|\w_\w|\w\(", title)))
    return features


def _describe_body(body: str) -> dict[str, float]:
    words = _WORD.findall(body.lower())
    lines = [line for line in body.splitlines() if line.strip()]
    bullets = sum(line.lstrip().startswith("* ") for line in lines)
    features = {f"body:{n}": c / (len(words) or 1) for n, c in _counts(words).items()}
    features["body words"] = math.log1p(len(words)) / 3
    features["body refers"] = float(bool(_REFERENCE.search(body)))
    features["body closes"] = float(bool(_CLOSES.search(body)))
    features["body is a log"] = bullets / (len(lines) or 1)
    return features


def _describe_shape(pull_request: PullRequest) -> dict[str, float]:
    files = pull_request.changed_files
    count = len(files) or 1
    statuses = [file.status for file in files]
    paths = [PurePosixPath(file.filename) for file in files]
    tests = sum("test" in str(path).lower() for path in paths)
    code = sum(path.suffix in {".py", ".js", ".ts"} for path in paths)
    docs = sum(path.suffix in {".md", ".rst", ".txt"} for path in paths)
    return {
        "files": math.log(count),
        "many files": float(count >= 20),  # noqa: PLR2004
        "added": statuses.count(FileStatus.ADDED) / count,
        "adds a file": float(FileStatus.ADDED in statuses),
        "removed": statuses.count(FileStatus.REMOVED) / count,
        "renamed": statuses.count(FileStatus.RENAMED) / count,
        "tests": tests / count,
        "code": code / count,
        "docs": docs / count,
        "touches docs": float(docs > 0),
    }


def _families(words: list[str]) -> set[str]:
    return set(_counts(words))


def _counts(words: list[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        for name in _FAMILY_OF.get(word.lower(), ()):
            counts[name] = counts.get(name, 0) + 1
    return counts


def _invert() -> Mapping[str, tuple[str, ...]]:
    inverted: dict[str, tuple[str, ...]] = {}
    for name, words in _FAMILIES.items():
        for word in words.split():
            inverted[word] = (*inverted.get(word, ()), name)
    return inverted


_FAMILY_OF = _invert()
