"""Suites as a person reads them: one instance, a check, a distribution."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import PurePosixPath
from statistics import median
from typing import Any

from rich.console import Console

from agent.plain_text import strip_escapes
from swe_features.masking import mask_files
from swe_features.scoring import score_files
from tasks.instances import Instance
from tasks.paper_suite import PaperFinding
from tasks.pull_requests import PullRequest
from tasks.suite_checks import InstanceCheck, SuiteCheck

__all__ = [
    "describe_check",
    "describe_statistics",
    "print_check",
    "print_finding",
    "print_instance",
    "print_statistics",
]

_BODY_LINES = 40


def print_instance(console: Console, instance: Instance, *, masked: bool) -> None:
    """Title, body, context and answer of one instance."""
    target = instance.target
    title, body = strip_escapes(target.title), strip_escapes(target.body)
    if masked:
        title = mask_files(title, instance.gold_files)
        body = mask_files(body, instance.gold_files)
    console.print(f"{instance.instance_id}: {title}")
    console.print(f"base {target.base_commit}, head {target.head_commit or 'unknown'}")
    lines = body.splitlines()
    console.print("\n" + "\n".join(lines[:_BODY_LINES] or ["(no description)"]))
    if len(lines) > _BODY_LINES:
        console.print(f"({len(lines) - _BODY_LINES} more lines)")
    console.print(f"\nRelated ({len(instance.related)}), oldest first:")
    for other in instance.related:
        console.print(f"  #{other.pr_number} {_one_line(other.title)}")
    console.print(f"\nGold ({len(instance.gold_files)}):")
    for file in target.changed_files:
        mark = "*" if file.filename in instance.gold_files else " "
        console.print(f"  {mark} {file.status.value:<8} {_one_line(file.filename)}")


def print_check(console: Console, check: SuiteCheck, *, quiet: bool) -> None:
    """What is wrong, what is odd, and what gives answers away."""
    for problem in check.unusable:
        console.print(f"unusable  {problem}")
    for one in check.instances:
        for fault in _all_faults(one):
            console.print(f"fault     {one.instance.instance_id}: {_one_line(fault)}")
        if quiet:
            continue
        for oddity in one.oddities:
            console.print(f"odd       {one.instance.instance_id}: {_one_line(oddity)}")
        if one.leak.named:
            names = ", ".join(sorted(one.leak.named))
            console.print(
                f"leak {one.leak.score:.2f} {one.instance.instance_id}: "
                f"names {_one_line(names)}"
            )
    record = describe_check(check)
    console.print(
        f"{record['instances']} instances, {record['unusable']} unusable rows, "
        f"{record['faults']} with faults, {record['odd']} odd, "
        f"{record['leaking']} name a gold file (mean leak {record['mean_leak']:.2f})."
    )
    if record["after_cutoff"] is not None:
        console.print(
            f"{record['after_cutoff']} are younger than the cutoff, "
            f"{record['before_cutoff']} are not."
        )


def describe_check(check: SuiteCheck) -> dict[str, Any]:
    """A check as JSON values."""
    leaks = [one.leak.score for one in check.instances]
    dated = [
        o.is_after_cutoff for o in check.instances if o.is_after_cutoff is not None
    ]
    return {
        "suite": check.suite.name,
        "digest": check.suite.digest,
        "is_sound": is_sound(check),
        "instances": len(check.instances),
        "unusable": len(check.unusable),
        "faults": sum(bool(_all_faults(one)) for one in check.instances),
        "odd": sum(bool(one.oddities) for one in check.instances),
        "leaking": sum(bool(one.leak.named) for one in check.instances),
        "mean_leak": sum(leaks) / len(leaks) if leaks else 0.0,
        "after_cutoff": sum(dated) if dated else None,
        "before_cutoff": len(dated) - sum(dated) if dated else None,
        "problems": [str(problem) for problem in check.unusable],
        "rows": [
            {
                "instance_id": one.instance.instance_id,
                "faults": list(_all_faults(one)),
                "oddities": list(one.oddities),
                "leak": one.leak.score,
                "named": sorted(one.leak.named),
                "date": one.date,
                "is_after_cutoff": one.is_after_cutoff,
            }
            for one in check.instances
        ],
    }


def is_sound(check: SuiteCheck) -> bool:
    """Whether nothing is wrong, and each gold set scored against itself is perfect."""
    return check.is_sound and not any(_all_faults(one) for one in check.instances)


def describe_statistics(instances: Sequence[Instance]) -> dict[str, Any]:
    """What a suite is made of, as JSON values."""
    targets = [instance.target for instance in instances]
    return {
        "instances": len(instances),
        "repositories": _count(target.repo for target in targets),
        "kinds": _count(str(t.extra.get("kind", "unknown")) for t in targets),
        "states": _count(_state(target) for target in targets),
        "years": _count(_year(target) for target in targets),
        "clusters": _count(t.cluster for t in targets if t.cluster),
        "suffixes": _count(
            PurePosixPath(path).suffix or "(none)"
            for instance in instances
            for path in instance.gold_files
        ),
        "gold_files": _spread([len(i.gold_files) for i in instances]),
        "changed_files": _spread([len(t.changed_files) for t in targets]),
        "related": _spread([len(i.related) for i in instances]),
        "body_words": _spread([len(t.body.split()) for t in targets]),
    }


def print_statistics(console: Console, statistics: Mapping[str, Any]) -> None:
    """One line for each distribution."""
    for name, value in statistics.items():
        label = name.replace("_", " ")
        if not isinstance(value, dict):
            console.print(f"{label:<14} {value}")
            continue
        shown = ", ".join(
            f"{_one_line(str(k))} {v}" for k, v in list(value.items())[:12]
        )
        more = f" and {len(value) - 12} more" if len(value) > 12 else ""  # noqa: PLR2004
        console.print(f"{label:<14} {shown}{more}")


def print_finding(console: Console, finding: PaperFinding) -> None:
    """One line on one of the paper's pull requests."""
    entry = finding.entry
    mark = "found  " if finding.row is not None else "missing"
    console.print(f"{mark} {entry.repo}#{entry.number}: {'; '.join(finding.notes)}")


def _all_faults(one: InstanceCheck) -> tuple[str, ...]:
    gold = one.instance.gold_files
    score = score_files(gold, gold)
    if score.is_exact:
        return one.faults
    return (*one.faults, f"gold against itself scores {asdict(score)}")


def _year(target: PullRequest) -> str:
    moment = target.merged_at or target.created_at
    return moment[:4] if moment else "unknown"


def _state(target: PullRequest) -> str:
    if target.merged_at or target.merge_commit:
        return "merged"
    return target.state or "not merged"


def _count(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))


def _spread(values: Sequence[int]) -> dict[str, float]:
    return {
        "least": min(values, default=0),
        "median": median(values) if values else 0,
        "most": max(values, default=0),
        "none": sum(value == 0 for value in values),
    }


def _one_line(text: str) -> str:
    return " ".join(strip_escapes(text.encode("utf-8", "replace").decode()).split())
