from pathlib import Path

from agent.localizer.learning import learn
from agent.localizer.localizer import Localizer
from tests.agent.localizer.pasts import git, shop


def test_the_newest_snapshot_is_the_tree(
    shop_localizer: Localizer, shop_repository: Path
) -> None:
    index = shop_localizer.index
    now = index.snapshot(len(index.changes), text_only=False)
    paths = {index.paths[now.path[file]] for file in now.candidates}
    assert paths == set(
        git(shop_repository, "ls-tree", "-r", "--name-only", "main").split()
    )


def test_a_renamed_file_keeps_its_past(tmp_path: Path) -> None:
    past = shop(tmp_path / "one", rounds=2)
    lines = "class Router:\n    def run(self):\n        return 8\n"
    lines += "\n\ndef router_option_8(): ...\n"
    past.commit("Move the router", {"shop/router.py": None, "shop/path.py": lines})
    index = learn(past.write()).index
    before = index.snapshot(len(index.changes) - 1)
    after = index.snapshot(len(index.changes))
    (file,) = (
        one
        for one in before.candidates
        if index.paths[before.path[one]] == "shop/router.py"
    )
    assert index.paths[after.path[file]] == "shop/path.py"
    assert file in after.candidates


def test_a_file_that_comes_back_exists_again(tmp_path: Path) -> None:
    past = shop(tmp_path / "one", rounds=1)
    past.commit("Away", {"README.md": None})
    past.commit("Back", {"README.md": "# Shop\n"})
    index = learn(past.write()).index
    seen = []
    for change in (len(index.changes) - 2, len(index.changes) - 1, len(index.changes)):
        now = index.snapshot(change)
        paths = [index.paths[now.path[file]] for file in now.candidates]
        seen.append(paths.count("README.md"))
    assert seen == [1, 0, 1]
