"""Train the offline judge, and measure it on repositories that it has not seen.

    python benchmarks/judge.py CLONES [--write]

CLONES holds a clone of each labelled repository in `owner+name` or `owner/name`. The
labels are a repository, a number and three answers; what was labelled is read from the
clones. With --write the weights go to tasks/offline_judge.json.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from tasks.candidates import select_candidates
from tasks.judge_features import describe_change
from tasks.judging import Question
from tasks.mining import find_pull_requests
from tasks.pull_requests import PullRequest
from tasks.repository import Repository

ROOT = Path(__file__).parent.parent
LABELS = Path(__file__).with_name("judge_labels.jsonl")
STRENGTH = 2.0
"""Inverse strength of the regularization: best of 0.15 to 8 on unseen repositories."""


@dataclass(frozen=True)
class Labelled:
    """A pull request and what we said of it."""

    pull_request: PullRequest
    answers: dict[str, bool]


def main() -> None:
    """Train, measure, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clones", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    labelled = read_labelled(options.clones)
    measure(labelled)
    if options.write:
        weights = train(labelled)
        text = json.dumps(weights, indent=1, sort_keys=True)
        (ROOT / "tasks" / "offline_judge.json").write_text(text + "\n")


def read_labelled(clones: Path) -> list[Labelled]:
    """Find what was labelled in the clones."""
    labels = [json.loads(line) for line in LABELS.read_text().splitlines()]
    found: list[Labelled] = []
    for repo in sorted({label["repo"] for label in labels}):
        own = {one["pr_number"]: one for one in labels if one["repo"] == repo}
        repository = Repository.open(find_clone(clones, repo))
        drafts = [
            draft
            for draft in find_pull_requests(repository).drafts
            if draft.number in own
        ]
        candidates = select_candidates(repository, drafts, repo).pull_requests
        found += [Labelled(one, own[one.pr_number]) for one in candidates]
        print(f"{repo}: {len(candidates)} of {len(own)} labelled found")
    return found


def find_clone(clones: Path, repo: str) -> Path:
    """The clone of a repository, bare, in a folder of its own, or below one."""
    for name in (repo.replace("/", "+"), repo):
        for place in (clones / name, clones / name / "repo"):
            if (place / "objects").is_dir() or (place / ".git").exists():
                return place
    message = f"no clone of {repo} in {clones}"
    raise SystemExit(message)


def train(labelled: Sequence[Labelled]) -> dict[str, dict[str, float]]:
    """Weights of each question's features."""
    vectorizer = DictVectorizer(sparse=False)
    features = [describe_change(one.pull_request) for one in labelled]
    matrix = vectorizer.fit_transform(features)
    weights = {}
    for question in Question:
        answers = [one.answers[question.value] for one in labelled]
        model = LogisticRegression(C=STRENGTH, max_iter=5000, fit_intercept=False)
        model.fit(matrix, answers)
        names = vectorizer.get_feature_names_out()
        weights[question.value] = {
            str(name): round(float(weight), 4)
            for name, weight in zip(names, model.coef_[0], strict=True)
        }
    return weights


def measure(labelled: Sequence[Labelled]) -> None:
    """Leave one repository out, train on the others, compare."""
    from tasks.offline_judge import OfflineJudge  # noqa: PLC0415 - weights come first

    truth: dict[str, list[bool]] = {}
    said: dict[str, list[bool]] = {}
    for repo in sorted({one.pull_request.repo for one in labelled}):
        rest = [one for one in labelled if one.pull_request.repo != repo]
        judge = OfflineJudge(train(rest))
        for one in (one for one in labelled if one.pull_request.repo == repo):
            verdict = judge.judge(one.pull_request)
            for judgement in verdict.judgements:
                name = judgement.question.value
                truth.setdefault(name, []).append(one.answers[name])
                said.setdefault(name, []).append(judgement.is_yes)
            accepted = all(one.answers[q.value] for q in Question)
            for name in ("accepted", f"accepted, {repo}"):
                truth.setdefault(name, []).append(accepted)
                said.setdefault(name, []).append(verdict.is_accepted)
    print(f"{'':36} yes  precision  recall  accuracy")
    for name, real in truth.items():
        print(f"{name:36}", rates(np.array(real), np.array(said[name])))


def rates(real: np.ndarray, said: np.ndarray) -> str:
    """Share of yes, precision, recall and accuracy, as text."""
    hits = (real & said).sum()
    precision = hits / max(said.sum(), 1)
    recall = hits / max(real.sum(), 1)
    right = (real == said).mean()
    return f"{real.mean():.2f}  {precision:9.2f}  {recall:6.2f}  {right:8.2f}"


if __name__ == "__main__":
    main()
