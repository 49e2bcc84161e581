"""Short ways to write the JSON schemas of our tools."""

from collections.abc import Mapping
from typing import Any

from agent.messages import ToolSpec

__all__ = ["boolean", "describe", "integer", "string", "strings"]


def describe(
    name: str,
    description: str,
    properties: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    required: tuple[str, ...] = (),
) -> ToolSpec:
    """A tool whose arguments are an object with these properties and no others.

    Any: JSON schemas.
    """
    return ToolSpec(
        name,
        description,
        {
            "type": "object",
            "properties": dict(properties or {}),
            "required": list(required),
            "additionalProperties": False,
        },
    )


def string(
    description: str,
    *,
    choices: tuple[str, ...] = (),
    may_be_empty: bool = False,
    longest: int | None = None,
) -> dict[str, Any]:
    """A string, of a list of choices where there are any. Any: a JSON schema."""
    schema: dict[str, Any] = {"type": "string", "description": description}
    if choices:
        schema["enum"] = list(choices)
    elif not may_be_empty:
        schema["minLength"] = 1
    if longest is not None:
        schema["maxLength"] = longest
    return schema


def integer(description: str, *, minimum: int, maximum: int) -> dict[str, Any]:
    """An integer within bounds. Any: a JSON schema."""
    return {
        "type": "integer",
        "description": description,
        "minimum": minimum,
        "maximum": maximum,
    }


def boolean(description: str) -> dict[str, Any]:
    """True or false. Any: a JSON schema."""
    return {"type": "boolean", "description": description}


def strings(description: str) -> dict[str, Any]:
    """A list of at least one string. Any: a JSON schema."""
    return {
        "type": "array",
        "description": description,
        "items": {"type": "string", "minLength": 1},
        "minItems": 1,
    }
