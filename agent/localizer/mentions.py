"""Which files a text spells out, by their paths or their names."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agent.localizer.index import Index

__all__ = ["spelled_paths"]

Floats = NDArray[np.float64]

_PART = 0.3
"""What it says of a file that only its folder is named."""
_NOTHING = np.zeros(0, np.int64)


def spelled_paths(index: Index, spelled: Sequence[str]) -> Floats:
    """How much of each path, by its number, is spelled out: 1 for a whole one.

    Args:
        index: The past.
        spelled: Paths and file names of the text, lower case.
    """
    value = np.zeros(len(index.paths))
    for one in spelled:
        for path in index.file_paths.get(one.rpartition("/")[2], _NOTHING).tolist():
            whole = index.paths[path].lower()
            if f"/{whole}".endswith(f"/{one}"):
                share = (one.count("/") + 1) / (whole.count("/") + 1)
                value[path] = max(value[path], 0.5 + 0.5 * share)
            elif one.endswith(f"/{whole}"):
                value[path] = max(value[path], _PART)
        for folder in index.folders_by_part.get(one.rpartition("/")[2], ()):
            if f"/{one}/" in f"/{folder}/":
                paths = index.folder_paths[folder]
                value[paths] = np.maximum(value[paths], _PART)
    return value
