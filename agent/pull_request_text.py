"""A pull request as prompts show it: title, body, files, patches, each within a cap."""

from dataclasses import replace

from agent.prompting import render_prompt
from tasks.pull_requests import ChangedFile, PullRequest

__all__ = ["BODY_LIMIT", "TEMPLATE", "write_pull_request"]

TEMPLATE = "pull_request"
BODY_LIMIT = 8_000
"""Characters of a description."""
_PATCH_LIMIT = 6_000
"""Characters of one file's patch; the middle of a longer one is cut out."""
_PATCHES_LIMIT = 30_000
"""Characters of all patches of one pull request; later ones are left out."""
_FILES_LIMIT = 200
"""Files that are named; a rebased branch can touch many hundreds."""


def write_pull_request(pull: PullRequest) -> str:
    """The text of a pull request for a prompt, everything from it fenced as data."""
    files = pull.changed_files[:_FILES_LIMIT]
    shown = _within_limit(files)
    with_patch = sum(file.patch is not None for file in pull.changed_files)
    return render_prompt(
        TEMPLATE,
        number=pull.pr_number,
        title=pull.title,
        body=pull.body,
        body_limit=BODY_LIMIT,
        files=shown,
        files_count=len(pull.changed_files),
        patch_limit=_PATCH_LIMIT,
        patches_left_out=with_patch - sum(file.patch is not None for file in shown),
    )


def _within_limit(files: tuple[ChangedFile, ...]) -> list[ChangedFile]:
    """The files, without patches from where these together exceed the limit."""
    shown = []
    left = _PATCHES_LIMIT
    for file in files:
        size = min(len(file.patch or ""), _PATCH_LIMIT)
        shown.append(file if size <= left else replace(file, patch=None))
        left -= size
    return shown
