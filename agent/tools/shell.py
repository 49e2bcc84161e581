"""run_command: a shell command in the sandbox."""

from collections.abc import Callable, Mapping
from typing import Any

from agent.plain_text import decode
from agent.tools.schema import describe, integer, string
from agent.tools.tool import Observation, Tool
from sandbox.contract import CommandResult, Sandbox

__all__ = ["run_command_tool"]

_DEFAULT_TIMEOUT_S = 60
_LONGEST_TIMEOUT_S = 600


def run_command_tool(sandbox: Sandbox, seconds_left: Callable[[], float]) -> Tool:
    """The tool that runs a shell command in the repository root of a sandbox.

    Args:
        sandbox: Where.
        seconds_left: Says how long a command may take at most.
    """

    def run(arguments: Mapping[str, Any]) -> Observation:
        asked_s = arguments.get("timeout_s", _DEFAULT_TIMEOUT_S)
        timeout_s = float(min(asked_s, seconds_left()))
        result = sandbox.run(arguments["command"], timeout_s=timeout_s)
        return Observation(_show(result, timeout_s))

    return Tool(
        describe(
            "run_command",
            "Run a command with bash in the repository root. Each call is a fresh "
            "shell; files that it writes stay. There is no network.",
            {
                "command": string("The command, as you would type it."),
                "timeout_s": integer(
                    f"Seconds until it is killed; {_DEFAULT_TIMEOUT_S} if left out.",
                    minimum=1,
                    maximum=_LONGEST_TIMEOUT_S,
                ),
            },
            required=("command",),
        ),
        run,
        takes_time=True,
    )


def _show(result: CommandResult, timeout_s: float) -> str:
    parts = [decode(result.stdout).rstrip("\n")]
    if result.stderr:
        parts.append(f"[stderr]\n{decode(result.stderr).rstrip()}")
    if result.omitted_bytes:
        parts.append(f"[{result.omitted_bytes} bytes omitted from the middle]")
    if result.timed_out:
        parts.append(f"[killed after {timeout_s:.3g} seconds]")
    elif result.exit_code != 0:
        parts.append(f"[exit code {result.exit_code}]")
    return "\n".join(part for part in parts if part) or "[no output]"
