"""Ask what was learned: which files will a described change edit?"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agent.localizer.estimate import estimate
from agent.localizer.evidence import FileEvidence, Witness
from agent.localizer.excerpts import Excerpt, read_excerpts
from agent.localizer.index import Index
from agent.localizer.prior import Prior
from agent.localizer.query import Query, read_query
from agent.localizer.set_size import SetPreference, choose_size
from agent.localizer.track_record import TrackRecord

__all__ = ["Candidate", "Localizer", "Prediction"]

_LIMIT = 50
_ONE_SET = SetPreference()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One file that the change may edit."""

    path: str
    """POSIX path from the repository root, as at the base commit."""
    probability: float
    """Calibrated: of the files with 0.3, three in ten are edited."""
    evidence: FileEvidence
    excerpt: Excerpt | None = None
    """The lines that match best; None unless asked for, or where nothing matches."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer to one described change."""

    commit: str
    """Full id of the base commit."""
    predicted_files: tuple[str, ...]
    """The chosen set: the first of the candidates, the likeliest first."""
    candidates: tuple[Candidate, ...]
    is_blind: bool = False
    """Whether no word of the text is known, so that only habits decided."""


class Localizer:
    """What the past of one repository taught, ready for queries. Thread-safe."""

    def __init__(
        self,
        index: Index,
        prior: Prior,
        record: TrackRecord,
        *,
        commit: str,
        repo: Path,
    ) -> None:
        self.index = index
        self.prior = prior
        self.record = record
        self.commit = commit
        self._repo = repo

    def with_index(self, index: Index) -> "Localizer":
        """The same weights over another index of the same tree."""
        return Localizer(
            index, self.prior, self.record, commit=self.commit, repo=self._repo
        )

    def rank(
        self,
        title: str,
        body: str = "",
        *,
        preference: SetPreference = _ONE_SET,
        limit: int = _LIMIT,
        excerpts: int = 0,
    ) -> Prediction:
        """Rank the files that a described change will edit, and choose the set.

        Args:
            title: One line, as a pull request has it. May be empty.
            body: The description.
            preference: What the chosen set should be like.
            limit: Candidates to return, at least the chosen ones.
            excerpts: For how many of the first candidates to look for the lines that
                match best; this reads the files from the repository.
        """
        query = read_query(title, body)
        now = len(self.index.changes)
        found = estimate(self.index, self.prior, query, now, self.record)
        order = np.argsort(-found.probability, kind="stable")
        size = choose_size(found.probability[order], preference)
        witness = Witness(self.index, query, found)
        files = order[: max(limit, size)].tolist()
        paths = [witness.path(file) for file in files]
        shown = read_excerpts(self._repo, self.commit, paths[:excerpts], query)
        candidates = tuple(
            Candidate(
                path=path,
                probability=float(found.probability[file]),
                evidence=witness.evidence(file),
                excerpt=shown.get(path),
            )
            for path, file in zip(paths, files, strict=True)
        )
        return Prediction(
            self.commit,
            tuple(paths[:size]),
            candidates,
            is_blind=not self._knows_any(query),
        )

    def _knows_any(self, query: Query) -> bool:
        """Whether any word of a text was ever used, in a text, a message or a path."""
        index = self.index
        known = (index.term_number, index.name_words.paths, index.folder_words.paths)
        return any(term in one for term in query.terms for one in known)
