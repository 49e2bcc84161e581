"""The house itself: what is shipped, and what its maps say of it."""

import ast
import re
import runpy
import textwrap
import tomllib
from pathlib import Path

import pytest

import agent.events
from agent.external.command import OWN_AGENTS, load_agents
from tasks.rows import parse_row
from tasks.suite_files import dump_row

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("agent", "sandbox", "swe_features", "tasks")

pytestmark = pytest.mark.skipif(
    not (ROOT / "agent").is_dir(), reason="the wheel is tested outside of a checkout"
)


def test_every_package_on_disk_is_listed_for_the_wheel() -> None:
    """Four packages in one distribution: one is easily left out of the wheel."""
    on_disk = {
        init.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for package in PACKAGES
        for init in (ROOT / package).rglob("__init__.py")
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert on_disk == set(project["tool"]["setuptools"]["packages"])


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_docstring_names_its_most_read_modules(package: str) -> None:
    """A name in it that no longer exists sends a newcomer astray."""
    docstring = ast.get_docstring(
        ast.parse((ROOT / package / "__init__.py").read_text())
    )
    named = re.findall(r"`([a-z0-9_]+)`", docstring or "")
    there = {path.stem for path in (ROOT / package).iterdir()}
    assert len(named) >= 4
    assert set(named) - set(PACKAGES) <= there


def test_the_annotated_tree_is_the_tree() -> None:
    script = runpy.run_path(str(ROOT / "docs" / "tree.py"))
    page = script["PAGE"].read_text(encoding="utf-8")
    drawn = script["FENCE"].search(page)
    assert drawn is not None
    assert drawn.group() == script["draw_tree"](), "run: python docs/tree.py --write"


def test_the_quick_start_is_two_commands() -> None:
    """The gate pastes them one by one into fresh clones."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.split("## Quick start\n", 1)[1].split("\n## ", 1)[0]
    blocks = re.findall(r"^```\w*\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    assert [len(block.splitlines()) for block in blocks[:2]] == [1, 1]
    assert "swe-features run" in blocks[0]
    assert "pytest" in blocks[1]


def test_the_columns_of_a_row_are_told() -> None:
    """Whoever has rows of their own found the columns in a docstring alone."""
    page = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
    table = page.split("## The rows\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in table.splitlines() if line.startswith("| `")]
    told = re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in lines))
    row = dict.fromkeys(re.findall(r"`(\w+)`", lines[0].split("|")[1]))
    row |= {"repo": "o/n", "pr_number": 1, "title": "Add", "base_commit": "a" * 40}
    assert len(row) == 4
    known = set(dump_row(parse_row(row)))
    assert set(told) - {"related_prs"} <= known


def test_the_example_of_an_agent_of_ones_own_is_a_file_of_agents(
    tmp_path: Path,
) -> None:
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    block = re.search(r"^    agents:\n(?:    .*\n)+", page, re.MULTILINE)
    assert block is not None
    path = tmp_path / "agents.yaml"
    path.write_text(textwrap.dedent(block.group()))
    assert "mine" in load_agents({OWN_AGENTS: str(path)})


def test_every_kind_of_event_is_told() -> None:
    """Whoever studies trajectories found the kinds in a docstring alone."""
    page = (ROOT / "docs" / "agent.md").read_text(encoding="utf-8")
    table = page.split("| kind |", 1)[1].split("\n\n", 1)[0]
    told = {
        kind
        for line in table.splitlines()[2:]
        for kind in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    recorded = re.findall(r"^([a-z_]+)(?: {2,}|$)", agent.events.__doc__ or "", re.M)
    assert told == {*recorded, "cell", "broken"}
