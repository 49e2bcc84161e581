from agent.localizer.localizer import Localizer
from agent.localizer.proposals import taught_by
from tasks.pull_requests import ChangedFile, FileStatus, PullRequest


def _pull(*files: str, comment: str = "") -> PullRequest:
    return PullRequest(
        repo="o/shop",
        pr_number=77,
        title="Frobnicate the till",
        body="",
        base_commit="a" * 40,
        changed_files=tuple(
            ChangedFile(
                path,
                FileStatus.MODIFIED,
                patch=f"@@ -1 +1 @@\n-old = 1\n+frobnicate = 1{comment}",
            )
            for path in files
        ),
    )


def _share(localizer: Localizer, path: str) -> float:
    """Of all that is expected, for an example speaks against the other files too."""
    candidates = localizer.rank("Frobnicate more").candidates
    chance = {one.path: one.probability for one in candidates}
    return chance[path] / sum(chance.values())


def test_a_studied_pull_request_is_an_example(shop_localizer: Localizer) -> None:
    taught = taught_by(
        shop_localizer, [_pull("shop/client.py", "tests/test_client.py")]
    )
    for path in ("shop/client.py", "tests/test_client.py"):
        assert _share(taught, path) > 1.5 * _share(shop_localizer, path)


def test_it_leaves_the_tree_and_the_other_localizer_alone(
    shop_localizer: Localizer,
) -> None:
    before = shop_localizer.rank("Frobnicate more")
    taught = taught_by(shop_localizer, [_pull("shop/client.py", "shop/missing.py")])
    assert shop_localizer.rank("Frobnicate more") == before
    paths = {one.path for one in taught.rank("Frobnicate more").candidates}
    assert paths == {one.path for one in before.candidates}


def test_no_pull_requests_change_nothing(shop_localizer: Localizer) -> None:
    assert taught_by(shop_localizer, []) is shop_localizer


def test_text_that_is_not_utf8_is_read_around(shop_localizer: Localizer) -> None:
    odd = " # caf\udce9, \ud83d"
    pulls = [_pull("shop/client.py", comment=comment) for comment in ("", odd)]
    plain, taught = (taught_by(shop_localizer, [pull]) for pull in pulls)
    new = set(taught.index.words) - set(plain.index.words)
    assert new == {"caf"}
