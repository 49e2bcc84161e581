import shutil
import subprocess
import sys
from importlib.resources import as_file, files
from pathlib import Path

import pytest

PACKAGES = ("agent", "sandbox", "swe_features", "tasks")
HASHES = """
from swe_features.provenance import code_hash, prices_hash, prompts_hash
print(code_hash(), prompts_hash(), prices_hash())
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of everything that is installed, which may be changed."""
    folder = tmp_path_factory.mktemp("copy")
    for name in PACKAGES:
        with as_file(files(name)) as source:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / name, ignore=ignored)
    return folder


def hashes(folder: Path) -> list[str]:
    """Of code, prompts and prices, as a program started there has them."""
    command = [sys.executable, "-c", HASHES]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().split()


def changed_by(folder: Path, name: str) -> list[bool]:
    """Which of the three hashes a blank line at the end of a file changes."""
    before, path = hashes(folder), folder / name
    content = path.read_bytes()
    path.write_bytes(content + b"\n")
    after = hashes(folder)
    path.write_bytes(content)
    return [one != other for one, other in zip(before, after, strict=True)]


@pytest.mark.parametrize(
    "name",
    [
        "agent/loop.py",
        "agent/localizer/coefficients.json",
        "sandbox/changes.py",
        "sandbox/sealing.py",
        "swe_features/arms.py",
        "swe_features/attempts.py",
        "swe_features/history_baselines.py",
        "swe_features/indexes.py",
        "swe_features/masking.py",
        "swe_features/preparation.py",
        "swe_features/scoring.py",
        "tasks/suite.py",
    ],
)
def test_whatever_decides_an_outcome_is_in_the_hash_of_the_code(
    package: Path, name: str
) -> None:
    """After a mended baseline, the rows of the broken one counted as done."""
    assert changed_by(package, name) == [True, False, False]


def test_prompts_and_prices_have_hashes_of_their_own(package: Path) -> None:
    prompts, prices = "agent/prompts/test_task.jinja", "agent/models/prices.yaml"
    assert changed_by(package, prompts) == [False, True, False]
    assert changed_by(package, prices) == [False, False, True]


def test_what_only_shows_results_leaves_them_alone(package: Path) -> None:
    assert changed_by(package, "swe_features/table.py") == [False, False, False]


def test_every_data_file_of_the_agent_is_in_some_hash(package: Path) -> None:
    """A new one decides outcomes, unless somebody says here why it does not."""
    hashed = {".py", ".json", ".jinja"}
    others = {
        p.name for p in (package / "agent").rglob("*.*") if p.suffix not in hashed
    }
    # Prices have their own hash; an agent's command is in the ids of its arm's cells.
    assert others == {"agents.yaml", "prices.yaml", "py.typed"}
