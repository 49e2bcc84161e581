"""Where results come from: versions, hashes, and the manifest that holds them."""

import hashlib
import platform
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from swe_features.version import version

__all__ = ["code_hash", "environment_record", "prices_hash", "prompts_hash"]

DECIDING_MODULES = {
    "swe_features": (
        "arms.py",
        "attempts.py",
        "cells.py",
        "equipment.py",
        "history_baselines.py",
        "indexes.py",
        "masking.py",
        "preparation.py",
        "scoring.py",
    ),
    "tasks": ("suite.py",),
}
"""Modules that may change an outcome, of packages that mostly do not.

What other modules of `tasks` come to, pull requests and gold files, is itself a part of
a cell's id.
"""

RECORDED_PACKAGES = ("litellm", "docker", "jinja2", "numpy", "pydantic", "unidiff")

HASH_CHARACTERS = 16


@cache
def code_hash() -> str:
    """Hash of the code that attempts a cell and scores it, and of trained weights.

    Results of other code stay on disk, and are not taken for results of this one.
    Prompts, prices and the commands of external agents have hashes of their own, so
    that a change of one only touches the cells that depend on it.
    """
    sources = _files_under(files("agent"), (".py", ".json"))
    sources += _files_under(files("sandbox"), (".py",))
    for package, names in DECIDING_MODULES.items():
        sources += [files(package) / name for name in names]
    return _hash(sources)


@cache
def prompts_hash() -> str:
    """Hash of all prompt templates."""
    return _hash(_files_under(files("agent"), (".jinja",)))


@cache
def prices_hash() -> str:
    """Hash of the table of prices, which decides when a limit in dollars is reached."""
    return _hash([files("agent") / "models" / "prices.yaml"])


def environment_record() -> dict[str, Any]:
    """Versions of what ran, as JSON values."""
    return {
        "version": version(),
        "code": code_hash(),
        "prompts": prompts_hash(),
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "packages": {name: _package(name) for name in RECORDED_PACKAGES},
    }


def _package(name: str) -> str | None:
    try:
        return installed_version(name)
    except PackageNotFoundError:
        return None


def _files_under(folder: Traversable, endings: tuple[str, ...]) -> list[Traversable]:
    found: list[Traversable] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found += _files_under(entry, endings)
        elif entry.name.endswith(endings):
            found.append(entry)
    return found


def _hash(sources: Iterable[Traversable]) -> str:
    total = hashlib.sha256()
    for source in sources:
        content = source.read_bytes()
        total.update(f"{source.name} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()[:HASH_CHARACTERS]
