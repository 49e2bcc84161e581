import random
from pathlib import Path

import pytest

from tasks.errors import RowError
from tasks.patches import parse_patch
from tasks.repository import Repository
from tests.tasks.histories import History

LINES = "".join(f"line {n}\n" for n in range(20))


def statuses(patch: str) -> dict[str, str]:
    return {file.filename: file.status.value for file in parse_patch(patch)}


def test_a_plain_edit_is_modified() -> None:
    patch = "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n"
    assert statuses(patch) == {"x.py": "modified"}


def test_a_patch_without_git_headers_is_read() -> None:
    patch = "--- a/x.py\t2024-01-01\n+++ b/x.py\t2024-01-02\n@@ -1 +1 @@\n-a\n+b\n"
    assert statuses(patch) == {"x.py": "modified"}
    assert statuses(patch.replace("a/x", "x").replace("b/x", "x")) == {
        "x.py": "modified"
    }


def test_a_folder_called_a_is_no_prefix_where_there_are_none() -> None:
    patch = "--- a/x.py\n+++ a/x.py\n@@ -1 +1 @@\n-a\n+b\n"
    assert statuses(patch) == {"a/x.py": "modified"}


def test_an_empty_file_that_gets_content_is_modified() -> None:
    patch = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+b\n"
    assert statuses(patch) == {"x": "modified"}


def test_an_emptied_file_is_modified() -> None:
    patch = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +0,0 @@\n-b\n"
    assert statuses(patch) == {"x": "modified"}


def test_a_removed_line_that_looks_like_a_header_is_no_file() -> None:
    patch = (
        "diff --git a/x.sql b/x.sql\n--- a/x.sql\n+++ b/x.sql\n"
        "@@ -1,2 +1,2 @@\n--- a/evil.py\n-x\n+++ b/evil.py\n+y\n"
    )
    assert statuses(patch) == {"x.sql": "modified"}


def test_windows_line_ends_do_not_stick_to_names() -> None:
    patch = "--- a/x.py\r\n+++ b/x.py\r\n@@ -1 +1 @@\r\n-a\r\n+b\r\n"
    assert statuses(patch) == {"x.py": "modified"}


def test_text_around_a_patch_is_ignored() -> None:
    patch = "Here it is:\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\nDone.\n"
    assert statuses(patch) == {"x.py": "modified"}


def test_a_file_that_is_added_and_then_edited_is_added() -> None:
    patch = (
        "--- /dev/null\n+++ b/x.py\n@@ -0,0 +1 @@\n+a\n"
        "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n"
    )
    assert statuses(patch) == {"x.py": "added"}


def test_no_patch_is_no_file() -> None:
    assert parse_patch("  \n") == ()


@pytest.mark.parametrize(
    "patch",
    [
        "I could not find it.",
        "--- a/x.py\n+++ b/x.py\n@@ -1,9 +1,9 @@\n-a\n+b\n",
        "@@ -1 +1 @@\n-a\n+b\n",
        "+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n",
    ],
)
def test_what_no_program_could_apply_is_malformed(patch: str) -> None:
    with pytest.raises(RowError, match="write it with git diff"):
        parse_patch(patch)


NAMES = [
    "a.py",
    "b c.py",
    "x b/y z.py",
    '"q r".py',
    "ü.py",
    'q"uote.py',
    "tab\tbed.py",
    "dir/x.py",
    "two\n.py",
]


def scramble(history: History, choose: random.Random) -> None:
    for name in NAMES:
        path = history.path / name
        action = choose.choice(
            ["edit", "delete", "move", "mode", "link", "binary", "empty", "keep"]
        )
        if not path.exists() and not path.is_symlink():
            history.write(name, LINES + name)
        elif action == "edit":
            path.unlink()
            history.write(name, LINES + str(choose.random()))
        elif action == "delete":
            path.unlink()
        elif action == "move":
            path.rename(path.with_name(f"moved to {choose.random()}"))
        elif action == "mode" and not path.is_symlink():
            path.chmod(choose.choice([0o755, 0o644]))
        elif action == "link":
            path.unlink()
            path.symlink_to(choose.choice(NAMES))
        elif action == "binary":
            path.unlink()
            history.write(name, choose.randbytes(50) + b"\0")
        elif action == "empty":
            path.unlink()
            history.write(name, "")


def test_a_space_in_a_name_without_a_prefix_is_no_end_of_it() -> None:
    patch = (
        "diff --git a b.py a b.py\nindex 1..2 100644\n--- a b.py\t\n+++ a b.py\t\n"
        "@@ -1 +1 @@\n-a\n+b\n"
    )
    assert statuses(patch) == {"a b.py": "modified"}


PREFIXES = [
    [],
    ["--no-prefix"],
    ["--src-prefix=i/", "--dst-prefix=w/"],
    ["--src-prefix=1/", "--dst-prefix=2/"],
]


@pytest.mark.parametrize("seed", range(12))
def test_a_patch_by_git_says_what_the_repository_says(
    history: History, seed: int
) -> None:
    choose = random.Random(seed)
    for name in NAMES:
        history.write(name, LINES + name)
    base = history.commit()
    repository = Repository.open(Path(history.path))
    for _ in range(3):
        scramble(history, choose)
        head = history.commit()
        prefix = choose.choice(PREFIXES)
        patch = history.git("diff", "--binary", "-M", "-l1000", *prefix, base, head)
        expected = repository.changed_files(base, head, patches=False)
        assert statuses(patch + "\n") == {
            file.filename: file.status.value for file in expected
        }
        base = head
