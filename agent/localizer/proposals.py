"""Pull requests that a sleep phase studied, as examples beside the past."""

from collections.abc import Sequence

from agent.localizer.changes import Change
from agent.localizer.diffs import ChangeDiff, ChangedPath, Patch
from agent.localizer.index import freeze
from agent.localizer.localizer import Localizer
from tasks.pull_requests import ChangedFile, FileStatus, PullRequest

__all__ = ["taught_by"]

_STATUS = {
    FileStatus.ADDED: "A",
    FileStatus.MODIFIED: "M",
    FileStatus.REMOVED: "D",
    FileStatus.RENAMED: "R",
}


def taught_by(localizer: Localizer, pulls: Sequence[PullRequest]) -> Localizer:
    """The same past with pull requests after it, which leave the tree alone.

    Args:
        localizer: Of the base commit.
        pulls: What may be known of; whoever calls answers for their time.
    """
    if not pulls:
        return localizer
    journal = localizer.index.as_journal()
    now = journal.changes[-1].time if journal.changes else 0
    for pull in pulls:
        change = Change(
            commit=pull.head_commit or pull.base_commit,
            parent=pull.base_commit,
            time=now,
            title=pull.title,
            body=pull.body,
            number=pull.pr_number,
            is_head=True,
        )
        journal.add(change, _diff_of(pull.changed_files))
    journal.flush()
    return localizer.with_index(freeze(journal))


def _diff_of(files: Sequence[ChangedFile]) -> ChangeDiff:
    paths = tuple(ChangedPath(one.filename, _STATUS[one.status]) for one in files)
    patches = []
    for one in files:
        # Only words are read off it, so what is no text may go.
        text = (one.patch or "").encode(errors="replace")
        lines = [line + b"\n" for line in text.split(b"\n")]
        patches.append(
            Patch(
                path=one.filename,
                added=[line[1:] for line in lines if line[:1] == b"+"],
                removed=[line[1:] for line in lines if line[:1] == b"-"],
            )
        )
    return ChangeDiff(paths, tuple(patches))
