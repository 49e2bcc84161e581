"""Run a command with a stand-in for a model on loopback, for agents of any make.

    python -m benchmarks.loopback_model [--latency 0] -- COMMAND...

It speaks chat completions, Messages and Responses, and is no language model: it greps,
counts and edits by a few fixed rules, so that whole runs of other people's agents, and
of ours, can be made where there is neither key nor network. Its figures say nothing of
a language model's. The command finds it by the variables that agents and libraries look
for, with a key that is none; {url} in a word is its address.
"""

import argparse
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from benchmarks.loopback_protocols import Request, read_request, write_reply
from tests.agent.chat_server import Answer, ChatServer, Line, Received, tool_call

FILES_NAMED = 4
_PATH = re.compile(r"[\w./-]+\.(?:py|js|ts|md|toml|ya?ml)\b")
_WORD = re.compile(r"[a-z_]{5,}")
_DULL = frozenset(
    {"about", "after", "allow", "every", "files", "model", "other", "which"}
)


_LEARNED = re.compile(
    r'(?:<data name="(?:learned_context|what was learned)"[^\n]*|'
    r"<!-- swe-features: begin -->)\n(?P<text>.*?)\n<",
    re.DOTALL,
)
SHELLS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "bash": ("command", {}),
    "Bash": ("command", {"description": "Look, or change."}),
    "exec_command": ("cmd", {}),
    "terminal": ("command", {"security_risk": "LOW", "summary": "Look, or change."}),
}
"""Tools of various agents that run a command: its argument's name, and further ones."""


class Clerk:
    """Answers a request by what tools it offers and how far the conversation is."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s

    def answer(self, received: Received) -> Line:
        """The next reply of a conversation."""
        request = read_request(received)
        call_id = f"call_{request.replies}_{len(request.told)}"
        text, name, arguments = self._choose(request)
        call = tool_call(name, arguments, call_id) if name else None
        line = write_reply(received, text, call)
        if isinstance(line, Answer):
            return replace(line, latency_s=self._latency_s)
        return line

    def _choose(self, request: Request) -> tuple[str, str, dict[str, Any]]:
        """A text, the name of a tool or nothing, and its arguments."""
        shells = [shell for shell in SHELLS if shell in request.tools]
        if "rethink_memory" in request.tools:
            return "", *self._study(request)
        if "propose_files" in request.tools:
            return "", *self._predict(request)
        if shells:
            return self._work_in_shell(request, shells[0])
        return self._write_blocks(request), "", {}

    def _study(self, request: Request) -> tuple[str, dict[str, Any]]:
        if request.replies % 2:
            return "finish_rethinking_memory", {}
        memory = "Files that related changes touched:\n" + "\n".join(
            _paths(request.told)
        )
        block = "learned_context"
        return "rethink_memory", {
            "new_memory": memory,
            "target_block_label": block,
            "source_block_label": block,
        }

    def _work_in_shell(
        self, request: Request, shell: str
    ) -> tuple[str, str, dict[str, Any]]:
        task = "\n".join(request.told)
        if request.replies == 0:
            words = "|".join(_words(_title(task)))
            options = f"-rlwiE --include='*.py' '{words}'"
            command = f"grep {options} . | head -n {FILES_NAMED}"
        elif request.replies == 1:
            found = _learned_files(request) or _paths(request.told[-1:])
            files = " ".join(found[:FILES_NAMED])
            command = f'for f in {files}; do test -f "$f" && echo >> "$f"; done'
        elif shell == "bash":
            command = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
        else:
            return "Done.", "", {}
        argument, further = SHELLS[shell]
        return "", shell, {argument: command, **further}

    def _write_blocks(self, request: Request) -> str:
        """Blocks that append to files: how an agent without tools has them edited."""
        found = _learned_files(request) or _paths(request.told)
        block = "<<<<<<< SEARCH\n=======\n# noted\n>>>>>>> REPLACE"
        return "\n\n".join(f"{path}\n```\n{block}\n```" for path in found[:FILES_NAMED])

    def _predict(self, request: Request) -> tuple[str, dict[str, Any]]:
        task = "\n".join(request.told)
        if request.replies == 0:
            return "search", {"pattern": "|".join(_words(_title(task))), "regex": True}
        if request.replies == 1:
            found = _learned_files(request) or _paths(request.told[-1:])
            return "propose_files", {"files": found[:FILES_NAMED]}
        return "submit", {}


def _title(task: str) -> str:
    found = re.search(r'<data name="title"[^\n]*\n(.*?)\n</data', task, re.DOTALL)
    return found.group(1) if found else task[-2000:]


def _learned_files(request: Request) -> list[str]:
    found = _LEARNED.search("\n".join((request.instructions, *request.told)))
    return _paths([found.group("text")]) if found else []


def _paths(texts: Sequence[str]) -> list[str]:
    """Paths in some texts, those that are named most often first."""
    counted = Counter(
        path.removeprefix("./").removeprefix("a/").removeprefix("b/")
        for text in texts
        for path in _PATH.findall(text)
    )
    return [path for path, _ in counted.most_common()]


def _words(title: str) -> list[str]:
    words = _WORD.findall(title.lower())
    return [word for word in dict.fromkeys(words) if word not in _DULL] or ["main"]


def main() -> int:
    """Serve while a command runs; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds a reply")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    clerk = Clerk(options.latency)
    with ChatServer(clerk.answer) as server:
        environment = {
            "ANTHROPIC_API_KEY": "none",
            "LLM_API_KEY": "none",
            "OPENAI_API_KEY": "none",
            **os.environ,
            "ANTHROPIC_BASE_URL": server.url.removesuffix("/v1"),
            "LLM_BASE_URL": server.url,
            "OPENAI_API_BASE": server.url,
            "OPENAI_BASE_URL": server.url,
        }
        command = [word.replace("{url}", server.url) for word in options.command]
        done = subprocess.run(command, env=environment, check=False)
        sys.stderr.write(f"{len(server.requests)} requests\n")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
