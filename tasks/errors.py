"""What can be wrong with a task.

TaskError
├── RowError          a line of a suite is not a usable row
├── RepositoryError   a git repository cannot be read as asked
├── CacheError        nothing can be written where the cache is
└── SuiteError        a suite as a whole cannot be used
"""

__all__ = ["CacheError", "RepositoryError", "RowError", "SuiteError", "TaskError"]


class TaskError(Exception):
    """Base of every error of `tasks`.

    Its text is one line that says what was wrong and what to do.
    """


class RowError(TaskError):
    """A line of a suite is broken JSON, lacks a field.

    Or does not fit the repository.
    """


class RepositoryError(TaskError):
    """A path is not a git repository, or lacks a commit that was asked for."""


class CacheError(TaskError):
    """The folder of what can be made again cannot be written."""


class SuiteError(TaskError):
    """A suite file is missing, empty, or holds nothing usable."""
