import subprocess
from pathlib import Path

import numpy as np
import pytest

from agent.errors import LocalizerError
from agent.localizer.estimate import estimate
from agent.localizer.history import list_changes
from agent.localizer.learning import learn
from agent.localizer.localizer import Localizer, Prediction
from agent.localizer.query import read_query
from agent.localizer.set_size import SetPreference
from agent.localizer.signals import measure
from tests.agent.localizer.pasts import Past, git, merge_a_branch, shop

TITLE = "Add a retry option to the router"


def _scores(prediction: Prediction) -> dict[str, float]:
    return {one.path: one.probability for one in prediction.candidates}


def test_a_part_comes_first_with_its_test_and_the_changelog(
    shop_localizer: Localizer,
) -> None:
    first = [one.path for one in shop_localizer.rank(TITLE).candidates[:3]]
    assert set(first) == {"shop/router.py", "tests/test_router.py", "CHANGELOG.md"}


def test_probabilities_fall_along_the_ranking(shop_localizer: Localizer) -> None:
    values = [one.probability for one in shop_localizer.rank(TITLE).candidates]
    assert values == sorted(values, reverse=True)
    assert all(0 < value < 1 for value in values)


def test_the_chosen_set_is_the_beginning_of_the_ranking(
    shop_localizer: Localizer,
) -> None:
    prediction = shop_localizer.rank(TITLE)
    paths = tuple(one.path for one in prediction.candidates)
    size = len(prediction.predicted_files)
    assert 0 < size < len(paths)
    assert prediction.predicted_files == paths[:size]


def test_pictures_are_no_candidates(shop_localizer: Localizer) -> None:
    assert "logo.png" not in _scores(shop_localizer.rank("A new logo.png"))


def test_a_later_commit_that_names_the_answer_changes_no_score(tmp_path: Path) -> None:
    past = shop(tmp_path / "one")
    base = learn(past.write()).rank(TITLE)
    files = ["shop/cache.py", "shop/client.py", "tests/test_cache.py"]
    for day, ref in enumerate(("heads/main", "heads/side", "pull/7/head", "tags/v9")):
        past.commit(
            f"{TITLE}\n\n" + " ".join(files),
            dict.fromkeys(files, "# a retry option for the router\n"),
            ref=f"refs/{ref}",
            parents=(49,),
            day=100 + day,
        )
    repo = past.write()
    assert git(repo, "rev-parse", "main") != base.commit
    for with_heads in (False, True):
        later = learn(repo, base.commit, with_heads=with_heads).rank(TITLE)
        assert later == base


def test_looking_back_equals_having_learned_only_that_much(
    shop_repository: Path,
) -> None:
    whole = learn(shop_repository)
    changes = list_changes(shop_repository, whole.commit)
    query = read_query(TITLE, "It should try again when the client fails.")
    for position in (1, 12, 40):
        short = learn(shop_repository, changes[position - 1].commit)
        back = estimate(whole.index, whole.prior, query, position, whole.record)
        then = estimate(short.index, whole.prior, query, position, short.record)
        np.testing.assert_allclose(back.probability, then.probability)
        paths = [
            [
                index.paths[found.snapshot.path[file]]
                for file in found.snapshot.candidates
            ]
            for index, found in ((whole.index, back), (short.index, then))
        ]
        assert paths[0] == paths[1]


def test_a_merge_is_asked_about_without_the_commits_of_its_branch(
    tmp_path: Path,
) -> None:
    past = shop(tmp_path / "one")
    before = learn(past.write())
    merge_a_branch(past, since=49)
    whole = learn(past.write())
    query = read_query("Quux everything")
    merge = len(before.index.changes)
    assert whole.index.changes[merge].number == 90
    back = estimate(whole.index, before.prior, query, merge, before.record)
    then = estimate(before.index, before.prior, query, merge, before.record)
    np.testing.assert_allclose(back.probability, then.probability)


def test_a_commit_of_a_branch_says_which_file_its_words_are_about(
    tmp_path: Path,
) -> None:
    past = shop(tmp_path / "one")
    merge_a_branch(past, since=49)
    localizer = learn(past.write())
    query = read_query("Quux two")
    changes = len(localizer.index.changes)
    found = measure(localizer.index, query, changes)
    at = found.snapshot
    paths = [localizer.index.paths[one] for one in at.path[at.candidates]]
    said = dict(zip(paths, found.signals["history.message"], strict=True))
    assert said["shop/client.py"] > said["shop/cache.py"] > 0
    assert not localizer.index.part_change[found.neighbours].any()


