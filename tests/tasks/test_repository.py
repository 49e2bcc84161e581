import os
import shutil
from pathlib import Path

import pytest

from tasks.errors import RepositoryError
from tasks.pull_requests import ChangedFile, FileStatus
from tasks.repository import Repository
from tests.tasks.histories import History

LINES = "".join(f"line {n}\n" for n in range(20))
CANARY = "canary"


def statuses(files: tuple[ChangedFile, ...]) -> dict[str, str]:
    return {file.filename: file.status.value for file in files}


def only(files: tuple[ChangedFile, ...]) -> ChangedFile:
    (file,) = files
    return file


def test_each_kind_of_change_has_its_status(history: History) -> None:
    history.write("edited.py", LINES)
    history.write("empty.py", "")
    history.write("deleted.py", "gone\n")
    history.write("moved.py", LINES + "moved\n")
    history.write("binary.png", b"\0\1\2")
    history.write("script.sh", "echo\n")
    history.write("kind.py", "a file\n")
    history.write("case.py", "case\n")
    (history.path / "link").symlink_to("edited.py")
    base = history.commit()
    history.write("edited.py", LINES + "more\n")
    history.write("empty.py", "no longer\n")
    (history.path / "deleted.py").unlink()
    (history.path / "moved.py").rename(history.path / "away.py")
    history.write("away.py", LINES + "moved\nand edited\n")
    history.write("binary.png", b"\0\1\3")
    (history.path / "script.sh").chmod(0o755)
    (history.path / "kind.py").unlink()
    (history.path / "kind.py").symlink_to("edited.py")
    (history.path / "case.py").unlink()
    history.write("Case.py", "another case\nwith other content\n")
    (history.path / "link").unlink()
    (history.path / "link").symlink_to("empty.py")
    history.write("new.py", "new\n")
    head = history.commit()

    files = Repository.open(history.path).changed_files(base, head, patches=True)

    assert statuses(files) == {
        "Case.py": "added",
        "away.py": "renamed",
        "binary.png": "modified",
        "case.py": "removed",
        "deleted.py": "removed",
        "edited.py": "modified",
        "empty.py": "modified",
        "kind.py": "changed",
        "link": "modified",
        "new.py": "added",
        "script.sh": "changed",
    }
    by_name = {file.filename: file for file in files}
    assert by_name["away.py"].previous_filename == "moved.py"
    assert by_name["binary.png"].patch is None
    assert by_name["binary.png"].additions is None
    assert (by_name["edited.py"].additions, by_name["edited.py"].deletions) == (1, 0)
    assert by_name["edited.py"].patch is not None
    assert by_name["edited.py"].patch.startswith("@@ -18,3 +18,4 @@ line 16\n")
    assert by_name["kind.py"].patch is not None
    assert by_name["kind.py"].patch.count("@@ -") == 2


def test_a_moved_submodule_is_not_modified(history: History) -> None:
    one, two = "1" * 40, "2" * 40
    history.git("update-index", "--add", "--cacheinfo", f"160000,{one},sub")
    history.git("commit", "-q", "-m", "one")
    history.git("update-index", "--cacheinfo", f"160000,{two},sub")
    history.git("commit", "-q", "-m", "two")

    files = Repository.open(history.path).changed_files("HEAD~1", "HEAD", patches=True)

    assert only(files).status is FileStatus.CHANGED
    assert "Subproject commit" in (only(files).patch or "")


@pytest.mark.parametrize(
    "name",
    ["two\nlines.py", 'quo"te.py', "tab\there.py", "é ü.py", " b/x b/ y.py", "-n", "*"],
)
def test_any_name_survives(history: History, name: str) -> None:
    history.write(name, "one\n")
    history.write("z.py", "one\n")
    base = history.commit()
    history.write(name, "two\n")
    history.write("z.py", "two\n")
    head = history.commit()
    repository = Repository.open(history.path)

    files = repository.changed_files(base, head, patches=True)

    assert statuses(files) == {name: "modified", "z.py": "modified"}
    assert {file.patch for file in files} == {"@@ -1 +1 @@\n-one\n+two\n"}
    assert name in repository.file_paths(head)


def test_a_name_that_is_not_utf8_survives(history: History) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    history.write(name, "one\n")
    base = history.commit()
    history.write(name, "two\n")
    head = history.commit()
    repository = Repository.open(history.path)

    assert statuses(repository.changed_files(base, head, patches=True)) == {
        "caf\udce9.py": "modified"
    }
    assert repository.file_paths(head) == {"caf\udce9.py"}


