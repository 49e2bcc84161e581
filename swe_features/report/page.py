"""The report as one HTML file that asks nothing of anybody.

Script and style are inside the file and named by their hashes in its content security
policy, so nothing else runs, whatever a pull request or a model wrote. Data is JSON in
blocks that no browser executes; the script puts it on the page as text, never as HTML.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from swe_features.report.content import ReportContent
from swe_features.report.disguises import undisguise

__all__ = ["render_page"]

SCRIPTS = (
    "document",
    "state",
    "charts",
    "numbers",
    "analyses",
    "instances",
    "trajectory",
    "start",
)
"""In the order in which they run; each may use those before it."""

# Inside a script element only these could end it, or open a comment in it; the two
# line separators are no JSON in old browsers.
_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def render_page(content: ReportContent, *, live: bool = False) -> str:
    """Write the report as HTML.

    Args:
        content: What it says.
        live: Whether the page asks its server now and then for something newer. A page
            that was written to a file never asks anybody anything.
    """
    style, script = _static("page.css"), "\n".join(map(_script, SCRIPTS))
    data = {
        "title": content.title,
        "live": live,
        "has_texts": content.has_texts,
        "overview": content.overview,
        "analyses": content.analyses,
        "costs": content.costs,
        "evidence": content.evidence,
        "provenance": content.provenance,
    }
    return _template().render(
        title=undisguise(content.title),
        policy=_policy(style, script, live=live),
        style=Markup(style),  # our own file
        script=Markup(script),  # our own file
        data=_embed(data),
        trajectories=content.trajectories,
        contexts=content.contexts,
    )


def _embed(value: Mapping[str, Any]) -> Markup:
    """JSON that may stand inside a script element. Any: JSON values."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return Markup(text)  # escaped above


def _policy(style: str, script: str, *, live: bool) -> str:
    rules = {
        "default-src": "'none'",
        "script-src": _source(script),
        "style-src": _source(style),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    if live:
        rules["connect-src"] = "'self'"
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _script(name: str) -> str:
    return _static(f"{name}.js")


@cache
def _static(name: str) -> str:
    folder = resources.files("swe_features.report") / "static"
    return (folder / name).read_text(encoding="utf-8")


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(_static("page.html.jinja"))
