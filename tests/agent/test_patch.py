"""Changes of a sandbox as a patch."""

import subprocess
from pathlib import Path

from agent.patch import read_patch
from tests.agent.conftest import FILES, FolderSandbox, build_repository


def test_a_patch_makes_the_same_tree_elsewhere(
    sandbox: FolderSandbox, tmp_path: Path
) -> None:
    sandbox.write("shop/prices.py", b"def total(items):\n    return max(items)\n")
    sandbox.write("new name.bin", bytes(range(256)))
    (sandbox.folder / "docs" / "orders.md").unlink()
    sandbox.run("git add shop/prices.py")

    patch = read_patch(sandbox)

    assert patch is not None
    other = tmp_path / "other"
    build_repository(other, FILES)
    subprocess.run(["git", "-C", other, "apply"], input=patch.encode(), check=True)
    assert (other / "shop" / "prices.py").read_bytes() == sandbox.read("shop/prices.py")
    assert (other / "new name.bin").read_bytes() == bytes(range(256))
    assert not (other / "docs" / "orders.md").exists()


def test_nothing_changed_is_an_empty_patch(sandbox: FolderSandbox) -> None:
    assert read_patch(sandbox) == ""


def test_a_repository_that_the_agent_broke_has_no_patch(sandbox: FolderSandbox) -> None:
    sandbox.run("rm -rf .git")

    assert read_patch(sandbox) is None
