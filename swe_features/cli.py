"""The front door of the command line: which commands there are.

A command's options are typer's business, in its own module under `commands`. This door
imports none of it until a command is named, so that `swe-features --help` answers at
once: the reasons are in docs/decisions/0030-front-door.md.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from io import TextIOWrapper

__all__ = ["COMMANDS", "Command", "main"]


@dataclass(frozen=True, slots=True)
class Command:
    """One command: how it is called, what it does, and where it lives."""

    name: str
    summary: str
    """What it does, in less than sixty characters."""
    module: str
    """Imported when the command is called; see `swe_features.commands`."""


COMMANDS: tuple[Command, ...] = (
    Command(
        "run",
        "run an experiment, or the packaged demo: sleep, test, score",
        "swe_features.commands.run",
    ),
    Command(
        "mine",
        "make a suite of pull requests out of a clone's history",
        "swe_features.commands.mine",
    ),
    Command(
        "predict",
        "name the files that a described change will edit",
        "swe_features.commands.predict",
    ),
    Command(
        "compare",
        "compare two runs, or the arms of one, in pairs",
        "swe_features.commands.compare",
    ),
    Command(
        "merge",
        "put together what ran in shards, or on several machines",
        "swe_features.commands.merge",
    ),
    Command(
        "suite",
        "check, show and count a suite, or build the paper's",
        "swe_features.commands.suite",
    ),
    Command(
        "report",
        "write a run's report: a page, figures and tables",
        "swe_features.commands.report",
    ),
    Command(
        "view",
        "serve a run's report on this machine while it goes on",
        "swe_features.commands.view",
    ),
    Command(
        "score",
        "score any agent's file lists or patches, without running it",
        "swe_features.commands.score",
    ),
    Command(
        "export",
        "write a run as ATIF, mini-swe-agent or SWE-bench have it",
        "swe_features.commands.export",
    ),
    Command(
        "sandbox",
        "run a command in a sealed sandbox; prove seals again",
        "swe_features.commands.sandbox",
    ),
    Command(
        "doctor",
        "say what this machine has, and what sandboxes isolate",
        "swe_features.commands.doctor",
    ),
    Command(
        "clean",
        "remove what sandboxes left on this machine",
        "swe_features.commands.clean",
    ),
)

INTERRUPTED = 130

EXAMPLES = """\
Lines to copy:
  swe-features run                                  the demo: no key, no network
  swe-features run SUITE.jsonl --repo PATH          pull requests of your own
  swe-features run --model anthropic/NAME           with any model litellm names
  swe-features COMMAND --help                       a command's options
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What follows the program's name; None takes the process's own.

    Returns:
        The exit status: 0 fine, 1 failure, 2 wrong usage or input, 130 interrupted.
    """
    _fill_closed_streams()
    _let_print_all()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[0:1] == ["help"] and len(words) > 1:
        words = [*words[1:], "--help"]
    if not words or words[0] in {"-h", "--help", "help"}:
        return _print(help_text())
    if words[0] == "--version":
        return _print(f"swe-features {package_version()}\n")
    for command in COMMANDS:
        if command.name == words[0]:
            return invoke(command, words[1:])
    sys.stderr.write(f"error: {unknown_command(words[0])}\n")
    return 2


def _fill_closed_streams() -> None:
    """Put nothing where a standard stream was closed, as by `>&-`.

    Python has None there, and the next file that is opened gets the stream's number:
    what a program under us prints would end up in a file of results.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+"))  # noqa: PTH123, SIM115


def _let_print_all() -> None:
    """Spell out what the encoding of stdout lacks, such as a name of a file.

    It is Latin-1 where PYTHONIOENCODING or the locale say so, and Python would stop.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _print(text: str) -> int:
    """Print to stdout; the exit status, for there may be no room or no reader."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # Python would complain once more while closing it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return 1
        sys.stderr.write(f"error: cannot print this: {error.strerror}\n")
        return 2
    return 0


def help_text() -> str:
    """What `swe-features --help` prints."""
    width = max((len(command.name) for command in COMMANDS), default=0)
    lines = [f"  {command.name:<{width}}  {command.summary}" for command in COMMANDS]
    return (
        "Usage: swe-features COMMAND [OPTIONS]\n\n"
        "How much of a coding agent's work can be done before anyone asks?\n"
        "Sleep-time compute for repositories, measured.\n\n"
        "Commands:\n" + "\n".join(lines) + "\n\n" + EXAMPLES
    )


def package_version() -> str:
    """The installed version of this distribution."""
    # Reading it takes longer than all of --help does.
    from swe_features.version import version  # noqa: PLC0415

    return version()


def invoke(command: Command, arguments: Sequence[str]) -> int:
    """Hand the rest of the line to a command's own module."""
    try:
        # typer alone costs three times what --help may take.
        from swe_features.invocation import call  # noqa: PLC0415

        return call(command.name, command.module, arguments)
    except KeyboardInterrupt:
        # Whoever stops it while it still imports wants no traceback either.
        return INTERRUPTED


def unknown_command(word: str) -> str:
    """Say that there is no such command, and which one may have been meant."""
    from difflib import get_close_matches  # noqa: PLC0415  # only for typing errors

    names = [command.name for command in COMMANDS]
    nearest = get_close_matches(word, names, n=1)
    advice = f'did you mean "{nearest[0]}"?' if nearest else "see swe-features --help"
    kind = "option" if word.startswith("-") else "command"
    return f"no such {kind} {word!r}: {advice}"
