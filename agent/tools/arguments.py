"""Check a call's arguments against the JSON schema of its tool.

Covers what our own schemas use: types, required and unknown keys, enum, bounds, array
items and lengths. The messages are for the model: which argument, what was given, what
is wanted.
"""

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["find_problems"]

_SHOWN_CHARACTERS = 60
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (Mapping,),
}


def find_problems(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with a call's arguments.

    Args:
        schema: JSON schema of an object. Any: JSON values.
        arguments: What the model sent. Any: JSON values.

    Returns:
        One sentence for each problem; empty where the arguments fit.
    """
    properties: Mapping[str, Any] = schema.get("properties", {})
    problems = [
        f"argument {name!r} is missing"
        for name in schema.get("required", ())
        if name not in arguments
    ]
    for name, value in arguments.items():
        if name in properties:
            problems += _check(properties[name], value, f"argument {name!r}")
        else:
            known = ", ".join(properties) or "none"
            problems.append(f"argument {name!r} is unknown; known are: {known}")
    return problems


def _check(schema: Mapping[str, Any], value: Any, where: str) -> list[str]:  # noqa: ANN401 - a JSON value
    wanted = schema.get("type")
    if wanted is not None and not _has_type(value, wanted):
        return [f"{where} must be of type {wanted}, not {_show(value)}"]
    problems = []
    choices = schema.get("enum")
    if choices is not None and value not in choices:
        problems.append(f"{where} must be one of {list(choices)}, not {_show(value)}")
    problems += _check_bounds(schema, value, where)
    if isinstance(value, str) and not _is_plain(value):
        problems.append(f"{where} has characters that no command or file can take")
    if isinstance(value, list | tuple) and "items" in schema:
        for position, item in enumerate(value):
            problems += _check(schema["items"], item, f"{where}[{position}]")
    return problems


def _check_bounds(schema: Mapping[str, Any], value: Any, where: str) -> list[str]:  # noqa: ANN401 - a JSON value
    problems = []
    if "minimum" in schema and value < schema["minimum"]:
        problems.append(f"{where} must be at least {schema['minimum']}, not {value}")
    if "maximum" in schema and value > schema["maximum"]:
        problems.append(f"{where} must be at most {schema['maximum']}, not {value}")
    if "minLength" in schema and len(value) < schema["minLength"]:
        problems.append(f"{where} must not be empty")
    if "maxLength" in schema and len(value) > schema["maxLength"]:
        problems.append(
            f"{where} must have at most {schema['maxLength']} characters, "
            f"not {len(value)}"
        )
    if "minItems" in schema and len(value) < schema["minItems"]:
        problems.append(f"{where} must have at least {schema['minItems']} items")
    return problems


def _has_type(value: Any, wanted: str) -> bool:  # noqa: ANN401 - a JSON value
    if isinstance(value, bool):
        return wanted == "boolean"
    return isinstance(value, _TYPES[wanted])


def _is_plain(text: str) -> bool:
    """Whether a text can be written to a file and given to a command."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can spell
        return False


def _show(value: Any) -> str:  # noqa: ANN401 - a JSON value
    text = json.dumps(value, default=str, ensure_ascii=False)
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return text[:_SHOWN_CHARACTERS] + "..."
