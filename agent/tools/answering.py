"""propose_files and submit: how the agent answers."""

from collections.abc import Iterable, Mapping
from typing import Any

from agent.tools.schema import describe, strings
from agent.tools.tool import Observation, Tool
from agent.tools.tree import Tree

__all__ = ["Answer", "answering_tools", "submit_tool"]

_EXPLAINED = 5
"""Unknown paths that are named; similar ones of each take 0.1 s in a large tree."""
_FILES = strings("Paths of existing files from the repository root, likeliest first.")

_PROPOSE = describe(
    "propose_files",
    "State your answer so far: the existing files that must be modified. Call it early "
    "and again whenever you know better; each call replaces the answer before it. What "
    "stands when your steps end is scored.",
    {"files": _FILES},
    required=("files",),
)
_SUBMIT_FILES = describe(
    "submit",
    "End your work. With `files` these are your final answer, without it the last "
    "proposal is.",
    {"files": _FILES},
)


class Answer:
    """The answer of a predict-mode rollout so far; whatever stands last is scored."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.files: tuple[str, ...] = ()

    def propose(self, paths: Iterable[str]) -> Observation:
        """Replace the answer by those of the paths that exist at the base commit."""
        wanted = list(dict.fromkeys(self._tree.normalize(path) for path in paths))
        known = tuple(path for path in wanted if path in self._tree.paths)
        unknown = [path for path in wanted if path not in self._tree.paths]
        warning = self._explain_unknown(unknown)
        if not known:
            stands = ", ".join(self.files) or "empty"
            return Observation(
                f"None of these files exists; your answer is still: {stands}.{warning}",
                failed=True,
            )
        self.files = known
        return Observation(
            f"Your answer so far ({len(known)} files): {', '.join(known)}.{warning}",
            proposal=known,
        )

    def submit(self, paths: Iterable[str] | None) -> Observation:
        """End the rollout with these files, or with the answer so far."""
        if paths is not None:
            observation = self.propose(paths)
            if observation.failed:
                return observation
        if not self.files:
            return Observation(
                "Nothing was submitted: you have proposed no file yet. Name the files.",
                failed=True,
            )
        return Observation(
            f"Submitted: {', '.join(self.files)}.",
            proposal=self.files if paths is not None else None,
            is_final=True,
        )

    def _explain_unknown(self, paths: list[str]) -> str:
        lines = []
        for path in paths[:_EXPLAINED]:
            similar = self._tree.similar_to(path)
            hint = f" (similar: {', '.join(similar)})" if similar else ""
            lines.append(f"\nNot a file of this repository, so left out: {path}{hint}")
        if len(paths) > len(lines):
            lines.append(f"\nSo are {len(paths) - len(lines)} more.")
        return "".join(lines)


def answering_tools(answer: Answer) -> tuple[Tool, ...]:
    """The tools of predict mode that write to `answer`."""

    def propose(arguments: Mapping[str, Any]) -> Observation:
        return answer.propose(arguments["files"])

    def submit(arguments: Mapping[str, Any]) -> Observation:
        return answer.submit(arguments.get("files"))

    return (Tool(_PROPOSE, propose), Tool(_SUBMIT_FILES, submit))


def submit_tool() -> Tool:
    """The tool that ends an edit-mode rollout."""

    def submit(arguments: Mapping[str, Any]) -> Observation:
        del arguments
        return Observation("Submitted: the files as they are now.", is_final=True)

    return Tool(
        describe(
            "submit",
            "End your work. The files as you have changed them are your answer.",
        ),
        submit,
    )
