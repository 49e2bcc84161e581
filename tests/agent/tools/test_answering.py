"""What an answer takes, and what it says of the rest."""

from agent.tools.answering import Answer
from agent.tools.tree import Tree
from tests.agent.conftest import FolderSandbox


def test_paths_as_commands_print_them_are_an_answer(sandbox: FolderSandbox) -> None:
    """`pwd` printed a root under which every tool but the answer took a path."""
    root = sandbox.run("pwd").stdout.decode().strip()
    answer = Answer(Tree.of(sandbox))

    answer.submit([f"{root}/shop/orders.py", "docs/../README.md", "shop//prices.py"])

    assert answer.files == ("shop/orders.py", "README.md", "shop/prices.py")


def test_paths_out_of_the_repository_are_no_answer(sandbox: FolderSandbox) -> None:
    answer = Answer(Tree.of(sandbox))

    refused = answer.propose(["/etc/passwd", "../README.md", "shop/../../README.md"])

    assert refused.failed
    assert answer.files == ()
    assert "left out: /etc/passwd" in refused.text


def test_only_the_first_unknown_paths_are_explained() -> None:
    """Forty of them took four seconds in a tree of 7,000 files."""
    tree = Tree(frozenset({"shop/orders.py", "README.md"}))

    said = Answer(tree).propose([*(f"a/{n}/orders.py" for n in range(40)), "README.md"])

    assert said.proposal == ("README.md",)
    assert said.text.count("similar: shop/orders.py") == 5
    assert said.text.endswith("So are 35 more.")
