"""An experiment on disk that nobody ran: of any size, and with any text in it."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.events import JSON, Event
from agent.learned_context import LearnedContext, Revision
from agent.learned_context_store import LearnedContextStore
from agent.redaction import Redactor
from agent.usage import Usage
from swe_features.cell_results import Breakage, CellResult
from swe_features.cells import Cell
from swe_features.plan import FileRecord, InstanceRecord, Plan, PullRequestRecord
from swe_features.scoring import score_files
from swe_features.store import MANIFEST, PLAN, RunDirectory

HOSTILE = (
    "</script><script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'>"
    "<!-- <b>bold</b> \u202egnp.exe \x1b[31m &lt; \u2028 ']]>"
)
ARMS = ("sleep-time", "test-time", "bm25")
CLUSTERS = (
    "cluster_of_pull_requests_with_an_even_number",
    "cluster_of_pull_requests_with_an_odd_number",
)
FILES = ("src/core.py", "src/io.py", "src/cli.py", "docs/usage.md")


def make_experiment(
    folder: Path,
    *,
    instances: int = 3,
    budgets: Sequence[int] = (2, 4),
    seeds: int = 1,
    text: str = "Say what there is.",
    with_trouble: bool = True,
    name: str = "made",
    bulk: int = 0,
    file_text: str | None = None,
) -> Path:
    """Write the directory of an experiment.

    Args:
        folder: Where; created.
        instances: The first has no related pull request.
        budgets: Of the arms that take steps.
        seeds: Likewise.
        text: Is in every title, body, message and learned context.
        with_trouble: Whether the last instance has a broken cell and a missing one.
        name: Of the experiment.
        bulk: Characters in each observation that occur nowhere else.
        file_text: Is in a file name of each pull request; `text` if None.
    """
    named = text if file_text is None else file_text
    records = [_instance(number, text, named) for number in range(1, instances + 1)]
    cells = [
        _cell(record, arm, budget, seed)
        for record in records
        for arm in ARMS
        for budget in (budgets if arm != "bm25" else (None,))
        for seed in range(seeds if arm != "bm25" else 1)
    ]
    plan = Plan(name, tuple(cells), {each.instance_id: each for each in records})
    with RunDirectory(folder, Redactor({})) as directory:
        directory.write_json(folder / PLAN, plan.as_record())
        directory.write_json(folder / MANIFEST, _manifest(len(records), text))
        for record in records:
            context = _learned(record, text)
            LearnedContextStore(directory.contexts).put(_key(record), context)
        trouble = (
            [c for c in cells if c.arm == "test-time"][-2:] if with_trouble else []
        )
        for cell in cells:
            if trouble and cell == trouble[-1]:
                continue
            is_broken = bool(trouble) and cell == trouble[0]
            record = plan.instances[cell.instance_id]
            result = _result(
                directory, cell, record, text, is_broken=is_broken, bulk=bulk
            )
            directory.results.append(result.as_record())
    return folder


def _cell(record: InstanceRecord, arm: str, budget: int | None, seed: int) -> Cell:
    return Cell(
        cell_id=f"{record.target.pr_number:04d}-{arm}-{budget}-{seed}",
        instance_id=record.instance_id,
        arm=arm,
        budget=budget,
        seed=seed,
        model=None if arm == "bm25" else "student",
        sleep_model="student" if arm == "sleep-time" else None,
    )


def _instance(number: int, text: str, named: str) -> InstanceRecord:
    target = _pull(number, text, named)
    related = tuple(_pull(other, text, named) for other in range(1, number))[-3:]
    gold = tuple(file.filename for file in target.changed_files)
    return InstanceRecord(f"shop__till-{number}", target, related, gold)


def _pull(number: int, text: str, named: str) -> PullRequestRecord:
    names = (*FILES[:2], f"src/{number} {named}.py")
    return PullRequestRecord(
        repo="shop/till",
        pr_number=number,
        title=f"Change {number}: {text}",
        body=f"{text}\n\n{text}",
        base_commit=f"{number:040x}",
        head_commit=None,
        merged_at=None,
        cluster=CLUSTERS[number % 2],
        changed_files=tuple(FileRecord(n, "modified", 3, 1) for n in names),
    )


def _key(record: InstanceRecord) -> str:
    return f"{record.target.pr_number:064x}"


def _learned(record: InstanceRecord, text: str) -> LearnedContext:
    numbers = tuple(pull.pr_number for pull in record.related)
    revisions = tuple(
        Revision(
            "\n".join(["Begin.", *(f"#{n}: {text}" for n in numbers[: place + 1])]),
            number,
            Usage(completion_tokens=100 * (place + 1)),
        )
        for place, number in enumerate(numbers)
    )
    return LearnedContext(
        text=revisions[-1].text if revisions else f"Nothing but {text}",
        repo="shop/till",
        commit=record.target.base_commit,
        related=numbers,
        model="student",
        prompt_hash="0" * 64,
        usage=Usage(prompt_tokens=5000, completion_tokens=900),
        duration_s=1.5,
        revisions=revisions,
    )


def _result(
    directory: RunDirectory,
    cell: Cell,
    record: InstanceRecord,
    text: str,
    *,
    is_broken: bool,
    bulk: int,
) -> CellResult:
    sleeps = cell.arm == "sleep-time"
    number = record.target.pr_number
    gold = record.gold_files
    wanted = 3 if sleeps else 1 + number % 2
    predicted = () if is_broken else (*gold[:wanted], FILES[3])
    score = score_files(frozenset(predicted), frozenset(gold))
    takes_steps = cell.budget is not None
    usage = Usage(prompt_tokens=900, completion_tokens=50 * (cell.budget or 0) + number)
    trajectory = None
    if takes_steps:
        folder = directory.trajectories
        with directory.begin_trajectory(folder, cell.cell_id) as writer:
            for event in _events(cell, predicted, usage, text, bulk):
                writer.record(event)
            trajectory = str(writer.finish().relative_to(directory.path))
    return CellResult(
        cell_id=cell.cell_id,
        instance_id=cell.instance_id,
        arm=cell.arm,
        budget=cell.budget,
        seed=cell.seed,
        model=cell.model,
        sleep_model=cell.sleep_model,
        mode="predict",
        related="past-only",
        outcome="broken" if is_broken else "scored",
        gold_files=gold,
        predicted_files=predicted,
        precision=None if is_broken else score.precision,
        recall=None if is_broken else score.recall,
        f1=None if is_broken else score.f1,
        sleep_tokens=Usage(prompt_tokens=5000, completion_tokens=900)
        if sleeps
        else None,
        test_tokens=usage,
        steps=2 if takes_steps else 0,
        stop="submitted",
        seconds=0.25,
        context=_key(record) if sleeps else None,
        driver="subprocess",
        proof={"base_commit": record.target.base_commit},
        broken=Breakage("model", "test", f"no reply: {text}", f"Traceback {text}")
        if is_broken
        else None,
        trajectory=trajectory,
    )


def _events(
    cell: Cell, predicted: Sequence[str], usage: Usage, text: str, bulk: int
) -> Iterator[Event]:
    def event(kind: str, step: int, **data: JSON) -> Event:
        return Event(kind, {"step": step, **data}, at_s=1000.0 + step)

    noise = random.Random(cell.cell_id)
    spent: dict[str, JSON] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
    }
    yield event("phase", 0, phase="test", budget=cell.budget)
    yield event("message", 0, role="system", content=f"You find files. {text}" * 9)
    yield event("message", 0, role="user", content=text)
    for step in range(1, (cell.budget or 0) + 1):
        yield event("request", step, messages=2 * step)
        yield event("reply", step, content=text, reasoning=f"Hm. {text}", usage=spent)
        call = f"call-{step}"
        yield event(
            "tool_call", step, call_id=call, name="search", arguments={"pattern": text}
        )
        yield event(
            "observation",
            step,
            call_id=call,
            text=f"{text} {step}\n" * 30 + noise.randbytes(bulk // 2).hex(),
            failed=False,
        )
        yield event("proposal", step, files=list(predicted))
    yield event("notice", cell.budget or 0, text="One step is left.")
    yield event("wonder", cell.budget or 0, what=text)
    yield event("stop", cell.budget or 0, reason="submitted")


def _manifest(instances: int, text: str) -> dict[str, object]:
    return {
        "schema": 1,
        "suite": {"name": "till", "digest": "d" * 64, "instances": instances},
        "drivers": {"subprocess": {"isolation": f"none: {text}"}},
        "runs": [
            {
                "run_id": "r",
                "started_at": "2024-01-02T03:04:05+00:00",
                "attempted": 9,
                "config": {
                    "model": "student",
                    "sleep_model": None,
                    "mode": "predict",
                    "related": "past-only",
                    "model_options": {},
                    "sleep_model_options": {},
                    "limits": {},
                },
                "environment": {"version": text},
                "offline_note": None,
            }
        ],
    }
