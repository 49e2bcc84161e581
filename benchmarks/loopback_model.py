"""Run a command with a stand-in for a model on loopback, for agents of any make.

    python -m benchmarks.loopback_model [--latency 0] -- COMMAND...

It speaks chat completions and is no language model: it greps, counts and edits by a few
fixed rules, so that whole runs of other people's agents, and of ours, can be made where
there is neither key nor network. Its figures say nothing of a language model's. The
command finds it by OPENAI_API_BASE and OPENAI_BASE_URL; {url} in a word is its address.
"""

import argparse
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.agent.chat_server import Answer, ChatServer, Line, Received, tool_call

FILES_NAMED = 4
_PATH = re.compile(r"[\w./-]+\.(?:py|js|ts|md|toml|ya?ml)\b")
_WORD = re.compile(r"[a-z_]{5,}")
_DULL = frozenset(
    {"about", "after", "allow", "every", "files", "model", "other", "which"}
)


class Clerk:
    """Answers a request by what tools it offers and how far the conversation is."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s

    def answer(self, received: Received) -> Line:
        """The next reply of a conversation."""
        body = received.body
        tools = {tool["function"]["name"] for tool in body.get("tools", ())}
        replies = [m for m in body["messages"] if m["role"] == "assistant"]
        if "rethink_memory" in tools:
            call = self._study(body["messages"])
        elif "bash" in tools:
            call = self._work_in_shell(body["messages"], len(replies))
        else:
            call = self._predict(body["messages"], len(replies))
        return Answer("", [call], finish_reason="tool_calls", latency_s=self._latency_s)

    def _study(self, messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        last = messages[-1]
        call_id = f"call_{len(messages)}"
        if last["role"] != "user":
            return tool_call("finish_rethinking_memory", {}, call_id)
        told = [_text(m) for m in messages if m["role"] == "user"]
        memory = "Files that related changes touched:\n" + "\n".join(_paths(told))
        arguments = {
            "new_memory": memory,
            "target_block_label": "learned_context",
            "source_block_label": "learned_context",
        }
        return tool_call("rethink_memory", arguments, call_id)

    def _work_in_shell(
        self, messages: Sequence[Mapping[str, Any]], replies: int
    ) -> dict[str, Any]:
        call_id = f"call_{len(messages)}"
        task = "\n".join(_text(m) for m in messages if m["role"] == "user")
        words = "|".join(_words(_title(task)))
        look = f"grep -rlwiE --include='*.py' '{words}' . | head -n {FILES_NAMED}"
        if replies == 0:
            return tool_call("bash", {"command": look}, call_id)
        if replies == 1:
            known = _learned_files(task)
            found = _paths([_text(messages[-1])])
            files = " ".join((known or found)[:FILES_NAMED])
            edit = f'for f in {files}; do test -f "$f" && echo >> "$f"; done'
            return tool_call("bash", {"command": edit}, call_id)
        command = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
        return tool_call("bash", {"command": command}, call_id)

    def _predict(
        self, messages: Sequence[Mapping[str, Any]], replies: int
    ) -> dict[str, Any]:
        call_id = f"call_{len(messages)}"
        task = "\n".join(_text(m) for m in messages if m["role"] == "user")
        if replies == 0:
            words = "|".join(_words(_title(task)))
            return tool_call("search", {"pattern": words, "regex": True}, call_id)
        if replies == 1:
            found = _learned_files(task) or _paths([_text(messages[-1])])
            files = {"files": found[:FILES_NAMED]}
            return tool_call("propose_files", files, call_id)
        return tool_call("submit", {}, call_id)


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def _title(task: str) -> str:
    found = re.search(r'<data name="title"[^\n]*\n(.*?)\n</data', task, re.DOTALL)
    return found.group(1) if found else task[-2000:]


def _learned_files(task: str) -> list[str]:
    found = re.search(
        r'<data name="(?:learned_context|what was learned)"[^\n]*\n(.*?)\n</data',
        task,
        re.DOTALL,
    )
    return _paths([found.group(1)]) if found else []


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
            "OPENAI_API_KEY": "none",
            **os.environ,
            "OPENAI_API_BASE": server.url,
            "OPENAI_BASE_URL": server.url,
        }
        command = [word.replace("{url}", server.url) for word in options.command]
        done = subprocess.run(command, env=environment, check=False)
        sys.stderr.write(f"{len(server.requests)} requests\n")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
