"""From drafts to candidates: pull requests that touch enough files to be a task.

The paper keeps those that change at least three files ending in `.py` or `.js`
(arXiv 2504.13171, appendix D). Every other one is left out with its reason.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from tasks.commit_messages import CommitMessage, read_commit_messages
from tasks.drafts import Draft, Kind, Rejection
from tasks.git_program import run_git
from tasks.merge_messages import MergeMessage, clean_body, read_merge_message
from tasks.obtaining import is_url
from tasks.pull_requests import ChangedFile, FileStatus, PullRequest
from tasks.repository import Repository
from tasks.times import format_time
from tasks.tree_pairs import Comparison, compare_pairs

__all__ = [
    "Candidates",
    "Threshold",
    "is_named_by_forge",
    "name_address",
    "name_repository",
    "remote_address",
    "select_candidates",
]


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a pull request must touch."""

    minimum_files: int = 3
    """Changed files with one of the suffixes, whatever happened to them."""
    suffixes: tuple[str, ...] = (".py", ".js")

    def objection(self, files: Sequence[ChangedFile]) -> str | None:
        """Why files like these are not enough; None where they are."""
        count = sum(file.filename.endswith(self.suffixes) for file in files)
        if count < self.minimum_files:
            kinds = "/".join(self.suffixes)
            return (
                f"changes {count} {kinds} files of the {self.minimum_files} asked for"
            )
        if not any(file.status is FileStatus.MODIFIED for file in files):
            return "modifies no file, so there is nothing to find"
        return None


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pull requests that pass the threshold, by number."""

    pull_requests: tuple[PullRequest, ...]
    rejections: tuple[Rejection, ...]


def select_candidates(
    repository: Repository,
    drafts: Sequence[Draft],
    repo: str,
    threshold: Threshold | None = None,
) -> Candidates:
    """Read the files of drafts, and describe those that touch enough.

    Args:
        repository: Where they were found.
        drafts: What `find_pull_requests` found.
        repo: Name of the repository, `owner/name`, for the rows.
        threshold: What is enough; None takes the paper's.

    Raises:
        RepositoryError: A message cannot be read.
    """
    enough = threshold or Threshold()
    kept: list[tuple[Draft, Comparison]] = []
    rejections: list[Rejection] = []
    pairs = [(draft.base, draft.head) for draft in drafts]
    for draft, compared in zip(drafts, compare_pairs(repository, pairs), strict=True):
        reason = compared.problem or enough.objection(compared.files)
        if reason is None:
            kept.append((draft, compared))
        else:
            told = draft.merge or draft.head
            stage = "mine" if compared.problem else "count"
            rejections.append(Rejection(draft.number, told, reason, stage=stage))
    commits = _describing_commits([draft for draft, _ in kept])
    messages = read_commit_messages(repository, commits)
    pull_requests = tuple(_describe(*one, repo, messages) for one in kept)
    return Candidates(pull_requests, tuple(rejections))


def name_repository(repository: Repository) -> str:
    """`owner/name` as its remote has it; `local/<folder>` where it has none."""
    url = remote_address(repository)
    return _owner_and_name(url) or _local_name(repository.path.resolve().name)


def remote_address(repository: Repository) -> str:
    """Where `origin` is, without a slash at the end; empty where there is none."""
    answer = run_git(repository.git_dir, ["config", "--get", "remote.origin.url"])
    return answer.stdout.decode(errors="replace").strip().removesuffix("/")


def is_named_by_forge(url: str) -> bool:
    """Whether an address names `owner/name` on another machine.

    The name of any other is made up here, and may be somebody else's there.
    """
    is_elsewhere = is_url(url) and not url.startswith("file://")
    return is_elsewhere and _owner_and_name(url) is not None


def name_address(url: str) -> str:
    """`owner/name` as a URL ends; `local/<folder>` of one on this machine.

    A path to the same repository, where it has no remote, is named alike.
    """
    place = url.removesuffix("/")
    folder = unquote(re.split("[/:]", place)[-1])
    if place.startswith("file://"):
        return _local_name(folder)
    return _owner_and_name(place) or _local_name(folder)


def _owner_and_name(url: str) -> str | None:
    match = re.search(r"[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?$", url)
    if match is None or match[1] in {".", ".."}:
        return None
    return f"{match[1]}/{match[2]}"


def _local_name(folder: str) -> str:
    kept = re.sub(r"[^\w.-]+", "-", folder.removesuffix(".git"))
    return f"local/{kept or 'repository'}"


def _describing_commits(drafts: Sequence[Draft]) -> list[str]:
    commits = []
    for draft in drafts:
        commits.append(draft.merge or draft.head)
        commits.extend(draft.own_commits)
    return commits


def _describe(
    draft: Draft,
    compared: Comparison,
    repo: str,
    messages: Mapping[str, CommitMessage],
) -> PullRequest:
    told = messages[draft.merge or draft.head]
    text = _describe_text(draft, messages)
    return PullRequest(
        repo=repo,
        pr_number=draft.number,
        title=text.title,
        body=text.body,
        base_commit=draft.base,
        changed_files=tuple(sorted(compared.files, key=lambda file: file.filename)),
        head_commit=draft.head,
        user_login=text.login,
        state=None if draft.merge is None else "closed",
        merged_at=None if draft.merge is None else format_time(told.committed),
        merge_commit=draft.merge,
        extra={"kind": draft.kind.value},
    )


def _describe_text(draft: Draft, messages: Mapping[str, CommitMessage]) -> MergeMessage:
    """Title and body as the merge tells them, or else as the branch's commits do."""
    told = messages[draft.merge or draft.head]
    is_merge = draft.kind is Kind.MERGE
    found = read_merge_message(told.text, is_merge=is_merge)
    if found is not None and found.number == draft.number and found.title:
        return found
    own = [messages[commit] for commit in draft.own_commits] or [told]
    later = [f"* {message.subject}" for message in own[1:]]
    body = "\n\n".join(filter(None, [own[0].body, "\n".join(later)]))
    return MergeMessage(draft.number, own[0].subject, clean_body(body))
