"""The localizer as the finder of a test phase: its candidates, and a tool to ask it."""

from collections.abc import Sequence

from agent.likely_files import Candidate
from agent.localizer.localizer import Candidate as Ranked
from agent.localizer.localizer import Localizer
from agent.localizer.set_size import SetPreference

__all__ = ["LocalizerFinder"]

_EXPLAINED = 6
_ONE_SET = SetPreference()


class LocalizerFinder:
    """Answers an agent's question with what was learned before. Thread-safe."""

    def __init__(
        self, localizer: Localizer, preference: SetPreference = _ONE_SET
    ) -> None:
        self._localizer = localizer
        self._preference = preference

    def find(self, title: str, body: str, *, limit: int) -> Sequence[Candidate]:
        """The likeliest files, best first, those of the chosen set marked."""
        prediction = self._localizer.rank(
            title, body, preference=self._preference, limit=limit, excerpts=_EXPLAINED
        )
        chosen = set(prediction.predicted_files)
        return tuple(
            Candidate(
                path=one.path,
                probability=one.probability,
                is_predicted=one.path in chosen,
                evidence=_in_words(one),
            )
            for one in prediction.candidates[:limit]
        )


def _in_words(candidate: Ranked) -> str:
    words = list(candidate.evidence.reasons[:2])
    if candidate.excerpt is not None:
        excerpt = candidate.excerpt
        names = "".join(f" {name}" for name in excerpt.symbols[:2])
        place = f"lines {excerpt.first_line}-{excerpt.last_line}{names}"
        words.insert(0, place)
    return "; ".join(words)