def test_lines_that_look_like_headers_stay_in_their_patch(history: History) -> None:
    history.write("notes.sql", "-- a/x\n-diff --git a/y b/y\n")
    history.write("z.py", "one\n")
    base = history.commit()
    history.write("notes.sql", "++ b/x\ndiff --git a/z b/z\n@@ -1 +1 @@\n")
    history.write("z.py", "two\n")
    head = history.commit()

    files = Repository.open(history.path).changed_files(base, head, patches=True)

    assert statuses(files) == {"notes.sql": "modified", "z.py": "modified"}
    assert files[0].patch is not None
    assert files[0].patch.endswith("+@@ -1 +1 @@\n")
    assert files[1].patch == "@@ -1 +1 @@\n-one\n+two\n"


def test_a_bare_repository_without_a_config_file_is_read(
    history: History, tmp_path: Path
) -> None:
    base = history.add({"a.py": "one\n"})
    head = history.add({"a.py": "two\n"})
    bare = tmp_path / "bare"
    history.git("clone", "-q", "--bare", str(history.path), str(bare))
    (bare / "config").unlink()
    shutil.rmtree(bare / "hooks", ignore_errors=True)

    repository = Repository.open(bare)

    assert statuses(repository.changed_files(base, head, patches=True)) == {
        "a.py": "modified"
    }


def test_a_linked_work_tree_is_read(history: History, tmp_path: Path) -> None:
    base = history.add({"a.py": "one\n"})
    history.git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "other")

    assert Repository.open(tmp_path / "linked").resolve("other") == base


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_repository_of_another_user_is_read(history: History) -> None:
    base = history.add({"a.py": "one\n"})
    for path in [history.path, *history.path.rglob("*")]:
        os.chown(path, 12345, 12345, follow_symlinks=False)

    assert Repository.open(history.path).resolve("main") == base


def test_missing_contents_cost_only_their_patch(history: History) -> None:
    history.write("lost.py", LINES + "lost\n")
    history.write("kept.py", "one\n")
    history.write("moved.bin", "the very same\n")
    base = history.commit()
    history.write("lost.py", LINES + "found\n")
    history.write("kept.py", "two\n")
    (history.path / "moved.bin").rename(history.path / "there.bin")
    head = history.commit()
    history.forget(history.git("rev-parse", f"{head}:lost.py"))
    history.forget(history.git("rev-parse", f"{head}:there.bin"))

    files = Repository.open(history.path).changed_files(base, head, patches=True)

    assert statuses(files) == {
        "kept.py": "modified",
        "lost.py": "modified",
        "there.bin": "renamed",
    }
    assert [file.patch is None for file in files] == [False, True, True]
    assert files[1].additions is None


def test_a_partial_clone_is_never_filled(history: History, tmp_path: Path) -> None:
    base = history.add({"a.py": "one\n", "b.py": "x\n"})
    head = history.add({"a.py": "two\n", "b.py": "y\n"})
    history.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    source = history.path.as_uri()
    history.git("clone", "-q", "--bare", "--filter=blob:none", source, str(partial))
    before = sorted(path for path in partial.rglob("*"))

    files = Repository.open(partial).changed_files(base, head, patches=True)

    assert statuses(files) == {"a.py": "modified", "b.py": "modified"}
    assert [file.patch for file in files] == [None, None]
    assert sorted(path for path in partial.rglob("*")) == before


def test_nothing_that_the_repository_configures_runs(
    history: History, tmp_path: Path
) -> None:
    history.write(".gitattributes", "*.py diff=evil\n")
    history.write("a.py", "one\n")
    base = history.commit()
    history.write("a.py", "two\n")
    head = history.commit()
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path / CANARY}\n")
    script.chmod(0o755)
    for key in (
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "core.fsmonitor",
        "core.pager",
        "gpg.program",
        "core.sshCommand",
    ):
        history.git("config", key, str(script))
    history.git("config", "log.showSignature", "true")
    history.git("config", "diff.noprefix", "true")
    history.git("config", "diff.renames", "false")
    history.git("config", "color.ui", "always")
    (history.path / ".git" / "info").mkdir(exist_ok=True)
    (history.path / ".git" / "info" / "attributes").write_text("*.py diff=evil\n")

    repository = Repository.open(history.path)
    files = repository.changed_files(base, head, patches=True)

    assert only(files).patch == "@@ -1 +1 @@\n-one\n+two\n"
    assert repository.commit_time(head) > repository.commit_time(base)
    assert not (tmp_path / CANARY).exists()


