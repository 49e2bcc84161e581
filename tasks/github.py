"""What a forge knows and a history does not: title, body, author and state.

Records have the shape of GitHub's pull request objects. They come from the API, a
hundred at a time, or from a file of the same shape, so that any forge's can be used.
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import Message
from http.client import HTTPException
from pathlib import Path
from typing import Annotated, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
)

from tasks.errors import SuiteError
from tasks.pull_requests import PullRequest
from tasks.times import parse_time
from tasks.whole_files import write_whole

__all__ = [
    "ForgeRecord",
    "GitHubApi",
    "enrich_rows",
    "fetch_records",
    "read_records",
]

API_URL = "https://api.github.com"
PAGE_RECORDS = 100
_TIMEOUT_S = 30.0
_ATTEMPTS = 4
_LIMIT_STATUS = {403, 429}
_LONGEST_WAIT_S = 3700
"""GitHub's limits start anew every hour."""


def _check_time(value: str | None) -> str | None:
    if value:
        parse_time(value)
    return value


_Time = Annotated[str | None, AfterValidator(_check_time)]


class _User(BaseModel):
    login: str


class ForgeRecord(BaseModel):
    """The fields of a pull request object that are used; others are dropped."""

    model_config = ConfigDict(frozen=True)

    number: int = Field(ge=0)
    title: str
    body: str | None = None
    user: _User | None = None
    state: str | None = None
    created_at: _Time = None
    merged_at: _Time = None


@dataclass(frozen=True, slots=True)
class GitHubApi:
    """Where to ask, as whom, and what to do while waiting."""

    url: str = API_URL
    token: str | None = None
    on_wait: Callable[[int], None] = lambda _: None
    """Called once a second with the seconds that are left."""
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def of_environment(cls, on_wait: Callable[[int], None]) -> "GitHubApi":
        """As `GITHUB_API_URL` and `GITHUB_TOKEN` or `GH_TOKEN` say."""
        token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN")
        url = os.environ.get("GITHUB_API_URL") or API_URL
        return cls(url=url, token=token, on_wait=on_wait)


