"""What forges write into the messages of commits that merge a pull request."""

import re
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["FORMS", "MergeMessage", "clean_body", "read_merge_message"]

FORMS = (
    "merge commits of GitHub, GitLab, Gitea, Bitbucket and Azure, and commits whose "
    "subject ends in (#N)"
)
"""What is looked for, in a sentence."""


@dataclass(frozen=True, slots=True)
class MergeMessage:
    """A message that names the pull request it merged."""

    number: int
    title: str
    body: str
    login: str | None = None
    """Owner of the branch, where the message names one."""


_SUFFIX = re.compile(r"\s*\((?:#|GH-|gh-|!)(\d{1,9})\)\s*$")
_GITHUB = re.compile(r"Merge pull request #(\d{1,9}) from ([^/\s]+)/(\S+)\s*$")
_GITHUB_BARE = re.compile(r"Merge (?:pull request|PR) #(\d{1,9})\b:?\s*(.*)$")
_GITEA = re.compile(
    r"Merge pull request ['\"](.+)['\"] \([#!](\d{1,9})\) from (?:([^/\s]+)/)?\S+ into "
)
_BITBUCKET = re.compile(r"Merged in \S+ \(pull request #(\d{1,9})\)\s*$")
_STASH = re.compile(r"Merge pull request #(\d{1,9}) in \S+ from (?:\S+:)?(\S+) to \S+$")
_BITBUCKET_SERVER = re.compile(r"Pull request #(\d{1,9}): (.+)$")
_BITBUCKET_BRANCHES = re.compile(r"^Merge in \S+ from \S+ to \S+\s*$", re.MULTILINE)
_AZURE = re.compile(r"Merged PR (\d{1,9}): (.+)$")
_GITLAB_TRAILER = re.compile(
    r"^See merge request (?:\S*!|https?://\S+/merge_requests/)(\d{1,9})\s*$",
    re.MULTILINE,
)
_GITLAB_SUBJECT = re.compile(r"Merge branch '.+'")
_TRAILER = re.compile(
    r"^(?:Co-authored-by|Signed-off-by|Reviewed-by|Acked-by|Tested-by|Change-Id|"
    r"PR-URL|Reviewed-on|Approved-by|Merged-by|See merge request)\b.*$",
    re.IGNORECASE | re.MULTILINE,
)


def read_merge_message(message: str, *, is_merge: bool) -> MergeMessage | None:
    """Read a message; None where it names no pull request that it merged.

    Args:
        message: A commit's whole message.
        is_merge: Whether the commit has several parents; some forms need that.
    """
    subject, _, rest = message.lstrip("\n").partition("\n")
    subject = subject.strip()
    readers = (_READERS if is_merge else ()) + _SINGLE_READERS
    for read in readers:
        found = read(subject, rest)
        if found is not None:
            return found
    return None


def clean_body(text: str) -> str:
    """A body without trailers, which say who, not what."""
    text = _TRAILER.sub("", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _read_github(subject: str, rest: str) -> MergeMessage | None:
    match = _GITHUB.match(subject)
    if match is None:
        return None
    title, body = _first_line(rest)
    title = title or _words(match[3])
    return MergeMessage(int(match[1]), title, body, login=match[2])


def _words(branch: str) -> str:
    return re.sub(r"[-_/]+", " ", branch)


def _read_github_bare(subject: str, rest: str) -> MergeMessage | None:
    match = _GITHUB_BARE.match(subject)
    if match is None:
        return None
    if match[2]:
        return MergeMessage(int(match[1]), match[2], clean_body(rest))
    title, body = _first_line(rest)
    return MergeMessage(int(match[1]), title or subject, body)


def _read_gitea(subject: str, rest: str) -> MergeMessage | None:
    match = _GITEA.match(subject)
    if match is None:
        return None
    return MergeMessage(int(match[2]), match[1], clean_body(rest), login=match[3])


def _read_bitbucket(subject: str, rest: str) -> MergeMessage | None:
    match = _BITBUCKET.match(subject)
    if match is None:
        return None
    title, body = _first_line(rest)
    return MergeMessage(int(match[1]), title or subject, body)


def _read_stash(subject: str, rest: str) -> MergeMessage | None:
    """Bitbucket Server, as it was before its fifth version: it gives no title."""
    match = _STASH.match(subject)
    if match is None:
        return None
    return MergeMessage(int(match[1]), _words(match[2]), clean_body(rest))


def _read_bitbucket_server(subject: str, rest: str) -> MergeMessage | None:
    match = _BITBUCKET_SERVER.match(subject)
    if match is None or not _BITBUCKET_BRANCHES.search(rest):
        return None
    body = clean_body(_BITBUCKET_BRANCHES.sub("", rest))
    return MergeMessage(int(match[1]), match[2], body)


def _read_azure(subject: str, rest: str) -> MergeMessage | None:
    match = _AZURE.match(subject)
    return MergeMessage(int(match[1]), match[2], clean_body(rest)) if match else None


def _read_gitlab(subject: str, rest: str) -> MergeMessage | None:
    match = _GITLAB_TRAILER.search(rest)
    if match is None:
        return None
    if not _GITLAB_SUBJECT.match(subject):  # a squash: its subject is the title
        return MergeMessage(int(match[1]), subject, clean_body(rest))
    title, body = _first_line(rest)
    return MergeMessage(int(match[1]), title or subject, body)


def _read_suffix(subject: str, rest: str) -> MergeMessage | None:
    match = _SUFFIX.search(subject)
    if match is None:
        return None
    title = subject[: match.start()].strip()
    return MergeMessage(int(match[1]), title or subject, clean_body(rest))


def _first_line(text: str) -> tuple[str, str]:
    line, _, rest = clean_body(text).partition("\n")
    return line.strip(), rest.strip()


_Reader = Callable[[str, str], MergeMessage | None]
_READERS: tuple[_Reader, ...] = (
    _read_github,
    _read_gitea,
    _read_stash,
    _read_github_bare,
)
_SINGLE_READERS: tuple[_Reader, ...] = (
    _read_bitbucket,
    _read_bitbucket_server,
    _read_azure,
    _read_gitlab,
    _read_suffix,
)
