"""What can break while an agent works.

An answer that is wrong, or missing, is a result and no error.

AgentError
├── ModelError                the model could not be asked, or broke its protocol
│   ├── ModelSetupError       name, key or library is wrong; asking again cannot help
│   └── ContextOverflowError  the conversation is longer than the model's window
├── LearnedContextError       a stored learned context is unreadable, or of another task
└── LocalizerError            a past cannot be learned from, or its index is broken
"""

__all__ = [
    "AgentError",
    "ContextOverflowError",
    "LearnedContextError",
    "LocalizerError",
    "ModelError",
    "ModelSetupError",
]


class AgentError(Exception):
    """Base of every error of `agent`.

    Its text is one line that says what was wrong and what to do.
    """


class ModelError(AgentError):
    """The model could not be reached within its retries, refused the request.

    Or broke its protocol.
    """


class ModelSetupError(ModelError):
    """The model cannot work as configured.

    Unknown name, no or a wrong key, library not installed.
    """


class ContextOverflowError(ModelError):
    """The model refused the conversation as longer than its window.

    A shorter one may be answered.
    """


class LearnedContextError(AgentError):
    """A stored learned context cannot be read, or belongs to another repository.

    Commit or prompt.
    """


class LocalizerError(AgentError):
    """A repository's past cannot be read as asked.

    Or a stored index of it is broken.
    """