def test_replace_refs_grafts_and_the_work_tree_change_no_answer(
    history: History,
) -> None:
    base = history.add({"a.py": "one\n"})
    head = history.add({"a.py": "two\n"})
    other = history.add({"a.py": "three\n", "b.py": "b\n"})
    history.git("replace", head, other)
    (history.path / ".git" / "info").mkdir(exist_ok=True)
    (history.path / ".git" / "info" / "grafts").write_text(f"{other}\n")
    repository = Repository.open(history.path)

    assert statuses(repository.changed_files(base, head, patches=False)) == {
        "a.py": "modified"
    }
    assert repository.is_ancestor(base, other)


def test_a_variable_of_the_caller_does_not_redirect_git(
    history: History, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    base = history.add({"a.py": "one\n"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path))

    assert Repository.open(history.path).resolve("HEAD") == base


def test_reading_changes_nothing(history: History) -> None:
    base = history.add({"a.py": "one\n"})
    head = history.add({"a.py": "two\n"})

    def state() -> dict[str, int]:
        return {str(p): p.lstat().st_mtime_ns for p in history.path.rglob("*")}

    before = state()
    repository = Repository.open(history.path)
    repository.changed_files(base, head, patches=True)
    repository.file_paths(head)
    repository.is_ancestor(base, head)

    assert state() == before


def test_ancestry(history: History) -> None:
    base = history.add({"a.py": "one\n"})
    head = history.add({"a.py": "two\n"})
    repository = Repository.open(history.path)

    assert repository.is_ancestor(base, head)
    assert not repository.is_ancestor(head, base)
    assert repository.merge_base(base, head) == base
    with pytest.raises(RepositoryError, match="cannot tell"):
        repository.is_ancestor("0" * 40, head)


def test_only_commits_resolve(history: History) -> None:
    commit = history.add({"a.py": "one\n"})
    blob = history.git("rev-parse", "HEAD:a.py")
    repository = Repository.open(history.path)

    assert repository.resolve(commit[:10]) == commit
    assert repository.has_commit(commit)
    for name in (blob, "0" * 40, "--all", "", "a\nb", "nowhere"):
        assert repository.find_commit(name) is None
    with pytest.raises(RepositoryError, match="fetch it first"):
        repository.resolve("nowhere")


def test_a_shallow_clone_says_so(history: History, tmp_path: Path) -> None:
    base = history.add({"a.py": "one\n"})
    history.add({"a.py": "two\n"})
    shallow = tmp_path / "shallow"
    source = history.path.as_uri()
    history.git("clone", "-q", "--depth=1", source, str(shallow))
    repository = Repository.open(shallow)

    assert repository.is_shallow()
    with pytest.raises(RepositoryError, match="deepen"):
        repository.resolve(base)


def test_a_work_tree_of_a_shallow_clone_is_as_shallow(
    history: History, tmp_path: Path
) -> None:
    """Mined, it gave what the cut history seemed to say, without a word."""
    history.add({"a.py": "one\n"})
    history.add({"a.py": "two\n"})
    shallow, linked = tmp_path / "shallow", tmp_path / "linked"
    history.git("clone", "-q", "--depth=1", history.path.as_uri(), str(shallow))
    history.git("-C", str(shallow), "worktree", "add", "-q", str(linked))

    assert Repository.open(linked).is_shallow()
    assert not Repository.open(history.path).is_shallow()


def test_what_is_no_repository_is_refused(history: History, tmp_path: Path) -> None:
    history.add({"folder/a.py": "one\n"})
    with pytest.raises(RepositoryError, match="does not exist"):
        Repository.open(tmp_path / "nothing")
    with pytest.raises(RepositoryError, match="not the root"):
        Repository.open(tmp_path)
    with pytest.raises(RepositoryError, match=f"its root is {history.path}"):
        Repository.open(history.path / "folder")


def test_a_damaged_tree_is_an_error_and_no_empty_answer(history: History) -> None:
    base = history.add({"a/b.py": "one\n"})
    head = history.add({"a/b.py": "two\n"})
    history.forget(history.git("rev-parse", f"{head}:a"))

    with pytest.raises(RepositoryError, match="cannot compare"):
        Repository.open(history.path).changed_files(base, head, patches=True)


def test_without_the_git_program_the_message_says_what_to_do(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.add({"a.py": "one\n"})
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RepositoryError, match="install git"):
        Repository.open(history.path)
