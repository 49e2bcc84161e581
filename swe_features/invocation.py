"""Call one command through typer, and turn every error into one line and a status.

Wrong usage and bad input exit with 2, a failure with 1, an interruption with 130.
"""

import inspect
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import typer

from agent.errors import (
    AgentError,
    LearnedContextError,
    LocalizerError,
    ModelSetupError,
)
from sandbox.errors import DriverUnavailableError, SandboxError, SourceError
from swe_features.complaints import complain, describe_refusal
from swe_features.errors import ExperimentError
from tasks.errors import TaskError

__all__ = ["call"]

# typer brings its own copy of click, and older ones the distribution's: the common
# base of both kinds of usage error is reached from a name that typer always exports.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
_ClickError: type[Exception] = typer.BadParameter.__mro__[2]

_BAD_INPUT = (
    ExperimentError,
    TaskError,
    LearnedContextError,
    LocalizerError,
    ModelSetupError,
    DriverUnavailableError,
    SourceError,
)
_FAILURES = (AgentError, SandboxError)
_INTERRUPTED = 130


def call(name: str, module: str, arguments: Sequence[str]) -> int:
    """Parse a command's arguments and run it.

    Args:
        name: As it was called, for its usage line.
        module: Where the command's function, or its `app`, is.
        arguments: What followed the name.

    Returns:
        The exit status.
    """
    program = typer.main.get_command(_load(name, module))
    # A command of several, such as `suite`, without saying which.
    shows_help = getattr(program, "no_args_is_help", False) and not arguments
    try:
        status = program.main(
            ["--help"] if shows_help else list(arguments),
            prog_name=f"swe-features {name}",
            standalone_mode=False,
            help_option_names=["-h", "--help"],
        )
    except BrokenPipeError:
        # The reader went away; Python would complain once more while closing stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (KeyboardInterrupt, typer.Abort):
        return _INTERRUPTED
    except _ClickError as error:
        return _complain(_usage_message(error, name), 2)
    except (*_BAD_INPUT, *_FAILURES) as error:
        message = str(error) or type(error).__name__
        return _complain(message, 2 if isinstance(error, _BAD_INPUT) else 1)
    except OSError as error:
        # What the user named is bad input; without a name nobody knows whose it was.
        return _complain(describe_refusal(error), 1 if error.filename is None else 2)
    return status if isinstance(status, int) else 0


def _load(name: str, module: str) -> typer.Typer:
    found = import_module(module)
    app: typer.Typer | None = getattr(found, "app", None)
    if app is not None:
        return app
    # Any: the options of a command are its own.
    function: Callable[..., Any] = getattr(found, name.replace("-", "_"))
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(help=inspect.getdoc(function))(function)
    return app


def _usage_message(error: Exception, name: str) -> str:
    text = str(getattr(error, "message", error)).rstrip(".")
    format_message = getattr(error, "format_message", None)
    if format_message is not None:
        text = str(format_message()).rstrip(".")
    if not isinstance(error, _UsageError):
        return text
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else f"swe-features {name}"
    return f"{text} ({path} --help)"


def _complain(message: str, status: int) -> int:
    complain(message)
    return status
