"""A report without texts, to share from a private repository.

Numbers, file names, pull-request numbers and ids stay. Each value is named here or left
out, so a field that somebody adds to a record later is left out too.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from agent.rollout import Stop
from swe_features.cell_results import CellResult
from swe_features.equipment import offline_note
from swe_features.report.content import ReportContent

__all__ = ["withhold_from_result", "withhold_texts"]

ELSEWHERE = "(outside of the repository)"
OTHER = "other"
_PULL = ("repo", "pr_number", "base_commit", "changed_files")
_CELL = (
    *("id", "instance", "arm", "budget", "seed", "outcome", "f1", "precision"),
    *("recall", "test", "sleep", "steps", "seconds", "attempt", "contexts"),
    *("has_trajectory", "driver", "proof"),
)
_SETTINGS = (
    *("arms", "budgets", "seeds", "sleep_steps", "localizer", "limits"),
    *("sleep_limits", "sandbox", "mode", "related", "skip_invalid", "workers"),
    "executor",
)
_ENVIRONMENT = ("version", "code", "prompts", "python", "platform", "packages")
_STOPS = frozenset(map(str, Stop))
_HEX = re.compile(r"(sha256:)?[0-9a-f]{7,64}")
_VERSION = re.compile(r"\d[\w.+-]{0,60}|[0-9a-f]{16}|(linux|darwin|win32) \w{1,16}")


def withhold_texts(content: ReportContent) -> ReportContent:
    """Leave out all that people, models and machines wrote.

    Titles, descriptions, names of clusters (which are made of their words), commands,
    messages, tracebacks, trajectories, learned contexts, and where things lie.
    """
    overview = dict(content.overview)
    overview["suspects"] = {
        cell_id: [{"kind": each["kind"]} for each in found]
        for cell_id, found in content.overview["suspects"].items()
    }
    return replace(
        content,
        has_texts=False,
        overview=overview,
        evidence=_evidence(content.evidence),
        provenance={
            **content.provenance,
            "manifest": _manifest(content.provenance["manifest"]),
        },
        trajectories={},
        contexts={},
    )


def withhold_from_result(result: CellResult) -> CellResult:
    """A row of results as a table without texts may have it."""
    return replace(
        result,
        model=_model(result.model),
        sleep_model=_model(result.sleep_model),
        predicted_files=tuple(map(_file, result.predicted_files)),
        gold_files=tuple(map(_file, result.gold_files)),
        stop=_stop(result.stop),
        version=_version(result.version),
        broken=result.broken and replace(result.broken, message="", traceback=""),
    )


def _evidence(evidence: Mapping[str, Any]) -> dict[str, Any]:
    names = {each["cluster"] for each in evidence["instances"]} - {None}
    numbers = {name: f"cluster {n}" for n, name in enumerate(sorted(names), start=1)}
    return {
        "instances": [
            {
                **each,
                "cluster": numbers.get(each["cluster"]),
                "gold": _files(each["gold"]),
            }
            for each in evidence["instances"]
        ],
        "pulls": {name: _pull(pull) for name, pull in evidence["pulls"].items()},
        "cells": [_cell(cell) for cell in evidence["cells"]],
    }


def _pull(pull: Mapping[str, Any]) -> dict[str, Any]:
    changed = [[_file(name), *rest] for name, *rest in pull["changed_files"]]
    return {**_only(pull, _PULL), "changed_files": changed}


def _cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    kept = {**_only(cell, _CELL), "model": _model(cell["model"])}
    if cell["outcome"] == "missing":
        return kept
    proof, broken = cell["proof"], cell["broken"]
    return {
        **kept,
        "predicted": _files(cell["predicted"]),
        "stop": _stop(cell["stop"]),
        "proof": proof if proof and _HEX.fullmatch(proof) else None,
        "broken": broken and _only(broken, ("boundary", "phase")),
    }


def _manifest(manifest: Mapping[str, Any]) -> dict[str, Any]:
    suite = manifest["suite"]
    drivers = manifest.get("drivers") or {}
    return {
        "suite": {
            **_only(suite, ("name", "digest", "instances")),
            "skipped": [f"{len(suite.get('skipped') or ())} rows"],
        },
        "drivers": {name: _driver(driver) for name, driver in drivers.items()},
        "runs": [_run(run) for run in manifest.get("runs") or ()],
    }


def _driver(driver: Mapping[str, Any]) -> dict[str, Any]:
    image = str(driver.get("image"))
    return {"image": image} if _HEX.fullmatch(image) else {}


def _run(run: Mapping[str, Any]) -> dict[str, Any]:
    config = run.get("config") or {}
    models = {name: _model(config.get(name)) for name in ("model", "sleep_model")}
    environment = _only(run.get("environment") or {}, _ENVIRONMENT)
    return {
        **_only(run, ("run_id", "started_at", "cells", "attempted")),
        "config": {**models, **_only(config, _SETTINGS)},
        "environment": {name: _version(each) for name, each in environment.items()},
        "offline_note": offline_note(models.values()),
    }


def _only(record: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: record[name] for name in names if name in record}


def _version(value: Any) -> Any:  # noqa: ANN401  # a version, or several by name
    if isinstance(value, Mapping):
        return {name: _version(each) for name, each in value.items()}
    return value if value is None or _VERSION.fullmatch(str(value)) else OTHER


def _model(name: str | None) -> str | None:
    """A model's name; of one that is a path or an address on a machine, its end."""
    if name is None or not re.search(r"//|^[/~.]|\\|:/", name):
        return name
    return PurePosixPath(name.replace("\\", "/")).name


def _stop(reason: str) -> str:
    return reason if reason in _STOPS or not reason else OTHER


def _files(names: Iterable[str]) -> list[str]:
    return [_file(name) for name in names]


def _file(name: str) -> str:
    """A path in the repository; one that leads out of it tells of a machine."""
    path = PurePosixPath(name.replace("\\", "/"))
    leads_out = path.is_absolute() or ".." in path.parts or re.match(r"~|\w:", name)
    return ELSEWHERE if leads_out else name
