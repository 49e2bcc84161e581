"""The changes of a sandbox as one patch, for whoever applies it elsewhere.

The score does not rest on it: that is the host's own comparison of the tree.
"""

from sandbox.contract import Sandbox

__all__ = ["read_patch"]

_LIMIT_BYTES = 4 * 1024 * 1024
_TIMEOUT_S = 60.0
# An index of its own: what the agent staged, or not, makes no difference.
_COMMAND = """
index=$(mktemp) && cp "$(git rev-parse --git-path index)" "$index" &&
export GIT_INDEX_FILE="$index" && git add -A &&
git -c core.quotepath=off -c diff.noprefix=false -c core.fsmonitor=false \
    diff --cached --binary --no-color --no-ext-diff --no-textconv HEAD
status=$?; rm -f "$index"; exit $status
"""


def read_patch(sandbox: Sandbox) -> str | None:
    """Everything that differs from the base commit, in git's form.

    Returns:
        None where git cannot say, because the agent broke its repository, or where the
        patch is larger than 4 MiB.
    """
    done = sandbox.run(_COMMAND, timeout_s=_TIMEOUT_S, output_limit_bytes=_LIMIT_BYTES)
    if done.exit_code or done.omitted_bytes:
        return None
    return done.stdout.decode(errors="replace")
