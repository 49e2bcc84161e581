"""The files of the base commit, as the host listed them before the agent began."""

import posixpath
from difflib import get_close_matches
from pathlib import PurePosixPath

from sandbox.contract import Sandbox
from sandbox.errors import SandboxLostError

__all__ = ["Tree"]

_LISTING_LIMIT_BYTES = 64 * 1024 * 1024


class Tree:
    """Which paths exist at the base commit. Changes of the agent do not reach it."""

    def __init__(self, paths: frozenset[str], root: str = "/") -> None:
        """Know these paths.

        Args:
            paths: POSIX paths from the repository root.
            root: Where that is for commands in the sandbox.
        """
        self.paths = paths
        self._root = root.rstrip("/")

    @classmethod
    def of(cls, sandbox: Sandbox) -> "Tree":
        """List the tree of a sandbox in which nothing has been changed yet.

        Raises:
            SandboxLostError: The listing failed.
        """
        result = sandbox.run(
            "pwd && git ls-files -z --cached", output_limit_bytes=_LISTING_LIMIT_BYTES
        )
        if result.exit_code != 0 or result.omitted_bytes:
            said = result.stderr.decode("utf-8", errors="replace").strip()[:200]
            msg = (
                f"the sandbox's files cannot be listed (exit {result.exit_code}: "
                f"{said!r}): open a fresh sandbox"
            )
            raise SandboxLostError(msg)
        said = result.stdout.decode("utf-8", errors="surrogateescape")
        root, _, listing = said.partition("\n")
        return cls(frozenset(name for name in listing.split("\0") if name), root)

    def normalize(self, path: str) -> str:
        """The tree's own spelling of a path: relative, without `.`, `..` or `//`."""
        candidate = path if path in self.paths else path.strip()
        absolute = posixpath.normpath(posixpath.join(f"{self._root}/", candidate))
        if absolute.startswith(f"{self._root}/"):
            return absolute.removeprefix(f"{self._root}/")
        return candidate

    def similar_to(self, path: str, *, limit: int = 3) -> list[str]:
        """Paths that may have been meant: the same file name, or a close spelling."""
        name = PurePosixPath(path).name
        same_name = sorted(p for p in self.paths if PurePosixPath(p).name == name)
        if same_name:
            return same_name[:limit]
        return get_close_matches(path, sorted(self.paths), n=limit, cutoff=0.75)
