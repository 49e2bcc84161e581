import fcntl
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox.errors import SealError, SourceError
from sandbox.proving import prove
from sandbox.sealing import SealedDirectory, list_entries, seal
from sandbox.verification import verify_entries
from tests.sandbox.histories import (
    History,
    build_history,
    commit_all,
    git,
)


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


def test_a_cache_may_be_named_by_a_relative_path(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`SWE_FEATURES_CACHE=cache` broke every cell: git looked for it elsewhere."""
    monkeypatch.chdir(tmp_path)
    found = seal(history.path, history.base, Path("relative"))
    assert (found.tree / "README.md").is_file()
    assert found.path.is_relative_to(tmp_path / "relative")


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


def test_what_a_killed_build_left_is_swept_and_a_running_one_is_not(
    history: History, tmp_path: Path
) -> None:
    seal(history.path, history.base, tmp_path)
    left, running = (tmp_path / "building" / f"{c * 32}-1" for c in "ab")
    for draft in (left, running):
        (draft / "tree").mkdir(parents=True)
    with (tmp_path / "locks" / ("b" * 32)).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        seal(history.path, history.past, tmp_path)
    assert list((tmp_path / "building").iterdir()) == [running]


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
    with pytest.raises(SourceError, match="unshallow"):
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


def test_histories_that_overlap_share_packs_and_files(
    history: History, tmp_path: Path
) -> None:
    older = seal(history.path, history.past, tmp_path)
    newer = seal(history.path, history.base, tmp_path)
    packs = ".git/objects/pack"
    shared = {path.name for path in (older.tree / packs).iterdir()}
    assert shared < {path.name for path in (newer.tree / packs).iterdir()}
    same = ("README.md", "pkg/core.py")
    assert [(older.tree / name).stat().st_ino for name in same] == [
        (newer.tree / name).stat().st_ino for name in same
    ]
    assert verify_entries(tmp_path, reads_all=True)[1].complaint is None


def test_an_object_too_many_is_found_when_proved_again(
    history: History, tmp_path: Path
) -> None:
    sealed = seal(history.path, history.base, tmp_path)
    later = seal(history.path, history.future, tmp_path / "other")
    for path in (later.tree / ".git" / "objects" / "pack").iterdir():
        shutil.copy(path, sealed.tree / ".git" / "objects" / "pack")
    with pytest.raises(SealError, match="objects that it does not reach"):
        prove(sealed.tree / ".git", history.base)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("hooks/post-checkout", "#!/bin/sh\n"),
        ("logs/HEAD", "x"),
        ("objects/info/alternates", "/elsewhere/objects\n"),
        ("info/grafts", "x"),
        ("refs/replace/x", "x"),
        ("refs/heads/other", "x"),
        ("config", "[include]\n\tpath = /x\n"),
        ("HEAD", "ref: refs/heads/other\n"),
        ("packed-refs", "f" * 40 + " refs/tags/later\n"),
    ],
)
def test_a_file_that_the_seal_would_not_write_is_found(
    history: History, tmp_path: Path, name: str, content: str
) -> None:
    sealed = seal(history.path, history.base, tmp_path)
    path = sealed.tree / ".git" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    with pytest.raises(SealError, match="does not hold"):
        prove(sealed.tree / ".git", history.base)


def test_an_edited_tree_is_found_when_verified(
    history: History, tmp_path: Path
) -> None:
    sealed = seal(history.path, history.base, tmp_path)
    (sealed.tree / "README.md").write_text("# Simple\n")
    (verdict,) = verify_entries(tmp_path)
    assert verdict.complaint is not None
    assert "README.md" in verdict.complaint


def test_a_tag_written_after_the_base_is_left_out(tmp_path: Path) -> None:
    """Of an annotated tag it is known when it was made; its name tells the future."""
    history = build_history(tmp_path / "repository")
    history.git("tag", "-a", "in-time", "-m", "x", history.past)
    git(
        history.path,
        "tag",
        "-a",
        "late",
        "-m",
        "x",
        history.past,
        seconds=1_800_000_000,
    )
    sealed = seal(history.path, history.base, tmp_path / "cache")
    tags = (sealed.tree / ".git" / "packed-refs").read_text()
    assert "refs/tags/in-time" in tags
    assert "refs/tags/late" not in tags


def test_repositories_with_sha256_ids_are_sealed(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init", "-q", "--object-format=sha256")
    (repository / "a.txt").write_text("a\n")
    base = commit_all(repository, "begin")
    sealed = seal(repository, base, tmp_path / "cache")
    assert len(sealed.proof.base_commit) == 64
    copy = owned(sealed, tmp_path)
    assert git(copy, "status", "--porcelain") == ""


def test_submodules_and_large_file_pointers_fetch_nothing(tmp_path: Path) -> None:
    history = build_history(tmp_path / "repository")
    entry = f"160000,{history.past},vendor/lib"
    history.git("update-index", "--add", "--cacheinfo", entry)
    pointer = "version https://git-lfs.example/spec/v1\noid sha256:0\nsize 9\n"
    (history.path / "big.bin").write_text(pointer)
    (history.path / ".gitattributes").write_text("*.bin filter=lfs diff=lfs -text\n")
    history.git("add", "big.bin", ".gitattributes")
    history.git("commit", "-q", "-m", "pointers")
    sealed = seal(history.path, history.git("rev-parse", "HEAD"), tmp_path / "cache")
    assert (sealed.tree / "big.bin").read_text() == pointer
    assert not any((sealed.tree / "vendor" / "lib").glob("*"))
    assert verify_entries(tmp_path / "cache")[0].complaint is None


def test_names_that_git_has_to_quote_are_sealed_and_listed(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init", "-q")
    names = [
        b"new\nline", b'quo"te', b"-dash", b"caf\xe9", b"Case", b"case", b"tab\t",
        b" space ", "snow\u2603".encode(), b"back\\slash",
    ]  # fmt: skip
    for name in names:
        Path(os.fsdecode(bytes(repository) + b"/" + name)).write_bytes(name)
    outward = repository / "out"
    outward.symlink_to("/etc/passwd")
    base = commit_all(repository, "names")
    sealed = seal(repository, base, tmp_path / "cache")
    assert set(sealed.manifest()) == {*names, b"out"}
    assert (sealed.tree / "out").readlink() == Path("/etc/passwd")
    assert verify_entries(tmp_path / "cache")[0].complaint is None


def test_a_tree_that_points_out_of_itself_is_refused(tmp_path: Path) -> None:
    history = build_history(tmp_path / "repository")
    blob = history.git("rev-parse", f"{history.base}:README.md")
    inner = git(history.path, "mktree", stdin=f"100644 blob {blob}\tx\n".encode())
    tree = git(history.path, "mktree", stdin=f"040000 tree {inner}\t..\n".encode())
    commit = history.git("commit-tree", tree, "-m", "evil")
    with pytest.raises(SealError):
        seal(history.path, commit, tmp_path / "cache")
    assert list((tmp_path / "cache" / "building").iterdir()) == []


def test_a_tree_of_many_files_is_sealed_and_shared(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init", "-q")
    lines = ["commit refs/heads/main", "committer a <a@b.invalid> 1700000000 +0000"]
    lines += ["data 1", "x"]
    for number in range(4_000):
        content = f"{number}\n"
        lines += [f"M 100644 inline d{number // 50}/f{number}.txt"]
        lines += [f"data {len(content)}", content]
    stream = "\n".join(lines).encode() + b"\n"
    git(repository, "fast-import", "--quiet", stdin=stream)
    sealed = seal(repository, "main", tmp_path / "cache")
    assert len(sealed.manifest()) == 4_000
    pool = next((tmp_path / "cache").glob("blobs-*"))
    assert sum(path.is_file() for path in pool.rglob("*")) == 4_000
    assert verify_entries(tmp_path / "cache")[0].complaint is None
