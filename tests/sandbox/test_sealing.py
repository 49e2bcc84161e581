import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox.errors import SealError
from sandbox.sealing import SealedDirectory, list_entries, seal
from tests.sandbox.histories import History, build_history, commit_all, git


def all_objects(tree: Path) -> set[str]:
    listed = git(tree, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    return set(listed.split())


def owned(sealed: SealedDirectory, folder: Path) -> Path:
    """A copy that plain git takes for our own."""
    target = folder / "copy"
    shutil.copytree(sealed.tree, target, symlinks=True)
    return target


def test_store_holds_exactly_what_the_base_reaches(
    sealed: SealedDirectory, history: History, tmp_path: Path
) -> None:
    reached = {
        line.split()[0]
        for line in history.git("rev-list", "--objects", history.base).splitlines()
    }
    assert all_objects(owned(sealed, tmp_path)) == reached
    assert sealed.proof.objects == len(reached)
    assert sealed.proof.commits == 2


@pytest.mark.parametrize("name", ["future", "side"])
def test_later_and_sideward_commits_do_not_resolve(
    sealed: SealedDirectory, history: History, tmp_path: Path, name: str
) -> None:
    assert getattr(history, name) not in all_objects(owned(sealed, tmp_path))


def test_only_tags_of_ancestors_remain_and_their_objects_do_not(
    sealed: SealedDirectory, history: History, tmp_path: Path
) -> None:
    copy = owned(sealed, tmp_path)
    assert git(copy, "tag").split() == ["v1", "v2"]
    assert git(copy, "rev-parse", "v2") == history.base


def test_checkout_is_clean_and_on_a_neutral_branch(
    sealed: SealedDirectory, tmp_path: Path
) -> None:
    copy = owned(sealed, tmp_path)
    assert git(copy, "status", "--porcelain") == ""
    assert git(copy, "branch", "-a", "--format=%(refname)") == "refs/heads/main"
    assert git(copy, "remote") == ""


def test_same_commit_is_sealed_once(history: History, tmp_path: Path) -> None:
    first = seal(history.path, history.base, tmp_path)
    inode = first.tree.stat().st_ino
    assert seal(history.path, "v2", tmp_path).tree.stat().st_ino == inode
    assert len(list_entries(tmp_path)) == 1


def test_workers_that_ask_at_once_build_once(history: History, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda _: seal(history.path, history.base, tmp_path), range(4))
        )
    assert len({sealed.path for sealed in found}) == 1
    assert list((tmp_path / "building").iterdir()) == []


def test_unknown_commit_is_refused_with_its_name(
    history: History, tmp_path: Path
) -> None:
    with pytest.raises(SealError, match="no commit 'nowhere'"):
        seal(history.path, "nowhere", tmp_path)
    with pytest.raises(SealError, match=r"no commit f{40}"):
        seal(history.path, "f" * 40, tmp_path)


def test_a_folder_that_is_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SealError, match="not a git repository"):
        seal(tmp_path, "HEAD", tmp_path / "cache")


def test_an_entry_changed_after_its_proof_is_refused(
    history: History, tmp_path: Path
) -> None:
    sealed = seal(history.path, history.base, tmp_path)
    (sealed.tree / ".git" / "objects" / "info" / "alternates").write_text("/x\n")
    with pytest.raises(SealError, match="changed after it was proved"):
        seal(history.path, history.base, tmp_path)


def test_proof_is_stored_beside_the_tree(sealed: SealedDirectory) -> None:
    stored = json.loads((sealed.path / "proof.json").read_text())
    assert stored["proof"] == sealed.proof.as_record()


def lose_blob(folder: Path, blob: str) -> None:
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()


def test_missing_blobs_are_left_out_and_named(tmp_path: Path) -> None:
    history = build_history(tmp_path / "repository")
    lost = history.git("rev-parse", f"{history.base}:data.bin")
    lose_blob(history.path, lost)
    sealed = seal(history.path, history.base, tmp_path / "cache")
    assert sealed.proof.missing_paths == ("data.bin",)
    assert sealed.proof.missing_objects == 1
    assert not (sealed.tree / "data.bin").exists()
    assert git(owned(sealed, tmp_path), "status", "--porcelain") == ""


def test_a_missing_folder_of_the_history_is_refused(tmp_path: Path) -> None:
    history = build_history(tmp_path / "repository")
    lose_blob(history.path, history.git("rev-parse", f"{history.past}:pkg"))
    with pytest.raises(SealError):
        seal(history.path, history.base, tmp_path / "cache")


def test_a_shallow_clone_is_refused(history: History, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{history.path}", str(clone))
    with pytest.raises(SealError, match="unshallow"):
        seal(clone, "HEAD", tmp_path / "cache")


def test_source_without_config_or_with_a_hostile_one_is_sealed(tmp_path: Path) -> None:
    history = build_history(tmp_path / "repository")
    marker = tmp_path / "ran"
    (history.path / ".git" / "config").write_text(
        f"[core]\n\tfsmonitor = touch {marker}\n\thooksPath = {tmp_path}\n"
        f'[filter "evil"]\n\tsmudge = touch {marker}\n'
    )
    (history.path / ".gitattributes").write_text("*.md filter=evil text eol=crlf\n")
    base = commit_all(history.path, "attributes")
    marker.unlink(missing_ok=True)
    sealed = seal(history.path, base, tmp_path / "cache")
    assert (sealed.tree / "README.md").read_bytes() == b"# Sample\n"
    assert not marker.exists()
    (history.path / ".git" / "config").unlink()
    seal(history.path, history.past, tmp_path / "cache")


def test_bare_linked_and_alternate_sources_give_the_same_seal(
    history: History, tmp_path: Path
) -> None:
    bare, shared = tmp_path / "bare", tmp_path / "shared"
    git(tmp_path, "clone", "-q", "--bare", str(history.path), str(bare))
    git(tmp_path, "clone", "-q", "-s", str(history.path), str(shared))
    history.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    sources = (history.path, bare, shared, tmp_path / "linked")
    proofs = {seal(path, history.base, tmp_path / path.name).proof for path in sources}
    assert len(proofs) == 1


def test_replacements_and_grafts_change_nothing(tmp_path: Path) -> None:
    history = build_history(tmp_path / "repository")
    history.git("replace", history.base, history.future)
    (history.path / ".git" / "info").mkdir(exist_ok=True)
    (history.path / ".git" / "info" / "grafts").write_text(
        f"{history.base} {history.future}\n"
    )
    sealed = seal(history.path, history.base, tmp_path / "cache")
    assert sealed.proof.commits == 2
    assert "future" not in (sealed.tree / "pkg" / "core.py").read_text()
