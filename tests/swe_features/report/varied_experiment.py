"""An experiment whose numbers vary, for those who count them anew.

Scores, tokens and texts are drawn at random; cells break, one context serves several
instances, one rollout looked for the network, attempts were repeated, and models have
prices.
"""

import random
from dataclasses import replace
from pathlib import Path

from agent.events import JSON, Event
from agent.redaction import Redactor
from agent.usage import Usage
from swe_features.cell_results import Breakage, CellResult
from swe_features.cells import Cell
from swe_features.plan import FileRecord, InstanceRecord, Plan, PullRequestRecord
from swe_features.scoring import score_files
from swe_features.store import MANIFEST, PLAN, RunDirectory

ARMS = (
    *("sleep-time", "sleep-time-k2", "sleep-text", "test-time", "no-context", "bm25"),
    "oracle",
)
STEADY = ("bm25", "oracle")
FILES = tuple(f"src/part{n}.py" for n in range(9))
WORDS = ("cart", "coupon", "till", "tax", "round", "refund", "stock", "price", "cache")
BUDGETS = (2, 6)
SEEDS = 2
SKILL = {"sleep-time": 0.5, "sleep-time-k2": 0.6, "test-time": 0.4}
MODEL = "openai/gpt-5-mini"


def make_varied_experiment(folder: Path, *, repos: int, instances: int) -> Path:
    """Write a run over so many repositories with so many instances each."""
    chance = random.Random(f"{repos} {instances}")
    records = [
        _instance(chance, repo, number)
        for repo in range(repos)
        for number in range(1, instances + 1)
    ]
    cells = [
        _cell(record, arm, budget, seed)
        for record in records
        for arm in ARMS
        for budget in ((None,) if arm in STEADY else BUDGETS)
        for seed in range(1 if arm in STEADY else SEEDS)
    ]
    plan = Plan("varied", tuple(cells), {each.instance_id: each for each in records})
    with RunDirectory(folder, Redactor({})) as directory:
        directory.write_json(folder / PLAN, plan.as_record())
        suite = {"name": "varied", "digest": "d" * 64, "instances": len(records)}
        manifest = {"schema": 1, "suite": suite, "drivers": {}, "runs": []}
        directory.write_json(folder / MANIFEST, manifest)
        for cell in chance.sample(cells, len(cells) - 2):
            for result in _attempts(chance, cell, plan.instances[cell.instance_id]):
                directory.results.append(result.as_record())
        _look_for_the_network(directory, plan)
    return folder


def _instance(chance: random.Random, repo: int, number: int) -> InstanceRecord:
    related = tuple(_pull(chance, repo, 100 * number + n) for n in range(3))
    target = _pull(chance, repo, 100 * number + 50)
    gold = tuple(file.filename for file in target.changed_files)
    return InstanceRecord(f"shop__till{repo}-{target.pr_number}", target, related, gold)


def _pull(chance: random.Random, repo: int, number: int) -> PullRequestRecord:
    names = chance.sample(FILES, chance.randint(1, 4))
    return PullRequestRecord(
        repo=f"shop/till{repo}",
        pr_number=number,
        title=" ".join(chance.choices(WORDS, k=4)),
        body=" ".join(chance.choices(WORDS, k=chance.randint(0, 20))),
        base_commit=f"{number:040x}",
        head_commit=None,
        merged_at=None,
        cluster=None,
        changed_files=tuple(FileRecord(n, "modified", number, None) for n in names),
    )


def _cell(record: InstanceRecord, arm: str, budget: int | None, seed: int) -> Cell:
    sleeps = arm.startswith("sleep")
    return Cell(
        cell_id=f"{record.instance_id}-{arm}-{budget}-{seed}",
        instance_id=record.instance_id,
        arm=arm,
        budget=budget,
        seed=seed,
        model=None if arm in STEADY else MODEL,
        sleep_model="anthropic/claude-sonnet-4-5" if sleeps else None,
    )


def _attempts(
    chance: random.Random, cell: Cell, record: InstanceRecord
) -> list[CellResult]:
    """What became of a cell; now and then it broke, once or for good."""
    scored = _result(chance, cell, record)
    if chance.random() > 0.1 or cell.arm in STEADY:
        return [scored]
    problem = Breakage(chance.choice(("model", "sandbox")), "test", "no", "Traceback")
    broken = replace(
        scored,
        outcome="broken",
        broken=problem,
        predicted_files=(),
        precision=None,
        recall=None,
        f1=None,
    )
    is_lasting = chance.random() < 0.5
    return [broken] if is_lasting else [broken, replace(scored, attempt=2)]


def _result(chance: random.Random, cell: Cell, record: InstanceRecord) -> CellResult:
    gold = record.gold_files
    skill = SKILL.get(cell.arm, 0.3) + (cell.budget or 0) / 40
    hits = [name for name in gold if cell.arm == "oracle" or chance.random() < skill]
    misses = [name for name in FILES if name not in gold and chance.random() < 0.1]
    predicted = hits if cell.arm == "oracle" else [*hits, *misses]
    chance.shuffle(predicted)
    score = score_files(frozenset(predicted), frozenset(gold))
    sleeps = cell.arm.startswith("sleep")
    number = record.target.pr_number
    # Neighbours share what was learned, as instances of one base and cluster do.
    shared = number // 200 if cell.arm == "sleep-time" else number
    key = f"{record.target.repo} {cell.arm} {shared} {cell.seed}"
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
        outcome="scored",
        gold_files=gold,
        predicted_files=tuple(predicted),
        precision=score.precision,
        recall=score.recall,
        f1=score.f1,
        sleep_tokens=_usage(random.Random(key), 2000) if sleeps else None,
        test_tokens=_usage(chance, 40 * (cell.budget or 0) + 20),
        steps=cell.budget or 0,
        stop="submitted",
        seconds=chance.random() * 9,
        context=key if sleeps else None,
    )


def _usage(chance: random.Random, about: int) -> Usage:
    prompt = chance.randint(about, 9 * about)
    generated = chance.randint(about // 2, 2 * about)
    return Usage(
        prompt_tokens=prompt,
        cached_prompt_tokens=chance.randint(0, prompt // 2),
        completion_tokens=generated,
        reasoning_tokens=generated // 3,
        requests=1,
        cache_write_tokens=chance.randint(0, prompt // 4),
    )


def _look_for_the_network(directory: RunDirectory, plan: Plan) -> None:
    """One rollout of the arm that sleeps asks the network."""
    cell = next(each for each in plan.cells if each.arm == "sleep-time")
    call: dict[str, JSON] = {"name": "bash", "arguments": {"command": "curl a.example"}}
    with directory.begin_trajectory(directory.trajectories, cell.cell_id) as writer:
        writer.record(Event("tool_call", call, at_s=1.0))
        path = writer.finish().relative_to(directory.path)
    chance = random.Random(0)
    result = _result(chance, cell, plan.instances[cell.instance_id])
    directory.results.append(replace(result, trajectory=str(path)).as_record())
