"""The annotated tree of docs/architecture.md, made from the modules' own first lines.

    python docs/tree.py --write

Without `--write` it prints the tree. A test compares the two.
"""

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
ROOMS = ("swe_features", "agent", "sandbox", "tasks")
FENCE = re.compile(r"(?<=```text tree\n).*?(?=```)", re.DOTALL)


def first_line(module: Path) -> str:
    """What a module says of itself."""
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].rstrip(".")


def tree_lines(folder: Path, indent: str) -> Iterator[str]:
    """A folder's modules, then its packages."""
    yield f"{indent}{folder.name + '/':<28} {first_line(folder / '__init__.py')}"
    for module in sorted(folder.glob("*.py")):
        if not module.name.startswith("__"):
            yield f"{indent}  {module.name:<26} {first_line(module)}"
    for package in sorted(folder.glob("*/__init__.py")):
        yield from tree_lines(package.parent, indent + "  ")


def draw_tree() -> str:
    """The tree of all four rooms, top to bottom."""
    rooms = ["\n".join(tree_lines(ROOT / room, "")) for room in ROOMS]
    return "\n\n".join(rooms) + "\n"


def main() -> None:
    """Print the tree, or write it into the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="write it into the page")
    if parser.parse_args().write:
        page = PAGE.read_text(encoding="utf-8")
        tree = draw_tree()
        PAGE.write_text(FENCE.sub(lambda _: tree, page), encoding="utf-8")
    else:
        print(draw_tree())


if __name__ == "__main__":
    main()
