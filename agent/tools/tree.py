"""The files of the base commit, as the host listed them before the agent began."""

from difflib import get_close_matches
from pathlib import PurePosixPath

from sandbox.contract import Sandbox
from sandbox.errors import SandboxLostError

__all__ = ["Tree"]

_LISTING_LIMIT_BYTES = 64 * 1024 * 1024


class Tree:
    """Which paths exist at the base commit. Changes of the agent do not reach it."""

    def __init__(self, paths: frozenset[str]) -> None:
        self.paths = paths

    @classmethod
    def of(cls, sandbox: Sandbox) -> "Tree":
        """List the tree of a sandbox in which nothing has been changed yet.

        Raises:
            SandboxLostError: The listing failed.
        """
        result = sandbox.run(
            "git ls-files -z --cached", output_limit_bytes=_LISTING_LIMIT_BYTES
        )
        if result.exit_code != 0 or result.omitted_bytes:
            said = result.stderr.decode("utf-8", errors="replace").strip()[:200]
            msg = (
                f"the sandbox's files cannot be listed (exit {result.exit_code}: "
                f"{said!r}): open a fresh sandbox"
            )
            raise SandboxLostError(msg)
        names = result.stdout.decode("utf-8", errors="surrogateescape").split("\0")
        return cls(frozenset(name for name in names if name))

    def normalize(self, path: str) -> str:
        """The tree's own spelling of a path: without `./`, doubled or final slashes."""
        stripped = path.strip()
        candidate = path if path in self.paths else stripped
        return PurePosixPath(candidate).as_posix()

    def similar_to(self, path: str, *, limit: int = 3) -> list[str]:
        """Paths that may have been meant: the same file name, or a close spelling."""
        name = PurePosixPath(path).name
        same_name = sorted(p for p in self.paths if PurePosixPath(p).name == name)
        if same_name:
            return same_name[:limit]
        return get_close_matches(path, sorted(self.paths), n=limit, cutoff=0.75)
