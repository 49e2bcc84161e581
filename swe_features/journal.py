"""An append-only file of JSON lines that a killed writer cannot damage.

A line is written with one `write` and flushed to the disk before `append` returns. What
a writer leaves behind that died in the middle of a line is cut off when the file is
opened again: a line either is there as a whole, or was never reported as written.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn, Self

from agent.redaction import Redactor
from swe_features.errors import StoreError

__all__ = ["Journal", "read_document", "read_lines", "refuse_later"]


class Journal:
    """The only writer of one file of JSON lines. Thread-safe."""

    def __init__(self, path: Path, redactor: Redactor) -> None:
        """Open the file for appending; create it if need be.

        Args:
            path: The file; its folder exists.
            redactor: Sees every line before the disk does.

        Raises:
            StoreError: The file cannot be opened or healed.
        """
        self.path = path
        self._redactor = redactor
        self._lock = Lock()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        try:
            self._file = os.open(path, flags, 0o644)
            self.healed_bytes = _heal(self._file)
        except OSError as error:
            msg = f"cannot write {path}: {error.strerror}: choose another directory"
            raise StoreError(msg) from error

    def append(self, record: Any) -> None:  # noqa: ANN401  # any JSON value
        """Write one line; once this returns, it outlives the process.

        Raises:
            StoreError: The disk refuses, for example because it is full.
        """
        line = self._redactor.dump(record).encode() + b"\n"
        with self._lock:
            end = os.lseek(self._file, 0, os.SEEK_END)
            try:
                written = os.write(self._file, line)
                if written == len(line):
                    os.fsync(self._file)
                    return
                reason = "the disk is full"
            except OSError as error:
                reason = str(error.strerror)
            os.ftruncate(self._file, end)
        msg = f"cannot write {self.path}: {reason}: free some space, and run again"
        raise StoreError(msg)

    def close(self) -> None:
        """Close the file; again is harmless."""
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _heal(file: int) -> int:
    """Cut an unfinished last line off; how many bytes it had."""
    size = os.lseek(file, 0, os.SEEK_END)
    end, chunk = size, 65536
    while end > 0:
        start = max(0, end - chunk)
        newline = os.pread(file, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end < size:
        os.ftruncate(file, end)
        os.fsync(file)
    return size - end


def read_lines(path: Path) -> Iterator[Any]:
    """The JSON values of a file of JSON lines. Any: JSON values.

    An unfinished last line is left out, as a writer that is at work, or died, leaves
    it; a file that does not exist has no lines.

    Raises:
        StoreError: A finished line is no JSON, or the file cannot be read.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise StoreError(msg) from error
    with file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                value = json.loads(line, parse_constant=_refuse_constant)
            except (ValueError, RecursionError) as error:
                msg = f"{path}:{number} is no JSON: restore it, or delete that line"
                raise StoreError(msg) from error
            yield value


def read_document(path: Path) -> Any:  # noqa: ANN401  # any JSON value
    """The JSON value of a file that is replaced as a whole.

    Raises:
        StoreError: It is missing, or no JSON.
    """
    try:
        return json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise StoreError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"{path} is no JSON: restore it, or delete it"
        raise StoreError(msg) from error


def _refuse_constant(name: str) -> NoReturn:
    """Refuse `NaN` and `Infinity`, which no JSON has, and Python reads."""
    raise ValueError(name)


def refuse_later(record: object, known: int, where: object) -> None:
    """Refuse what a later version of this program wrote.

    Args:
        record: A JSON value with its `schema`.
        known: The newest schema that can be read.
        where: Its place, for the message.

    Raises:
        StoreError: Its schema is a newer one.
    """
    schema = record.get("schema") if isinstance(record, dict) else None
    if isinstance(schema, int) and schema > known:
        msg = (
            f"{where} was written by a later version (schema {schema}, this one reads "
            f"{known}): update swe-features"
        )
        raise StoreError(msg)
