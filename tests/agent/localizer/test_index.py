from pathlib import Path

import pytest

from agent.localizer.learning import learn, read_past
from agent.localizer.localizer import Localizer
from agent.localizer.query import read_query
from agent.localizer.signals import measure
from tests.agent.localizer.pasts import Past, git, shop


def test_the_newest_snapshot_is_the_tree(
    shop_localizer: Localizer, shop_repository: Path
) -> None:
    index = shop_localizer.index
    now = index.snapshot(len(index.changes), text_only=False)
    paths = {index.paths[now.path[file]] for file in now.candidates}
    assert paths == set(
        git(shop_repository, "ls-tree", "-r", "--name-only", "main").split()
    )


JAVASCRIPT = """
import view from './view';
const utils = require('./utils');
res.send = function send(body) {
  if (body) {
    return utils.encode(body);
  }
};
exports.parse = (text, options) => text;
class Router {
  async handle(req, done) {
  }
}
"""


@pytest.mark.parametrize(
    ("word", "field"),
    [
        ("send", "definition.all"),
        ("parse", "definition.all"),
        ("router", "definition.all"),
        ("handle", "definition.all"),
        ("view", "content.imports"),
        ("utils", "content.imports"),
    ],
)
def test_javascript_says_what_it_defines_and_imports(
    tmp_path: Path, word: str, field: str
) -> None:
    past = Past(tmp_path / "one")
    other = "send(parse(router, handle, view, utils));\n"
    past.commit("Begin", {"lib/response.js": JAVASCRIPT, "lib/other.js": other})
    index = read_past(past.write()).index
    found = measure(index, read_query(word), len(index.changes))
    at = found.snapshot
    paths = [index.paths[one] for one in at.path[at.candidates]]
    scores = dict(zip(paths, found.signals[field], strict=True))
    assert scores["lib/response.js"] > scores["lib/other.js"] == 0


def test_words_of_control_define_nothing(tmp_path: Path) -> None:
    past = Past(tmp_path / "one")
    past.commit("Begin", {"lib/response.js": JAVASCRIPT})
    index = read_past(past.write()).index
    definitions = index.postings["definitions"]
    known = [one for one in ("if", "return", "encod") if one in index.term_number]
    places = [definitions.gather([index.term_number[one]], 9).place for one in known]
    assert known
    assert not any(len(one) for one in places)


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
