"""One tidy row for each cell, as CSV or Parquet, for anyone's own analysis.

Every column is a plain number or text, lists of files are joined by `;`, and what is
unknown is empty. Nothing is rounded. Names of columns only ever get more.
"""

import csv
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from agent.usage import Usage
from swe_features.cell_results import CellResult
from swe_features.errors import StoreError

__all__ = ["COLUMNS", "Value", "tidy_row", "write_csv", "write_parquet"]

Value: TypeAlias = bool | int | float | str | None

TOKENS: Mapping[str, type] = {
    f"{phase}_{kind}": int
    for phase in ("test", "sleep")
    for kind in (
        "prompt_tokens",
        "cached_prompt_tokens",
        "cache_write_tokens",
        "completion_tokens",
        "reasoning_tokens",
        "requests",
    )
}
COLUMNS: Mapping[str, type] = {
    "cell_id": str,
    "instance_id": str,
    "repo": str,
    "arm": str,
    "budget": int,
    "seed": int,
    "model": str,
    "sleep_model": str,
    "mode": str,
    "related": str,
    "outcome": str,
    "boundary": str,
    "precision": float,
    "recall": float,
    "f1": float,
    "predicted_files": str,
    "gold_files": str,
    "steps": int,
    "stop": str,
    "seconds": float,
    "sleep_seconds": float,
    **TOKENS,
    "context": str,
    "driver": str,
    "is_sealed": bool,
    "attempt": int,
    "finished_at": str,
    "version": str,
}
"""Names and types, in order."""

# A spreadsheet would take a cell that begins like this for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def tidy_row(result: CellResult) -> dict[str, Value]:
    """One cell as plain values, in the order of `COLUMNS`."""
    row: dict[str, Value] = {
        "repo": result.instance_id.rpartition("-")[0].replace("__", "/", 1),
        "boundary": result.broken.boundary if result.broken else None,
        "predicted_files": ";".join(result.predicted_files),
        "gold_files": ";".join(result.gold_files),
        "is_sealed": bool(result.proof),
        **_tokens("test", result.test_tokens),
        **_tokens("sleep", result.sleep_tokens),
    }
    return {
        name: _clean(row[name] if name in row else getattr(result, name))
        for name in COLUMNS
    }


def _clean(value: Value) -> Value:
    """A lone surrogate of a file name that is no UTF-8 must not stop a table."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    return value


def _tokens(phase: str, usage: Usage | None) -> dict[str, Value]:
    kinds = [name.partition("_")[2] for name in TOKENS if name.startswith(phase)]
    known: Collection[str] = () if usage is None else kinds
    if usage is not None and usage.unmeasured_requests:
        known = ("requests",)
    return {
        f"{phase}_{kind}": getattr(usage, kind) if kind in known else None
        for kind in kinds
    }


def write_csv(results: Iterable[CellResult], path: Path) -> None:
    """Write one line for each cell, with a head line.

    Raises:
        StoreError: The file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            for result in results:
                row = tidy_row(result)
                writer.writerow({name: _cell(value) for name, value in row.items()})
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise StoreError(msg) from error


def _cell(value: Value) -> Value:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def write_parquet(results: Iterable[CellResult], path: Path) -> None:
    """Write one row for each cell, each column with its type.

    Raises:
        StoreError: The file cannot be written, or pyarrow is not installed.
    """
    try:
        # Imported here: it is large, and only who asks for Parquet has it.
        import pyarrow as pa  # noqa: PLC0415
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        msg = (
            f'{path} needs pyarrow: pip install "swe-features[parquet]", or write .csv'
        )
        raise StoreError(msg) from error
    types = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    schema = pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    rows = [tidy_row(result) for result in results]
    try:
        parquet.write_table(pa.Table.from_pylist(rows, schema), path)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror or error}"
        raise StoreError(msg) from error
