"""Cells, instances and pull requests, as the run's own files have them."""

from typing import Any

from tests.swe_features.report.recount.draws import Numbers
from tests.swe_features.report.recount.rows import Row, Run

__all__ = ["recount_particulars"]

KINDS = (
    *("prompt_tokens", "cached_prompt_tokens", "completion_tokens"),
    "reasoning_tokens",
)


def recount_particulars(run: Run) -> Numbers:
    """All under `evidence`."""
    numbers: Numbers = {}
    places = {name: place for place, name in enumerate(run.plan["instances"])}
    for cell in run.plan["cells"]:
        place = f"evidence/cells[{cell['cell_id']}]"
        numbers |= {
            f"{place}/instance": places[cell["instance_id"]],
            f"{place}/budget": cell["budget"],
            f"{place}/seed": cell["seed"],
        }
        numbers |= _blanks(place, cell, "model")
        if cell["cell_id"] in run.lines:
            numbers |= _attempt(place, run.lines[cell["cell_id"]])
    for each in run.plan["instances"].values():
        inner = f"evidence/instances[{each['instance_id']}]"
        numbers |= _blanks(inner, each["target"], "cluster")
        for pull in (each["target"], *each["related"]):
            numbers |= _pull(pull)
    return numbers


def _blanks(place: str, record: dict[str, Any], *names: str) -> Numbers:
    """Texts that are unknown."""
    return {f"{place}/{name}": None for name in names if not record[name]}


def _attempt(place: str, line: dict[str, Any]) -> Numbers:
    is_scored = line["outcome"] == "scored"
    scores = Row.of(line).scores
    numbers: Numbers = {
        f"{place}/{name}": scores[name] if is_scored else None
        for name in ("f1", "precision", "recall")
    }
    for phase in ("test", "sleep"):
        usage = line[f"{phase}_tokens"]
        if usage is None or usage["unmeasured_requests"]:
            numbers[f"{place}/{phase}"] = None
        else:
            numbers |= {
                f"{place}/{phase}/{n}": usage[kind] for n, kind in enumerate(KINDS)
            }
    numbers |= {
        f"{place}/steps": line["steps"],
        f"{place}/seconds": round(line["seconds"], 3),
        f"{place}/attempt": line["attempt"],
        f"{place}/has_trajectory": line["trajectory"] is not None,
    }
    return numbers | _blanks(place, line, "driver", "proof", "broken")


def _pull(pull: dict[str, Any]) -> Numbers:
    place = f"evidence/pulls/{pull['repo']}#{pull['pr_number']}"
    numbers: Numbers = {f"{place}/pr_number": pull["pr_number"]}
    for n, file in enumerate(pull["changed_files"]):
        numbers[f"{place}/changed_files/{n}/2"] = file["additions"]
        numbers[f"{place}/changed_files/{n}/3"] = file["deletions"]
    texts = ("head_commit", "merged_at", "cluster")
    return numbers | {f"{place}/{n}": None for n in texts if pull[n] is None}
