from pathlib import Path

import pytest

from tasks.errors import CacheError, RepositoryError
from tasks.obtaining import cache_folder, is_url, obtain, open_repositories
from tasks.repository import Repository
from tests.tasks.histories import History


def test_a_path_stays_a_path(tmp_path: Path) -> None:
    assert obtain(tmp_path, tmp_path / "cache") == tmp_path
    assert not (tmp_path / "cache").exists()


def test_a_url_is_cloned_once_with_pull_request_heads(
    history: History, tmp_path: Path
) -> None:
    history.add({"a.py": "one\n"})
    pull = history.add({"a.py": "two\n"})
    history.git("update-ref", "refs/pull/3/head", pull)
    history.git("reset", "-q", "--hard", "HEAD~1")
    history.git("branch", "-m", "trunk")
    url = history.path.as_uri()

    clone = obtain(url, tmp_path / "cache")
    again = obtain(url, tmp_path / "cache")

    repository = Repository.open(clone)
    assert repository.resolve("refs/pull/3/head") == pull
    assert repository.resolve("HEAD") == history.git("rev-parse", "trunk")
    assert again == clone
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [clone.name]


def test_the_repository_of_a_hook_is_not_fetched_into(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIT_DIR is set in a hook: its branches were replaced by those of the address."""
    history.add({"a.py": "one\n"})
    own = History(tmp_path / "own")
    work = own.add({"b.py": "mine\n"})
    own.git("checkout", "-q", "-b", "other")
    monkeypatch.setenv("GIT_DIR", str(own.path / ".git"))

    clone = obtain(history.path.as_uri(), tmp_path / "cache")

    assert own.git("rev-parse", "main") == work
    assert Repository.open(clone).resolve("HEAD") == history.git("rev-parse", "main")


def test_a_failed_clone_leaves_nothing_and_hides_the_password(tmp_path: Path) -> None:
    url = f"file://user:secret@/{tmp_path}/nothing"
    with pytest.raises(RepositoryError, match="cannot clone") as failed:
        obtain(url, tmp_path / "cache")
    assert "secret" not in str(failed.value)
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.org/a/b", True),
        ("git@example.org:a/b.git", True),
        ("ext::sh -c touch% /tmp/x", False),
        ("--upload-pack=x", False),
        ("../clone", False),
        ("C:/clone", False),
    ],
)
def test_only_plain_transports_are_urls(text: str, expected: bool) -> None:  # noqa: FBT001
    assert is_url(text) is expected


def test_several_repositories_need_names(history: History, tmp_path: Path) -> None:
    history.add({"a.py": "one\n"})
    place = str(history.path)
    assert isinstance(open_repositories([place], tmp_path), Repository)
    named = open_repositories([f"a/b={place}", f"c/d={place}"], tmp_path)
    assert isinstance(named, dict)
    assert sorted(named) == ["a/b", "c/d"]
    with pytest.raises(RepositoryError, match="owner/name="):
        open_repositories([place, place], tmp_path)


def test_user_without_a_home_is_told_what_to_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container's user has no HOME, and no entry: each command was a traceback."""

    def no_home() -> Path:
        msg = "Could not determine home directory."
        raise RuntimeError(msg)

    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(CacheError, match="no home folder: name one by SWE_FEATURES"):
        cache_folder({})
    assert cache_folder({"SWE_FEATURES_CACHE": str(tmp_path)}) == tmp_path
