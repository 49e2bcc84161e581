from pathlib import Path

import numpy as np
import pytest

from agent.localizer.imports import imported_names, module_names
from agent.localizer.learning import read_past
from agent.localizer.propagation import propagate
from tests.agent.localizer.pasts import Past


def reached_from(past: Past, sure: str, signal: str) -> set[str]:
    """Files that a signal flows to where one file is certain."""
    index = read_past(past.write()).index
    at = index.snapshot(len(index.changes))
    paths = [index.paths[one] for one in at.path[at.candidates]]
    probability = np.array([float(one == sure) for one in paths])
    flow = propagate(index, at, probability)[signal]
    return {path for path, value in zip(paths, flow, strict=True) if value > 0}


def modules(text: str, path: str) -> set[str]:
    return {name for name in imported_names(text, path) if name.startswith("/")}


@pytest.mark.parametrize(
    ("text", "module"),
    [
        (
            "from shop.cart import (\n    add,  # sums\n    Basket as B,\n)\n",
            "/shop/cart",
        ),
        ("from shop import cart\n", "/shop/cart"),
        ("import shop.cart as c, sys  # don't sort\n", "/shop/cart"),
        ("import { add } from '../cart/src'\n", "/src/cart"),
        ("from . import cart\n", "/shop/cart"),
        ("from .cart import add\n", "/shop/cart"),
        ("from ..web.page import show\n", "/web/page"),
        ("import { add } from './cart'\n", "/shop/cart"),
        ("import {\n  add,\n} from '../web/ShowPage.jsx'\n", "/web/showpage"),
        ("import './cart.css'\n", "/shop/cart"),
        ("export * from './cart/index.js'\n", "/shop/cart"),
        ("const cart = require('./cart')\n", "/shop/cart"),
        ("const page = await import('../web/page')\n", "/web/page"),
        ("import { add } from '@/shop/cart'\n", "/shop/cart"),
        ("import { add } from '@acme/core'\n", "/core"),
        ("import org.acme.shop.Cart;\n", "/shop/cart"),
        ('#include "web/page.h"\n', "/web/page"),
        ("require_relative '../web/page'\n", "/web/page"),
        ("import page from '../web/page?raw'\n", "/web/page"),
        ("import { page } from '#web/page'\n", "/web/page"),
        ("import{page}from'../web/page'\n", "/web/page"),
        ("jest.mock('../web/page', () => ({}))\n", "/web/page"),
        ("const page = import(`../web/page`)\n", "/web/page"),
        ("use crate::web::page;\n", "/web/page"),
    ],
)
def test_an_import_names_the_module_from_where_it_stands(
    text: str, module: str
) -> None:
    assert module in modules(text, "src/shop/till.py")


def test_what_stands_behind_a_cut_list_is_no_import() -> None:
    assert "/cart/price" not in modules("from cart import (\nprice = 1, 2\n", "a.py")


def test_a_package_of_go_is_imported_by_its_folder() -> None:
    block = 'import (\n\t"fmt"\n\tp "example.org/shop/web/page"\n)\n'
    assert "/web/page" in modules(block, "cmd/till.go")
    assert module_names("web/page/show.go") == ("/web/page", "/page")


@pytest.mark.parametrize(
    "text",
    [
        "important = 1\n",
        "# from here on\n",
        "const b = Buffer.from('secret')\n",
        "from\n",
        "",
    ],
)
def test_what_imports_nothing_names_nothing(text: str) -> None:
    assert not modules(text, "shop/till.py")


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("src/shop/cart.py", ("/shop/cart", "/cart")),
        ("src/shop/__init__.py", ("/src/shop", "/shop")),
        ("web/ShowPage/index.tsx", ("/web/showpage", "/showpage")),
        ("packages/core/src/index.ts", ("/packages/core", "/core")),
        ("shop/lib/__init__.py", ("/shop/lib", "/lib")),
        ("shop/lib.py", ("/shop/lib", "/lib")),
        ("shop/cart/index.py", ("/cart/index", "/index")),
        ("shop/cart/mod.rs", ("/shop/cart", "/cart")),
        ("web/ShowPage.test.tsx", ("/web/showpage", "/showpage")),
        ("setup.py", ("/setup",)),
        ("__init__.py", ()),
        (".env", ("/.env",)),
    ],
)
def test_a_path_has_the_names_by_which_it_is_imported(
    path: str, names: tuple[str, ...]
) -> None:
    assert module_names(path) == names


def test_a_likely_file_lifts_its_importers_and_not_those_of_a_namesake(
    tmp_path: Path,
) -> None:
    past = Past(tmp_path / "one")
    files = {
        "web/app/CartView.tsx": "export const view = 1\n",
        "web/old/CartView.tsx": "export const view = 2\n",
        "web/app/Till.tsx": "import {\n  view,\n} from './CartView'\n",
        "web/old/Desk.tsx": "import { view } from './CartView'\n",
    }
    past.commit("Begin", files)
    importers = reached_from(past, "web/app/CartView.tsx", "graph.imports")
    assert importers == {"web/app/Till.tsx"}
    imported = reached_from(past, "web/old/Desk.tsx", "graph.imported")
    assert imported == {"web/old/CartView.tsx"}


def test_a_moved_file_no_longer_imports_what_was_beside_it(tmp_path: Path) -> None:
    past = Past(tmp_path / "one")
    lines = "".join(f"row_{number} = {number}\n" for number in range(20))
    past.commit(
        "Begin",
        {"shop/cart.py": "x = 1\n", "shop/till.py": f"from .cart import x\n{lines}"},
    )
    past.commit("Move", {"shop/till.py": None, "desk/till.py": lines})
    index = read_past(past.write()).index
    number = index.term_number["/shop/cart"]
    found = index.postings["imports"].gather([number], len(index.touch_file))
    assert found.plus.sum() - found.minus.sum() == 0


def test_who_imports_a_name_from_its_package_belongs_to_where_it_is_defined(
    tmp_path: Path,
) -> None:
    past = Past(tmp_path / "one")
    files = {
        "shop/__init__.py": "from shop._till import open_till\n",
        "shop/_till.py": "def open_till(): ...\nclass TillError: ...\n",
        "tests/test_day.py": "from shop import open_till\n",
        "tests/test_error.py": "from shop import TillError\n",
        "tests/test_file.py": "from os import open\n",
        "tests/test_night.py": "from shop import close_till\n",
    }
    past.commit("Begin", files)
    assert reached_from(past, "shop/_till.py", "graph.names") == {
        "shop/__init__.py",
        "tests/test_day.py",
        "tests/test_error.py",
    }
