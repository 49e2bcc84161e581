import pytest

from agent.localizer.paths import FileKind, describe_path


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
