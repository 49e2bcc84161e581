"""The API is a real server, on loopback, that keeps GitHub's manners."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

from tasks.errors import SuiteError
from tasks.github import (
    PAGE_RECORDS,
    GitHubApi,
    enrich_rows,
    fetch_records,
    read_records,
)
from tasks.pull_requests import ChangedFile, FileStatus, PullRequest


def pull(number: int) -> dict[str, Any]:
    return {
        "number": number,
        "title": f"Add {number}",
        "body": None if number % 2 else "Words\r\nand more",
        "user": {"login": "someone", "id": 1},
        "state": "closed",
        "created_at": "2024-01-01T00:00:00Z",
        "merged_at": None,
        "head": {"sha": "x"},
    }


@dataclass
class Forge:
    """A server of 250 pull requests; `refusals` are answered first."""

    url: str = ""
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)

    def api(self, token: str | None = None) -> GitHubApi:
        return GitHubApi(self.url, token, self.waits.append, lambda _: None)

    def answer(self, path: str) -> list[dict[str, Any]]:
        page = int(parse_qs(urlparse(path).query)["page"][0])
        first = (page - 1) * PAGE_RECORDS + 1
        return [pull(n) for n in range(first, min(first + PAGE_RECORDS, 251))]


def make_handler(forge: Forge) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802, RUF100
            forge.requests.append((self.path, self.headers["Authorization"]))
            if forge.refusals:
                status, headers = forge.refusals.pop(0)
                self.reply(status, headers, b"{}")
            else:
                body = json.dumps(forge.answer(self.path)).encode()
                self.reply(200, {}, body)

        def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def forge() -> Iterator[Forge]:
    forge = Forge()
    server = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(forge))
    forge.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield forge
    server.shutdown()
    server.server_close()
    thread.join()


def test_pages_are_read_until_every_wanted_one_was_seen(
    forge: Forge, tmp_path: Path
) -> None:
    records = fetch_records(forge.api(), "o/n", [3, 150], tmp_path / "cache")
    assert records[150].title == "Add 150"
    assert len(forge.requests) == 2
    assert forge.requests[0][0].startswith("/repos/o/n/pulls?state=all")


def test_what_was_fetched_is_not_fetched_again(forge: Forge, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    fetch_records(forge.api(), "o/n", [150], cache)
    cache.write_text(cache.read_text() + '{"page": 3, "pul')
    records = fetch_records(forge.api(), "o/n", [7, 150, 240], cache)
    assert {7, 150, 240} <= records.keys()
    assert [path[-7:] for path, _ in forge.requests] == [
        "&page=1",
        "&page=2",
        "&page=3",
    ]


def test_pages_of_another_repository_are_none_of_this_one(
    forge: Forge, tmp_path: Path
) -> None:
    """Mined to the same file, a second repository got the texts of the first."""
    cache = tmp_path / "cache"
    fetch_records(forge.api(), "o/n", [150], cache)
    fetch_records(forge.api(), "o/other", [7], cache)
    fetch_records(forge.api(), "o/other", [7], cache)
    asked = [path.partition("?")[0] for path, _ in forge.requests]
    assert asked == ["/repos/o/n/pulls"] * 2 + ["/repos/o/other/pulls"]


def test_damaged_pages_are_fetched_again(forge: Forge, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.write_bytes(b'{"repo": "\xff"}\n3\n')
    assert 7 in fetch_records(forge.api(), "o/n", [7], cache)
    assert 7 in fetch_records(forge.api(), "o/n", [7], cache)
    assert len(forge.requests) == 1


def test_numbers_that_do_not_exist_end_with_the_last_page(
    forge: Forge, tmp_path: Path
) -> None:
    records = fetch_records(forge.api(), "o/n", [9999], tmp_path / "cache")
    assert len(records) == 250
    assert len(forge.requests) == 3


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, lambda: {"Retry-After": "3"}, [3, 2, 1]),
        (
            403,
            lambda: {
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": str(int(time.time()) - 5),
            },
            [],
        ),
        (502, dict, [1]),
    ],
)
def test_limits_and_passing_faults_are_waited_for(
    forge: Forge,
    tmp_path: Path,
    status: int,
    headers: Callable[[], dict[str, str]],
    seconds: list[int],
) -> None:
    forge.refusals.append((status, headers()))
    records = fetch_records(forge.api(), "o/n", [1], tmp_path / "cache")
    assert records[1].number == 1
    assert forge.waits == seconds


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "set GITHUB_TOKEN"), (403, "set GITHUB_TOKEN"), (404, "pass --name")],
)
def test_a_refusal_is_not_repeated_and_says_what_to_do(
    forge: Forge, tmp_path: Path, status: int, said: str
) -> None:
    forge.refusals.append((status, {}))
    with pytest.raises(SuiteError, match=said) as refused:
        fetch_records(forge.api(), "o/n", [1], tmp_path / "cache")
    assert len(forge.requests) == 1
    assert str(status) in str(refused.value)


def test_a_server_that_stays_broken_is_given_up(forge: Forge, tmp_path: Path) -> None:
    forge.refusals += [(500, {})] * 9
    with pytest.raises(SuiteError, match="HTTP 500; repeat later"):
        fetch_records(forge.api(), "o/n", [1], tmp_path / "cache")
    assert len(forge.requests) == 4


def test_a_token_is_sent_and_never_follows_a_redirect(
    forge: Forge, tmp_path: Path
) -> None:
    forge.refusals.append((302, {"Location": f"{forge.url}/elsewhere?page=1"}))
    fetch_records(forge.api("secret"), "o/n", [1], tmp_path / "cache")
    assert [token for _, token in forge.requests] == ["Bearer secret", None]
    assert "secret" not in (tmp_path / "cache").read_text()


def test_the_environment_says_where_and_as_whom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    monkeypatch.delenv("GITHUB_API_URL", raising=False)
    api = GitHubApi.of_environment(lambda _: None)
    assert (api.url, api.token) == ("https://api.github.com", "secret")
    monkeypatch.setenv("GITHUB_API_URL", "https://forge.example.org/api")
    assert GitHubApi.of_environment(lambda _: None).url.startswith("https://forge")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([pull(1), pull(2)]),
        json.dumps(pull(1)) + "\n" + json.dumps(pull(2)) + "\n",
        json.dumps({"1": pull(1), "2": pull(2)}),
    ],
)
def test_a_file_of_the_same_shape_does_as_well(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pulls.json"
    path.write_text(text)
    assert sorted(read_records(path)) == [1, 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3", "no list"),
        ('[{"number": 1}]', "'title'"),
        ("{\n{", "line 1: broken"),
        # It was written into the suite, which could then not be read.
        ('[{"number": 1, "title": "", "merged_at": "2024/05/01"}]', "'2024/05/01' is"),
        ("[" * 100_000, "line 1: broken"),
    ],
)
def test_a_file_of_another_shape_is_refused(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "pulls.json"
    path.write_text(text)
    with pytest.raises(SuiteError, match=said):
        read_records(path)


def test_records_replace_what_the_history_told(tmp_path: Path) -> None:
    path = tmp_path / "pulls.json"
    path.write_text(json.dumps([pull(2)]))
    files = (ChangedFile("a.py", FileStatus.MODIFIED),)
    rows = [PullRequest("o/n", n, "old", "old", "a" * 40, files) for n in (1, 2)]
    one, two = enrich_rows(rows, read_records(path))
    assert one is rows[0]
    assert (two.title, two.body, two.user_login) == (
        "Add 2",
        "Words\nand more",
        "someone",
    )
    assert (two.created_at, two.extra["text_from"]) == ("2024-01-01T00:00:00Z", "forge")
