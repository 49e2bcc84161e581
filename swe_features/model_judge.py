"""Let a language model judge pull requests, as the paper does.

One request for each pull request; the answer is a tool call with three answers and a
reason for each. A model that answers otherwise is asked once more, and then the pull
request is left out with that as its reason.
"""

from collections.abc import Mapping
from typing import Any

from agent.messages import Message, ToolSpec
from agent.model import Model
from agent.models.loading import load_model
from agent.prompting import hash_prompts, render_prompt
from tasks.judging import Judgement, Question, Verdict
from tasks.pull_requests import PullRequest

__all__ = ["ModelJudge", "open_model_judge"]

_PROMPT = "judge_pull_request"
_ATTEMPTS = 2
_FILES_SHOWN = 60
_WHY_CHARACTERS = 120


def _answer_schema(question: Question) -> dict[str, Any]:
    """One answer as JSON Schema. Any: a schema is JSON."""
    return {
        "type": "object",
        "description": f"The answer to the question '{question.value}'.",
        "properties": {
            "yes": {"type": "boolean"},
            "why": {"type": "string", "description": "At most ten words."},
        },
        "required": ["yes", "why"],
    }


_TOOL = ToolSpec(
    name="judge",
    description="Answer the three questions about the pull request.",
    parameters={
        "type": "object",
        "properties": {
            question.value: _answer_schema(question) for question in Question
        },
        "required": [question.value for question in Question],
    },
)


class ModelJudge:
    """A `Judge` that asks a language model."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def name(self) -> str:
        """The model's name, and which prompt it was asked with."""
        return f"{self._model.name} (prompt {hash_prompts([_PROMPT])[:12]})"

    def judge(self, pull_request: PullRequest) -> Verdict:
        """Ask the model.

        Raises:
            ModelError: The model could not be asked.
        """
        prompt = render_prompt(
            _PROMPT,
            repo=pull_request.repo,
            title=pull_request.title,
            body=pull_request.body,
            files=pull_request.changed_files[:_FILES_SHOWN],
            files_count=len(pull_request.changed_files),
        )
        for _ in range(_ATTEMPTS):
            reply = self._model.complete([Message("user", prompt)], [_TOOL])
            for call in reply.tool_calls:
                verdict = _read(call.arguments) if call.name == _TOOL.name else None
                if verdict is not None:
                    return verdict
        why = "the model did not answer the questions"
        return Verdict(tuple(Judgement(one, is_yes=False, why=why) for one in Question))


def open_model_judge(name: str) -> ModelJudge:
    """The judge of a litellm name.

    Raises:
        ModelSetupError: There is no such model, or its library or key is missing.
    """
    return ModelJudge(load_model(name, temperature=0.0))


def _read(arguments: Mapping[str, Any]) -> Verdict | None:
    """A verdict out of a tool call; None where an answer is missing or no answer."""
    judgements = []
    for question in Question:
        answer = arguments.get(question.value)
        if not isinstance(answer, dict) or not isinstance(answer.get("yes"), bool):
            return None
        why = " ".join(str(answer.get("why", "")).split())[:_WHY_CHARACTERS]
        judgements.append(Judgement(question, answer["yes"], why))
    return Verdict(tuple(judgements))
