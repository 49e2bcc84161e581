"""Prompts: the templates in `prompts/`, and how text from elsewhere gets into them.

Whatever a repository or a pull request says is data: it goes between two marks that it
cannot contain, free of terminal escapes.
"""

import hashlib
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

import jinja2

from agent.plain_text import cut_middle, strip_escapes

__all__ = [
    "DataBlock",
    "find_data",
    "hash_prompts",
    "render_prompt",
    "without_data",
]

_MARK_CHARACTERS = 12
_BLOCK = re.compile(
    r'<data name="([^"\n]*)" id="([0-9a-f]+)">\n(.*?)\n?</data id="\2">', re.DOTALL
)


def render_prompt(template: str, **values: object) -> str:
    """Render `prompts/<template>.jinja`.

    Raises:
        jinja2.UndefinedError: The template names a value that was not given.
    """
    return _environment().get_template(f"{template}.jinja").render(values).strip()


def hash_prompts(templates: Iterable[str]) -> str:
    """SHA-256 over the sources of templates: what a stored result depends on."""
    digest = hashlib.sha256()
    for template in sorted(templates):
        source = _template_source(f"{template}.jinja").encode()
        digest.update(f"{template} {len(source)}\n".encode() + source)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class DataBlock:
    """A fenced text in a prompt."""

    name: str
    text: str


def find_data(prompt: str) -> list[DataBlock]:
    """The fenced texts of a prompt, in order, the inside of none of them searched."""
    return [DataBlock(m.group(1), m.group(3)) for m in _BLOCK.finditer(prompt)]


def without_data(prompt: str) -> str:
    """A prompt with every fenced text replaced by its number between NUL characters.

    Data holds no NUL, so nothing in it can look like such a mark.
    """
    numbers = itertools.count()
    return _BLOCK.sub(lambda _: f"\0{next(numbers)}\0", prompt)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template_source),
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["fenced"] = _fence
    environment.filters["one_line"] = _one_line
    return environment


def _template_source(name: str) -> str:
    return (resources.files("agent") / "prompts" / name).read_text(encoding="utf-8")


def _fence(text: str, name: str, limit: int | None = None) -> str:
    """Put a text between marks made of its own hash: it cannot foresee them."""
    safe = strip_escapes(text)
    if limit is not None:
        safe = cut_middle(safe, limit)
    mark = hashlib.sha256(safe.encode()).hexdigest()[:_MARK_CHARACTERS]
    label = _one_line(name).replace('"', "'")
    return f'<data name="{label}" id="{mark}">\n{safe}\n</data id="{mark}">'


def _one_line(text: str) -> str:
    """A path or name that cannot look like a line of the prompt."""
    return " ".join(strip_escapes(text).split("\n"))
