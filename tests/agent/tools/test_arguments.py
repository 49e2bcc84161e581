from typing import Any

import pytest

from agent.tools.arguments import find_problems
from agent.tools.schema import boolean, describe, integer, string, strings

SCHEMA = describe(
    "tool",
    "A tool.",
    {
        "path": string("A path."),
        "line": integer("A line.", minimum=1, maximum=9),
        "is_new": boolean("Whether."),
        "files": strings("Files."),
        "output": string("How.", choices=("lines", "files")),
        "text": string("Text.", may_be_empty=True),
    },
    required=("path",),
).parameters


@pytest.mark.parametrize(
    "arguments",
    [
        {"path": "a"},
        {"path": "a", "line": 9, "is_new": False, "files": ["b"], "output": "files"},
        {"path": "a", "text": ""},
    ],
)
def test_fitting_arguments_have_no_problem(arguments: dict[str, Any]) -> None:
    assert find_problems(SCHEMA, arguments) == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "argument 'path' is missing"),
        ({"path": 7}, "argument 'path' must be of type string, not 7"),
        ({"path": None}, "argument 'path' must be of type string, not null"),
        ({"path": ""}, "argument 'path' must not be empty"),
        ({"path": "a", "line": 0}, "argument 'line' must be at least 1, not 0"),
        ({"path": "a", "line": 10}, "argument 'line' must be at most 9, not 10"),
        ({"path": "a", "line": True}, "must be of type integer, not true"),
        ({"path": "a", "line": 1.5}, "must be of type integer, not 1.5"),
        ({"path": "a", "is_new": "yes"}, 'must be of type boolean, not "yes"'),
        ({"path": "a", "files": "b"}, 'must be of type array, not "b"'),
        ({"path": "a", "files": []}, "must have at least 1 items"),
        ({"path": "a", "files": ["b", 3]}, "argument 'files'[1] must be of type"),
        ({"path": "a", "output": "tree"}, "must be one of ['lines', 'files']"),
        ({"path": "a\0b"}, "has characters that no command or file can take"),
        ({"path": "\ud800"}, "has characters that no command or file can take"),
        ({"path": "a", "mode": 1}, "argument 'mode' is unknown; known are: path"),
    ],
)
def test_each_problem_is_named_with_its_value(
    arguments: dict[str, Any], problem: str
) -> None:
    (found,) = find_problems(SCHEMA, arguments)
    assert problem in found


def test_a_long_value_is_shortened_in_the_message() -> None:
    (problem,) = find_problems(SCHEMA, {"path": ["x" * 5000]})
    assert len(problem) < 150
