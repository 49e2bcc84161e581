"""A judge that costs something, and whose verdicts are kept as they come.

Mining that broke off asks nothing twice: what was judged is read from a file beside the
suite. A verdict is found again by all that the judge was shown, and by its own name,
which tells its model and its prompt.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent.redaction import Redactor
from swe_features.cells import digest
from swe_features.errors import StoreError
from swe_features.journal import Journal, read_lines
from tasks.judging import Judge, Judgement, Question, Verdict
from tasks.pull_requests import PullRequest

__all__ = ["KeptJudge"]


class KeptJudge:
    """A `Judge` that asks another one, once for each pull request."""

    def __init__(
        self,
        judge: Judge,
        path: Path,
        redactor: Redactor,
        told: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Read what was judged before.

        Args:
            judge: Who is asked.
            path: Where its verdicts are kept; made with its folder.
            redactor: Sees every line before the disk does.
            told: Takes how many pull requests were judged so far, after each.

        Raises:
            StoreError: The file cannot be read or written.
        """
        self._judge = judge
        self._path = path
        self._redactor = redactor
        self._told = told
        self._count = 0
        self._kept: dict[str, Verdict] = {}
        for number, line in enumerate(read_lines(path), start=1):
            try:
                self._kept[str(line["key"])] = _read(line)
            except (KeyError, TypeError, ValueError) as error:
                msg = f"{path}:{number} is no verdict: restore it, or delete that line"
                raise StoreError(msg) from error
        self._keep()  # what cannot be kept is told before anything is paid

    @property
    def name(self) -> str:
        """That of the judge who is asked."""
        return self._judge.name

    def judge(self, pull_request: PullRequest) -> Verdict:
        """The verdict, as it was kept or as it is now.

        Raises:
            StoreError: It cannot be kept.
        """
        key = self._key(pull_request)
        if key not in self._kept:
            verdict = self._judge.judge(pull_request)
            self._keep(_record(key, pull_request, verdict))
            self._kept[key] = verdict
        self._count += 1
        self._told(self._count)
        return self._kept[key]

    def _keep(self, *records: dict[str, Any]) -> None:
        """Write verdicts down. Any: JSON values."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"cannot write {self._path}: {error.strerror}: choose another folder"
            raise StoreError(msg) from error
        with Journal(self._path, self._redactor) as journal:
            for record in records:
                journal.append(record)

    def _key(self, pull_request: PullRequest) -> str:
        files = [
            (one.filename, one.previous_filename, one.status.value)
            for one in pull_request.changed_files
        ]
        shown = (pull_request.repo, pull_request.title, pull_request.body, files)
        return digest([self.name, *shown])


# Any: JSON values.
def _record(key: str, pull_request: PullRequest, verdict: Verdict) -> dict[str, Any]:
    return {
        "key": key,
        "number": pull_request.pr_number,
        "answers": {
            one.question.value: [one.is_yes, one.why] for one in verdict.judgements
        },
    }


def _read(line: Any) -> Verdict:  # noqa: ANN401  # a JSON value
    answers = line["answers"]
    judgements = []
    for question in Question:
        is_yes, why = answers[question.value]
        if not isinstance(is_yes, bool):
            raise TypeError(is_yes)
        judgements.append(Judgement(question, is_yes, str(why)))
    return Verdict(tuple(judgements))