def read_records(path: Path) -> dict[int, ForgeRecord]:
    """Read records from a file: a JSON list, JSON lines, or an object by number.

    Raises:
        SuiteError: The file cannot be read, or holds something else.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"cannot read the records {path}: {error}"
        raise SuiteError(message) from error
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = [_load_line(path, n, line) for n, line in _lines(text)]
    if isinstance(value, dict):
        value = [value] if "number" in value else list(value.values())
    return _check_records(value, str(path))


def fetch_records(
    api: GitHubApi, repo: str, numbers: Iterable[int], cache: Path
) -> dict[int, ForgeRecord]:
    """Fetch pull requests page by page until every wanted one was seen.

    Each page is kept in `cache` as it arrives; a second call goes on behind the last
    one, unless they are of another repository. The oldest come first, so pages that are
    full do not change.

    Raises:
        SuiteError: The API refuses, or cannot be reached.
    """
    missing = set(numbers)
    records: dict[int, ForgeRecord] = {}
    page = 0
    for found in _cached_pages(cache, repo):
        page += 1
        records |= found
    missing -= records.keys()
    while missing:
        page += 1
        query = f"state=all&sort=created&direction=asc&per_page={PAGE_RECORDS}"
        address = f"{api.url}/repos/{repo}/pulls?{query}&page={page}"
        found = _check_records(_get(api, address), address)
        records |= found
        missing -= found.keys()
        if len(found) < PAGE_RECORDS:
            break
        _keep_page(cache, repo, page, found)
    return records


def enrich_rows(
    rows: Sequence[PullRequest], records: Mapping[int, ForgeRecord]
) -> tuple[PullRequest, ...]:
    """Put what records say in place of what the history told."""
    return tuple(
        _enrich(row, records[row.pr_number]) if row.pr_number in records else row
        for row in rows
    )


def _enrich(row: PullRequest, record: ForgeRecord) -> PullRequest:
    return replace(
        row,
        title=record.title,
        body=(record.body or "").replace("\r\n", "\n"),
        user_login=record.user.login if record.user else row.user_login,
        state=record.state or row.state,
        created_at=record.created_at or row.created_at,
        merged_at=record.merged_at or row.merged_at,
        extra={**row.extra, "text_from": "forge"},
    )


# Any, from here on: whatever JSON a server or a file holds.
def _check_records(value: Any, where: str) -> dict[int, ForgeRecord]:  # noqa: ANN401
    if not isinstance(value, list):
        message = f"{where} is no list of pull requests: see docs/benchmark.md"
        raise SuiteError(message)
    try:
        records = [ForgeRecord.model_validate(one) for one in value]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        column = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        message = f"{where}: a pull request's {column!r}: {reason}"
        raise SuiteError(message) from None
    return {record.number: record for record in records}


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line


def _load_line(path: Path, number: int, line: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        message = f"{path}, line {number}: broken JSON ({error}): repair the line"
        raise SuiteError(message) from error


def _cached_pages(cache: Path, repo: str) -> Iterator[dict[int, ForgeRecord]]:
    """Pages in order; a line that was cut off while it was written ends them.

    So does one of another repository.
    """
    if not cache.exists():
        return
    text = cache.read_text("utf-8", errors="replace")
    for expected, line in enumerate(text.split("\n"), start=1):
        try:
            page = json.loads(line)
            found = _check_records(page["pulls"], str(cache))
        except (ValueError, KeyError, TypeError, SuiteError):
            return
        if (page.get("repo"), page.get("page")) != (repo, expected):
            return
        yield found


def _keep_page(
    cache: Path, repo: str, page: int, found: Mapping[int, ForgeRecord]
) -> None:
    text = cache.read_text("utf-8", errors="replace") if cache.exists() else ""
    kept = [line for _, line in _lines(text)]
    records = [one.model_dump() for one in found.values()]
    record = {"repo": repo, "page": page, "pulls": records}
    lines = [*kept[: page - 1], json.dumps(record)]
    write_whole(cache, "".join(line + "\n" for line in lines))


def _get(api: GitHubApi, address: str) -> Any:  # noqa: ANN401
    """Ask once, and again after a limit or a passing fault."""
    reason = "no answer"
    for attempt in range(_ATTEMPTS):
        request = Request(address, headers={"Accept": "application/vnd.github+json"})
        if api.token:
            # Not sent on where a redirect leads to another host.
            request.add_unredirected_header("Authorization", f"Bearer {api.token}")
        try:
            with urlopen(request, timeout=_TIMEOUT_S) as answer:
                return json.load(answer)
        except HTTPError as error:
            error.close()
            delay = _delay(error.code, error.headers, attempt)
            if delay is None:
                raise SuiteError(_refusal(error.code, address, api)) from error
            reason = f"HTTP {error.code}"
        except (OSError, HTTPException, ValueError) as error:
            delay, reason = 2**attempt, str(error)
        _wait(api, delay)
    message = f"cannot read {address}: {reason}; repeat later, what came is kept"
    raise SuiteError(message)


def _delay(status: int, headers: Message, attempt: int) -> int | None:
    """Seconds to wait before asking again; None where asking again cannot help."""
    if status in _LIMIT_STATUS:
        if headers.get("retry-after", "").isdigit():
            return min(int(headers["retry-after"]), _LONGEST_WAIT_S)
        reset = headers.get("x-ratelimit-reset", "")
        if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
            left = int(reset) - int(time.time()) + 1
            return max(0, min(left, _LONGEST_WAIT_S))
        return None if status != 429 else 2**attempt * 10  # noqa: PLR2004
    return 2**attempt if status >= 500 else None  # noqa: PLR2004


def _wait(api: GitHubApi, seconds: int) -> None:
    for left in range(seconds, 0, -1):
        api.on_wait(left)
        api.sleep(1.0)


def _refusal(status: int, address: str, api: GitHubApi) -> str:
    if status == 404:  # noqa: PLR2004
        what = "no such repository, or it is private: pass --name, set GITHUB_TOKEN"
    elif api.token:
        what = "check GITHUB_TOKEN"
    else:
        what = "set GITHUB_TOKEN"
    return f"{address.partition('?')[0]} answers {status}: {what}"
