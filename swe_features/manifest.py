"""What was run with what: the manifest of a run's directory, as it is read back."""

from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from swe_features.errors import StoreError
from swe_features.journal import read_document, refuse_later

__all__ = ["SCHEMA", "describe_drivers", "read_manifest"]

SCHEMA = 1
"""Version of its fields."""


class _Suite(BaseModel):
    name: str
    digest: str


class _Driver(BaseModel):
    isolation: str


class _Settings(BaseModel):
    model: str
    sleep_model: str | None
    mode: str
    related: str
    model_options: Mapping[str, Any]
    sleep_model_options: Mapping[str, Any]
    limits: Mapping[str, Any]


class _Run(BaseModel):
    run_id: str
    started_at: str
    config: _Settings


class _Manifest(BaseModel):
    """What whoever reads it relies on; more may stand there."""

    suite: _Suite
    drivers: Mapping[str, _Driver]
    runs: list[_Run]


def read_manifest(path: Path) -> dict[str, Any]:
    """Read a manifest, with all that stands there. Any: JSON values.

    Raises:
        StoreError: It is missing, damaged, or of a later version.
    """
    manifest: dict[str, Any] = read_document(path)
    refuse_later(manifest, SCHEMA, path)
    try:
        _Manifest.model_validate(manifest)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        problem = f"{place}: {first['msg']}" if place else first["msg"]
        msg = f"{path} is no manifest of ours ({problem}): restore it"
        raise StoreError(msg) from error
    return manifest


def describe_drivers(
    manifest: Mapping[str, Any], names: Container[str | None]
) -> tuple[str, ...]:
    """Those of the drivers that have one of the names, and what each isolates.

    Any: JSON values.
    """
    return tuple(
        f"{name} ({record['isolation']})"
        for name, record in manifest["drivers"].items()
        if name in names
    )
