import pytest

from agent.localizer.paths import FileKind, describe_path
from agent.localizer.tokens import terms_of


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("shop/router.py", FileKind.SOURCE),
        ("web/src/App.tsx", FileKind.SOURCE),
        ("tests/test_router.py", FileKind.TEST),
        ("web/src/App.test.tsx", FileKind.TEST),
        ("shop/__init__.py", FileKind.INDEX),
        ("CHANGELOG.md", FileKind.CHANGELOG),
        ("changelog/12.feature.rst", FileKind.CHANGELOG),
        ("requirements-dev.txt", FileKind.REQUIREMENTS),
        ("pyproject.toml", FileKind.REQUIREMENTS),
        ("docs/usage.md", FileKind.DOC),
        (".gitignore", FileKind.CONFIG),
        ("examples/small.py", FileKind.EXAMPLE),
        ("tests/data/page.html", FileKind.OTHER),
        ("src/hooks/history.ts", FileKind.SOURCE),
        ("src/requirementsView.ts", FileKind.SOURCE),
        (".github/workflows/release.yml", FileKind.CONFIG),
        ("jest.config.js", FileKind.CONFIG),
        (".eslintrc.cjs", FileKind.CONFIG),
        ("pnpm-lock.yaml", FileKind.REQUIREMENTS),
        ("pom.xml", FileKind.REQUIREMENTS),
        ("CMakeLists.txt", FileKind.REQUIREMENTS),
        (".changeset/brave-cats.md", FileKind.CHANGELOG),
        ("news/12.feature.rst", FileKind.CHANGELOG),
        ("src/cartSpec.js", FileKind.TEST),
        ("src/__mocks__/cart.js", FileKind.TEST),
        ("integration-tests/cart.js", FileKind.TEST),
        ("src/latest.js", FileKind.SOURCE),
        ("src/orb_cy.pyx", FileKind.SOURCE),
        ("src/cart.cy.ts", FileKind.TEST),
        ("CHANGELOG.markdown", FileKind.CHANGELOG),
        ("NEWS-2.0", FileKind.CHANGELOG),
        ("site/news/detail.html", FileKind.DOC),
        ("requirements.yml", FileKind.REQUIREMENTS),
        ("benchmarks/cart.py", FileKind.EXAMPLE),
        ("doc/whats_new/v1.2.rst", FileKind.CHANGELOG),
        ("docs/source/whatsnew-3.rst", FileKind.CHANGELOG),
        ("docs/releases/5.1.txt", FileKind.CHANGELOG),
        ("src/releases/table.ts", FileKind.SOURCE),
        ("docs/history_files.md", FileKind.DOC),
        ("environment.yml", FileKind.REQUIREMENTS),
        ("cart.gemspec", FileKind.REQUIREMENTS),
        ("src/__fixtures__/cart.js", FileKind.TEST),
    ],
)
def test_a_path_tells_its_kind(path: str, kind: FileKind) -> None:
    assert describe_path(path).kind == kind


def test_a_test_and_a_page_are_about_what_they_are_named_after() -> None:
    paths = (
        "shop/router.py",
        "tests/test_router.py",
        "docs/router.md",
        "router_test.go",
    )
    assert {describe_path(path).subject for path in paths} == {"router"}


def test_a_package_is_about_its_folder() -> None:
    assert describe_path("shop/router/__init__.py").subject == "router"


@pytest.mark.parametrize(
    "path",
    [
        "src/cart/index.js",
        "src/cart/__tests__/index.test.js",
        "src/Cart.tsx",
        "spec/cartSpec.js",
        "packages/cart/src/index.ts",
        "src/test/java/CartTest.java",
    ],
)
def test_what_belongs_to_a_name_is_about_it(path: str) -> None:
    assert describe_path(path).subject == "cart"


def test_a_subject_is_spelled_as_a_text_is_searched() -> None:
    assert describe_path("shop/settings.py").subject == terms_of("settings")[0]
    assert describe_path("shop/cart_items.py").subject == "cartitems"
