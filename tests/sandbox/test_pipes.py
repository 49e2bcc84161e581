import errno
import os
import subprocess
from pathlib import Path

import pytest

from sandbox.errors import DriverUnavailableError
from sandbox.pipes import start_child


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOENT, "cannot start /no/python: No such file or directory: install"),
        (errno.EMFILE, "Too many open files: raise that limit"),
        (errno.ENOMEM, "Cannot allocate memory: free some memory"),
        (errno.ELOOP, "Too many levels of symbolic links: see what"),
    ],
)
def test_what_cannot_be_started_is_told_with_what_to_do(
    number: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(subprocess, "Popen", fail)
    with pytest.raises(DriverUnavailableError, match=said):
        start_child(["/no/python"], {}, tmp_path)
