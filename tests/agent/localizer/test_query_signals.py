import pytest

from agent.localizer.learning import learn
from agent.localizer.localizer import Localizer
from agent.localizer.query import read_query
from agent.localizer.signals import measure
from tests.agent.localizer.pasts import Past


@pytest.fixture(scope="module")
def webshop(tmp_path_factory: pytest.TempPathFactory) -> Localizer:
    past = Past(tmp_path_factory.mktemp("webshop") / "repository")
    past.commit(
        "Begin",
        {
            "shop/__init__.py": "from shop.orders import Order\n",
            "shop/orders.py": "class OrderBook:\n    pass\n",
            "shop/api/orders.py": "def list_orders():\n    pass\n",
            "shop/authentication.py": "def sign_in():\n    pass\n",
            "docs/filelock.md": "# Locking\n",
            "README.md": "# Shop\n",
        },
    )
    return learn(past.write())


def _signal(
    localizer: Localizer, name: str, title: str, body: str = ""
) -> dict[str, float]:
    index = localizer.index
    found = measure(index, read_query(title, body), len(index.changes))
    at = found.snapshot
    paths = [index.paths[one] for one in at.path[at.candidates]]
    return dict(zip(paths, found.signals[name].tolist(), strict=True))


def test_a_spelled_path_counts_by_how_much_of_it_is_spelled(webshop: Localizer) -> None:
    found = _signal(webshop, "path.spelled", "Fix shop/api/orders.py")
    assert found["shop/api/orders.py"] == 1.0
    assert found["shop/orders.py"] == 0.0
    both = _signal(webshop, "path.spelled", "Fix orders.py")
    assert 0.5 < both["shop/api/orders.py"] < both["shop/orders.py"] < 1.0


def test_a_word_grown_together_is_a_name_in_two_words(webshop: Localizer) -> None:
    found = _signal(webshop, "united.title", "Add a FileLock")
    assert max(found, key=found.__getitem__) == "docs/filelock.md"


def test_the_beginning_of_a_word_is_a_clue(webshop: Localizer) -> None:
    found = _signal(webshop, "path.prefix", "Rework auth")
    assert [path for path, value in found.items() if value > 0] == [
        "shop/authentication.py"
    ]


def test_the_kind_of_file_that_a_text_speaks_of(shop_localizer: Localizer) -> None:
    title = "Document the router in a tutorial"
    found = _signal(shop_localizer, "kind.named_in_title", title)
    assert found["README.md"] == found["CHANGELOG.md"] == 1.0
    assert found["shop/router.py"] == 0.0
    asked = _signal(shop_localizer, "query.body_tests", title, "Covered by a test.")
    assert set(asked.values()) == {1.0}
