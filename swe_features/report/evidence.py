"""What the numbers of a report stand on: cells, instances and their pull requests."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from agent.usage import Usage
from swe_features.cell_results import CellResult
from swe_features.cells import Cell
from swe_features.errors import StoreError
from swe_features.plan import InstanceRecord, PullRequestRecord
from swe_features.results import StoredExperiment
from swe_features.store import PLAN

__all__ = ["TOKEN_FIELDS", "context_keys", "evidence_record", "tokens_of"]

TOKEN_FIELDS = (
    "prompt_tokens",
    "cached_prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
)
BODY_CHARACTERS = 20_000
"""Of a pull request's description; longer ones are cut, and say so."""


def evidence_record(experiment: StoredExperiment) -> dict[str, Any]:
    """Cells by instance, instances, and every pull request once. Any: JSON values.

    Raises:
        StoreError: The plan lacks an instance that its cells name.
    """
    instances = list(experiment.plan.instances.values())
    places = {each.instance_id: place for place, each in enumerate(instances)}
    for cell in experiment.plan.cells:
        if cell.instance_id not in places:
            msg = (
                f"{experiment.directory / PLAN} lacks {cell.instance_id}, which its "
                "cells name: run the experiment again to write it anew"
            )
            raise StoreError(msg)
    return {
        "instances": [_instance(each) for each in instances],
        "pulls": _pulls(instances),
        "cells": [
            _cell(cell, result, places[cell.instance_id])
            for cell, result in experiment.cells_with_results()
        ],
    }


def _instance(each: InstanceRecord) -> dict[str, Any]:
    return {
        "id": each.instance_id,
        "pull": _name(each.target),
        "cluster": each.target.cluster,
        "base": each.target.base_commit,
        "gold": list(each.gold_files),
        "related": [_name(pull) for pull in each.related],
    }


def _pulls(instances: Iterable[InstanceRecord]) -> dict[str, Any]:
    everything = (pull for each in instances for pull in (each.target, *each.related))
    return {_name(pull): _pull(pull) for pull in everything}


def _name(pull: PullRequestRecord) -> str:
    return f"{pull.repo}#{pull.pr_number}"


def _pull(pull: PullRequestRecord) -> dict[str, Any]:
    record = asdict(pull)
    body = pull.body
    if len(body) > BODY_CHARACTERS:
        rest = len(body) - BODY_CHARACTERS
        record["body"] = f"{body[:BODY_CHARACTERS]}\n[{rest:,} characters left out]"
    record["changed_files"] = [
        [file.filename, file.status, file.additions, file.deletions]
        for file in pull.changed_files
    ]
    return record


def _cell(cell: Cell, result: CellResult | None, place: int) -> dict[str, Any]:
    planned = {
        "id": cell.cell_id,
        "instance": place,
        "arm": cell.arm,
        "budget": cell.budget,
        "seed": cell.seed,
        "model": cell.model,
    }
    if result is None:
        return {**planned, "outcome": "missing"}
    return {
        **planned,
        "outcome": result.outcome,
        "f1": result.f1,
        "precision": result.precision,
        "recall": result.recall,
        "predicted": list(result.predicted_files),
        "test": _tokens(result.test_tokens),
        "sleep": _tokens(result.sleep_tokens),
        "steps": result.steps,
        "stop": result.stop,
        "seconds": round(result.seconds, 3),
        "attempt": result.attempt,
        "contexts": list(context_keys(result)),
        "has_trajectory": result.trajectory is not None,
        "driver": result.driver,
        "proof": _proof(result.proof),
        "broken": _breakage(result),
    }


def context_keys(result: CellResult) -> tuple[str, ...]:
    """The keys of the learned contexts that a cell was given."""
    return result.contexts or ((result.context,) if result.context else ())


def _tokens(usage: Usage | None) -> list[int] | None:
    return tokens_of(None if usage is None else asdict(usage))


def tokens_of(usage: Mapping[str, Any] | None) -> list[int] | None:
    """Tokens by kind; None where not all of them are known, which is not 0.

    Any: JSON values.
    """
    if usage is None or usage.get("unmeasured_requests"):
        return None
    return [int(usage.get(name) or 0) for name in TOKEN_FIELDS]


def _proof(proof: Mapping[str, Any] | None) -> str | None:
    """Whether a seal was proved, in few words; all of it is in `results.jsonl`."""
    if not proof:
        return None
    return str(proof.get("base_commit", "sealed"))


def _breakage(result: CellResult) -> dict[str, str] | None:
    if result.broken is None:
        return None
    broken = result.broken
    return {
        "boundary": broken.boundary,
        "phase": broken.phase,
        "message": broken.message,
        "traceback": broken.traceback[-BODY_CHARACTERS:],
    }
