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


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Mend cart.test.js", "cart.test.js"),
        ("Mend `jest.config.js`.", "jest.config.js"),
        ("Mend .eslintrc.json", ".eslintrc.json"),
        ("Mend ./src/cart.d.ts, please", "src/cart.d.ts"),
        ("Mend +page.svelte", "+page.svelte"),
        ("Mend app/[slug]/page.tsx", "app/[slug]/page.tsx"),
        ("Mend .github/workflows/ci.yml", ".github/workflows/ci.yml"),
        ("[The guide](docs/guide.md)", "docs/guide.md"),
        ("Mend ../src/cart.py", "src/cart.py"),
        ("Mend ~/agent/loop.py", "agent/loop.py"),
        ("Mend @agent/loop.py", "agent/loop.py"),
        ("Mend agent/loop.py@main", "agent/loop.py"),
    ],
)
def test_a_path_is_read_off_a_text_as_it_is_spelled(text: str, path: str) -> None:
    assert read_query(text).paths == (path,)


@pytest.mark.parametrize(
    ("title", "word"),
    [
        ("http: support proxies", "http"),
        ("parser: handle comments", "parser"),
        ("feat(cart,till): add coins", "till"),
    ],
)
def test_the_component_before_a_colon_is_part_of_a_title(title: str, word: str) -> None:
    assert word in read_query(title).title_terms


def test_names_with_dots_do_not_crowd_out_a_path() -> None:
    names = " ".join(f"object{number}.attribute" for number in range(60))
    assert read_query("Mend it", f"{names} src/cart.py").paths[0] == "src/cart.py"


@pytest.mark.parametrize(
    "title", ["Add a proxy [skip ci]", "Merge branch names", "Support pre-commit.ci"]
)
def test_a_title_is_never_noise(title: str) -> None:
    assert read_query(title).title_terms


@pytest.mark.parametrize("title", ["feat: add coins", "Fix(cart)!: add coins"])
def test_a_kind_of_change_before_a_colon_is_none(title: str) -> None:
    assert not {"feat", "fix"} & set(read_query(title).title_terms)


def test_a_text_names_a_file_in_the_plural(webshop: Localizer) -> None:
    found = _signal(webshop, "path.exact", "Show all orders at once")
    assert {path for path, value in found.items() if value > 0} == {
        "shop/orders.py",
        "shop/api/orders.py",
    }
