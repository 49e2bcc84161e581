import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from swe_features.report.content import ReportContent, gather
from swe_features.report.page import render_page
from swe_features.results import read_experiment
from tests.swe_features.report.made_experiment import HOSTILE


class Outline(HTMLParser):
    """What a browser would make of a page: its elements, and the text of scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[int, str] = {}
        self.is_open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.is_open = True

    def handle_endtag(self, tag: str) -> None:
        self.is_open = False

    def handle_data(self, data: str) -> None:
        if self.is_open:
            place = len(self.elements) - 1
            self.texts[place] = self.texts.get(place, "") + data

    def text_of(self, tag: str, **attributes: str) -> list[str]:
        return [
            self.texts.get(place, "")
            for place, (name, found) in enumerate(self.elements)
            if name == tag and attributes.items() <= found.items()
        ]


@pytest.fixture(scope="module")
def hostile_page(hostile_run: Path) -> str:
    return render_page(gather(read_experiment(hostile_run)))


def test_hostile_text_makes_no_element(
    hostile_page: str, content: ReportContent
) -> None:
    hostile = [tag for tag, _ in Outline(hostile_page).elements]
    tame = [tag for tag, _ in Outline(render_page(content)).elements]
    assert sorted(hostile) == sorted(tame)


def test_hostile_text_arrives_as_it_was(hostile_page: str) -> None:
    [data] = Outline(hostile_page).text_of("script", id="data")
    report = json.loads(data)
    assert report["title"] == HOSTILE
    assert report["evidence"]["pulls"]["shop/till#1"]["title"] == f"Change 1: {HOSTILE}"


def test_policy_allows_this_script_and_style_and_nothing_else(
    hostile_page: str,
) -> None:
    outline = Outline(hostile_page)
    [policy] = [
        attributes["content"] or ""
        for tag, attributes in outline.elements
        if tag == "meta" and "http-equiv" in attributes
    ]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    for name, text in (
        ("script-src", outline.text_of("script")[-1]),
        ("style-src", outline.text_of("style")[0]),
    ):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules


def test_page_names_no_other_place(content: ReportContent) -> None:
    for tag, attributes in Outline(render_page(content)).elements:
        for name in ("src", "href", "action"):
            target = attributes.get(name)
            assert target is None or target.startswith(("#", "data:,")), (tag, target)


def test_page_has_no_style_attribute(content: ReportContent) -> None:
    """Its own policy would refuse it."""
    elements = Outline(render_page(content)).elements
    assert not [tag for tag, attributes in elements if "style" in attributes]


def test_only_a_live_page_may_ask_its_server(content: ReportContent) -> None:
    assert "connect-src 'self'" in re.sub("&#39;", "'", render_page(content, live=True))


def test_same_content_makes_the_same_page(content: ReportContent) -> None:
    assert render_page(content) == render_page(content)
