"""edit_file: replace exact text in a file, or create one."""

from collections.abc import Mapping
from typing import Any

from agent.tools.schema import describe, string
from agent.tools.tool import Observation, Tool
from sandbox.contract import Sandbox

__all__ = ["edit_file_tool"]

_EDIT_FILE = describe(
    "edit_file",
    "Edit a file: `old_text`, which must occur exactly once, becomes "
    "`new_text`. With an empty `old_text` a new file is created.",
    {
        "path": string("Path from the repository root."),
        "old_text": string(
            "Text to replace, exactly as in the file, without line numbers; "
            "empty to create the file.",
            may_be_empty=True,
        ),
        "new_text": string("Text to put there.", may_be_empty=True),
    },
    required=("path", "old_text", "new_text"),
)


def edit_file_tool(sandbox: Sandbox) -> Tool:
    """The tool that edits the tree of a sandbox."""

    def run(arguments: Mapping[str, Any]) -> Observation:
        path = arguments["path"]
        try:
            if arguments["old_text"]:
                return _replace(
                    sandbox, path, arguments["old_text"], arguments["new_text"]
                )
            return _create(sandbox, path, arguments["new_text"])
        except OSError as error:
            return Observation(f"{path} cannot be edited: {error}.", failed=True)

    return Tool(_EDIT_FILE, run)


def _replace(sandbox: Sandbox, path: str, old: str, new: str) -> Observation:
    try:
        content = sandbox.read(path)
    except FileNotFoundError:
        return Observation(
            f"There is no file {path}; to create it leave old_text empty.", failed=True
        )
    # As bytes: a file that is not UTF-8 throughout keeps its other bytes.
    needle = old.encode("utf-8", errors="surrogateescape")
    replacement = new.encode("utf-8", errors="surrogateescape")
    if _ends_in_crlf(content) or needle not in content:
        # What the model has seen of the file had line feeds.
        needle, replacement = _with_crlf(needle), _with_crlf(replacement)
    count = content.count(needle)
    if count != 1:
        return Observation(
            f"old_text occurs {count} times in {path}, but must occur exactly once: "
            "nothing was changed. "
            + ("Copy it exactly." if count == 0 else "Give more lines around it."),
            failed=True,
        )
    sandbox.write(path, content.replace(needle, replacement))
    return Observation(f"Edited {path}.")


def _ends_in_crlf(content: bytes) -> bool:
    """Whether every line does."""
    return 0 < content.count(b"\n") == content.count(b"\r\n")


def _with_crlf(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _create(sandbox: Sandbox, path: str, text: str) -> Observation:
    try:
        sandbox.read(path)
    except FileNotFoundError:
        sandbox.write(path, text.encode("utf-8", errors="surrogateescape"))
        return Observation(f"Created {path}.")
    return Observation(
        f"{path} exists: give the text to replace as old_text.", failed=True
    )
