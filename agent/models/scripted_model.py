"""A model that says what it was told to say: for tests of everything around a model."""

from collections.abc import Callable, Sequence
from threading import Lock

from agent.errors import ModelError
from agent.messages import Message, ToolSpec
from agent.model import Reply

__all__ = ["ScriptedModel"]


class ScriptedModel:
    """Replies in the order given.

    An exception in the script is raised, a function is asked with the conversation.
    """

    def __init__(
        self,
        script: Sequence[Reply | ModelError | Callable[[Sequence[Message]], Reply]],
        *,
        name: str = "scripted",
        context_tokens: int | None = None,
    ) -> None:
        self.name = name
        self.context_tokens = context_tokens
        self.requests: list[tuple[Message, ...]] = []
        """Every conversation it was asked with, in order."""
        self._script = list(script)
        self._lock = Lock()

    def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Reply:
        """Say the next line of the script.

        Raises:
            ModelError: The script is over, or says so at this place.
        """
        del tools
        with self._lock:
            self.requests.append(tuple(messages))
            if not self._script:
                replies = len(self.requests) - 1
                msg = f"the script of {self.name!r} is over after {replies} replies"
                raise ModelError(msg)
            line = self._script.pop(0)
        if isinstance(line, ModelError):
            raise line
        return line if isinstance(line, Reply) else line(messages)
