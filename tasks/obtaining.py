"""Get hold of a repository that is named by a path or by a URL."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.errors import CacheError, RepositoryError
from tasks.repository import Repository

__all__ = [
    "cache_folder",
    "check_cache",
    "clones_folder",
    "is_url",
    "obtain",
    "open_repositories",
]

# `ext::` and other remote helpers run commands, so only plain transports are a URL.
_URL = re.compile(r"(https?|ssh|git|file)://.+|[\w.-]+@[\w.-]+:.+")
_NAMED = re.compile(r"(?P<name>[\w.-]+(/[\w.-]+)+)=(?P<place>.+)")
_REFS = (
    "+refs/heads/*:refs/heads/*",
    "+refs/tags/*:refs/tags/*",
    "+refs/pull/*/head:refs/pull/*/head",
    "+refs/merge-requests/*/head:refs/merge-requests/*/head",
)

_ELSEWHERE = frozenset(
    f"GIT_{name}"
    for name in (
        "ALTERNATE_OBJECT_DIRECTORIES",
        "COMMON_DIR",
        "DIR",
        "GRAFT_FILE",
        "IMPLICIT_WORK_TREE",
        "INDEX_FILE",
        "NAMESPACE",
        "OBJECT_DIRECTORY",
        "PREFIX",
        "SHALLOW_FILE",
        "WORK_TREE",
    )
)
"""Variables that a hook of git has, and that name another repository than the clone."""


def is_url(path_or_url: str) -> bool:
    """Whether the text names a repository elsewhere, not a path of this machine."""
    return _URL.fullmatch(path_or_url) is not None


def obtain(path_or_url: str | Path, cache: Path) -> Path:
    """Path of the repository; one that is named by a URL is cloned below `cache` first.

    The clone is bare and holds branches, tags and the heads of pull and merge requests.
    A clone that is there already is used as it is: delete it to get a newer one.

    Raises:
        RepositoryError: The clone failed.
        CacheError: Nothing can be written below `cache`.
    """
    text = str(path_or_url)
    if not is_url(text):
        return Path(path_or_url)
    target = cache / _clone_name(text)
    if target.exists():
        return target
    check_cache(cache)
    partial = cache / f".{target.name}.{os.getpid()}"
    try:
        _clone(text, partial)
        partial.rename(target)
    except OSError:
        if not target.exists():  # otherwise another process was first, which is as good
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _clone_name(url: str) -> str:
    """A readable folder name, one for each URL, without any password in it."""
    place = re.sub(r"^\w+://([^/@]+@)?", "", url)
    readable = re.sub(r"[^\w.-]+", "-", place).strip("-.")[-80:]
    return f"{readable}-{hashlib.sha256(url.encode()).hexdigest()[:8]}.git"


def _clone(url: str, target: Path) -> None:
    _run(url, ["init", "--quiet", "--bare", str(target)])
    _run(url, ["-C", str(target), "fetch", "--quiet", "--no-tags", url, *_REFS])
    _point_head(url, target)


def _point_head(url: str, clone: Path) -> None:
    """Make the clone's HEAD the branch that is the remote's."""
    answer = _run(url, ["ls-remote", "--symref", url, "HEAD"])
    match = re.match(r"ref: (refs/heads/\S+)\tHEAD", answer)
    if match:
        _run(url, ["-C", str(clone), "symbolic-ref", "HEAD", match[1]])


def _run(url: str, arguments: list[str]) -> str:
    kept = {name: v for name, v in os.environ.items() if name not in _ELSEWHERE}
    try:
        answer = subprocess.run(
            ["git", "-c", "core.hooksPath=/dev/null", *arguments],
            env=kept | {"GIT_TERMINAL_PROMPT": "0"},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        message = "the git program is not installed: install git and repeat"
        raise RepositoryError(message) from error
    if answer.returncode:
        lines = answer.stderr.strip().splitlines() or ["no message"]
        shown = re.sub(r"//[^/@\s]+@", "//", url)
        message = f"cannot clone {shown}: {lines[-1]}; check the address, or clone it"
        raise RepositoryError(message)
    return answer.stdout


def cache_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Where things are kept that can be made again.

    `SWE_FEATURES_CACHE`, or `swe-features` in the user's cache folder.

    Args:
        environment: Where the variables are; None takes this process's own.

    Raises:
        CacheError: Neither is named, and the user has no home folder.
    """
    environment = os.environ if environment is None else environment
    if named := environment.get("SWE_FEATURES_CACHE"):
        return Path(named)
    base = environment.get("XDG_CACHE_HOME")
    if base:
        return Path(base) / "swe-features"
    try:
        return Path.home() / ".cache" / "swe-features"
    except RuntimeError as error:  # a user without HOME and without an entry
        message = "this user has no home folder: name one by SWE_FEATURES_CACHE"
        raise CacheError(message) from error


def check_cache(cache: Path, option: str = "SWE_FEATURES_CACHE") -> None:
    """Make the folder of a cache, and try whether it can be written.

    Args:
        cache: The folder.
        option: What names another one: the variable, or an option of a command.

    Raises:
        CacheError: It cannot.
    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            pass
    except OSError as error:
        message = (
            f"cannot write to the cache {cache} ({error.strerror}): "
            f"name another folder by {option}"
        )
        raise CacheError(message) from error


def clones_folder() -> Path:
    """Where clones are kept of what was named by a URL."""
    return cache_folder() / "repositories"


def open_repositories(
    named: Sequence[str], cache: Path
) -> Mapping[str, Repository] | Repository:
    """Open what the command line names: one clone, or `owner/name=CLONE` for several.

    Raises:
        RepositoryError: One of them cannot be opened, or only some have a name.
    """
    if len(named) == 1 and not _NAMED.fullmatch(named[0]):
        return Repository.open(obtain(named[0], cache))
    opened: dict[str, Repository] = {}
    for item in named:
        match = _NAMED.fullmatch(item)
        if match is None:
            message = f"several repositories need names: write owner/name={item}"
            raise RepositoryError(message)
        opened[match["name"]] = Repository.open(obtain(match["place"], cache))
    return opened
