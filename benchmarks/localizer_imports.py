"""Whether the index knows who imports whom, as the files of the newest tree have it.

    python -m benchmarks.localizer_imports --clone DIR

The index never reads a tree: it adds up what each change wrote and took away. So its
imports are held against those read off the files as they are now, Python's and
JavaScript's, a file and a module that it imports at a time. Printed are the imports
that both have, those that the index lacks, and those that it has too many.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from agent.localizer.git import run_git
from agent.localizer.imports import imported_names
from agent.localizer.index import Index
from agent.localizer.learning import read_past

_SUFFIXES = (".py", ".js", ".jsx", ".mjs", ".ts", ".tsx")
_BUNDLES = "/dist/"
_AT_ONCE = 200


def main() -> None:
    """Compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clone", type=Path, required=True)
    clone = parser.parse_args().clone
    past = read_past(clone)
    there = read_imports(clone, past.commit)
    known = known_imports(past.index, there)
    modules = {module for module, _ in known}
    real = {(module, path) for path, all_ in there.items() for module in all_ & modules}
    known = {(module, path) for module, path in known if path}
    print(f"{len(there)} files, {len(real)} imports of modules that are among them")
    print(f"the index has {len(known & real)} of them, and {len(known - real)} more")


def read_imports(clone: Path, commit: str) -> dict[str, frozenset[str]]:
    """Modules that each file of a commit imports, by its path."""
    listed = run_git(clone, ("ls-tree", "-r", "-z", "--name-only", commit))
    paths = listed.decode(errors="surrogateescape").split("\0")
    code = [one for one in paths if one.endswith(_SUFFIXES) and _BUNDLES not in one]
    found = {}
    for path in code:
        text = run_git(clone, ("show", f"{commit}:{path}")).decode(errors="replace")
        names = imported_names(text, path)
        found[path] = frozenset(one for one in names if one.startswith("/"))
    return found


def known_imports(index: Index, among: Mapping[str, object]) -> set[tuple[str, str]]:
    """Modules of the newest tree and the files that import them, as the index has it.

    Args:
        index: The past.
        among: Paths of the files that count.

    Returns:
        Pairs of a module and a path; every module once with an empty path as well.
    """
    at = index.snapshot(len(index.changes))
    paths = [index.paths[one] for one in at.path[at.candidates]]
    terms = np.unique(index.path_modules[at.path[at.candidates]])
    terms = terms[terms >= 0].tolist()
    found = {(index.words[term], "") for term in terms}
    for first in range(0, len(terms), _AT_ONCE):
        part = terms[first : first + _AT_ONCE]
        entries = index.postings["imports"].gather(part, at.touch)
        change = np.where(
            index.main_touch[entries.place], entries.plus - entries.minus, 0.0
        )
        flat = entries.row * index.files + index.touch_file[entries.place]
        counts = np.bincount(flat, change, minlength=len(part) * index.files)
        has = counts.reshape(len(part), index.files)[:, at.candidates] > 0
        for row, column in np.argwhere(has).tolist():
            if paths[column] in among:
                found.add((index.words[part[row]], paths[column]))
    return found


if __name__ == "__main__":
    main()