def test_a_past_head_teaches_and_a_younger_one_does_not(tmp_path: Path) -> None:
    past = shop(tmp_path / "one")
    change = {"shop/cache.py": "# frobnicate\n", "shop/client.py": "# frobnicate\n"}
    past.commit("Frobnicate", change, ref="refs/pull/3/head", parents=(5,), day=20)
    past.commit("Frobnicate", change, ref="refs/pull/4/head", parents=(49,), day=99)
    repo = past.write()
    without = learn(repo)
    with_heads = learn(repo, with_heads=True)
    heads = [one for one in with_heads.index.changes if one.is_head]
    assert [one.number for one in heads] == [3]
    before, after = (_scores(one.rank("Frobnicate")) for one in (without, with_heads))
    # An example speaks against the other files too, so what counts is the share.
    taught = after["shop/client.py"] / sum(after.values())
    assert taught > 1.2 * before["shop/client.py"] / sum(before.values())


def test_evidence_says_what_can_be_checked(shop_localizer: Localizer) -> None:
    best = shop_localizer.rank(TITLE, excerpts=1).candidates[0]
    assert best.path == "shop/router.py"
    assert "router" in best.evidence.words
    assert any("router" in one.title for one in best.evidence.past_changes)
    assert "tests/test_router.py" in best.evidence.companions
    assert best.evidence.reasons
    assert best.excerpt is not None
    assert 1 <= best.excerpt.first_line <= best.excerpt.last_line


@pytest.mark.parametrize(
    "title",
    [
        "",
        "   ",
        "x" * 300_000,
        "ルーターに再試行を追加する",
        "\0\x1b[31m",
        "no/such/file.py",
    ],
)
def test_any_text_gets_an_answer(shop_localizer: Localizer, title: str) -> None:
    prediction = shop_localizer.rank(title, title)
    assert len(prediction.candidates) == 15
    assert prediction.predicted_files


def test_limits_of_the_set_are_kept(shop_localizer: Localizer) -> None:
    for preference in (SetPreference(8, 9), SetPreference(1, 1), SetPreference(0, 0)):
        files = shop_localizer.rank(TITLE, preference=preference).predicted_files
        assert preference.min_files <= len(files) <= preference.max_files


def test_one_commit_is_enough(tmp_path: Path) -> None:
    past = Past(tmp_path / "one")
    past.commit("Begin", {"shop/router.py": "class Router: ...\n", "a.txt": "text\n"})
    prediction = learn(past.write()).rank(TITLE)
    assert prediction.candidates[0].path == "shop/router.py"


def test_a_tree_without_text_names_nothing(tmp_path: Path) -> None:
    past = Past(tmp_path / "one")
    past.commit("Begin", {"logo.png": b"\x89PNG\x00"})
    prediction = learn(past.write()).rank(TITLE)
    assert prediction.predicted_files == ()
    assert prediction.candidates == ()


def test_unreadable_and_huge_files_do_no_harm(tmp_path: Path) -> None:
    past = shop(tmp_path / "one", rounds=1)
    past.commit(
        "Add data",
        {
            "data/latin.py": "größe = 'süß'\n".encode("latin-1"),
            "data/binary.py": bytes(range(256)) * 40,
            "data/bundle.js": b"var a=1;" * 400_000,
            "data/odd name\t.py": "x = 1\n",
        },
    )
    candidates = learn(past.write()).rank("Add data", excerpts=50).candidates
    paths = {one.path for one in candidates}
    assert {"data/latin.py", "data/odd name\t.py", "shop/router.py"} <= paths


def test_a_missing_blob_is_left_out(tmp_path: Path) -> None:
    past = shop(tmp_path / "one", rounds=1)
    past.commit("Add data", {"data/big.py": "gone = 1\n", "data/small.py": "x = 1\n"})
    past.commit("Change data", {"data/big.py": "here = 1\n"})
    repo = past.write()
    blob = git(repo, "rev-parse", "main~1:data/big.py")
    _drop_object(repo, blob)
    paths = _scores(learn(repo).rank("data"))
    assert {"data/big.py", "data/small.py"} <= paths.keys()


def test_an_empty_repository_is_one_line(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "empty")
    with pytest.raises(LocalizerError, match="no commit 'HEAD'"):
        learn(tmp_path / "empty")


def test_what_is_no_repository_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LocalizerError, match="is not a folder"):
        learn(tmp_path / "nothing")
    with pytest.raises(LocalizerError, match="not a git repository"):
        learn(tmp_path)


def _drop_object(repo: Path, name: str) -> None:
    """Take one object out of the store."""
    packs = list((repo / ".git" / "objects" / "pack").glob("*.pack"))
    for pack in packs:
        content = pack.read_bytes()
        for part in (pack, pack.with_suffix(".idx")):
            part.unlink()
        subprocess.run(
            ["git", "unpack-objects", "-q"], cwd=repo, input=content, check=True
        )
    (repo / ".git" / "objects" / name[:2] / name[2:]).unlink()
