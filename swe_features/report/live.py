"""Serve the report of a run while it goes on, on this machine only.

The page asks for a stamp every few seconds, and loads itself anew when results have
come. Trajectories are packed when somebody opens one, so a page is ready at once
however many there are.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from urllib.parse import unquote, urlsplit

from swe_features.errors import ConfigError, ExperimentError
from swe_features.report.attachments import find_context, find_trajectories
from swe_features.report.content import gather
from swe_features.report.page import render_page
from swe_features.results import StoredExperiment, read_experiment
from swe_features.store import MANIFEST, PLAN, RESULTS

__all__ = ["HOST", "LiveReport", "serve"]

HOST = "127.0.0.1"
REFRESH_S = 5.0
IDLE_SHARE = 10
"""Times that a page took to make, before the next one is made."""
_OWN_NAMES = ("127.0.0.1", "localhost")
_PACKED = {"trajectories": find_trajectories, "contexts": find_context}
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request gets."""

    text: str
    status: HTTPStatus = HTTPStatus.OK
    kind: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page that was made."""

    stamp: str
    text: str
    stale_at_s: float
    """When it may be replaced, by the monotonic clock."""


class LiveReport:
    """Answers requests about one directory. Safe for many threads."""

    def __init__(self, directory: Path, *, refresh_s: float = REFRESH_S) -> None:
        """Answer about a directory.

        Args:
            directory: Of the experiment.
            refresh_s: How long a page is the latest one at least, whatever has come.
        """
        self.directory = directory
        self._refresh_s = refresh_s
        self._lock = Lock()
        self._page: Rendered | None = None

    def answer(self, target: str) -> Answer:
        """Answer a GET or a HEAD of a path."""
        path = urlsplit(target).path
        try:
            if path == "/":
                return Answer(self.page(), kind="text/html")
            if path == "/stamp":
                return Answer(self.stamp())
            parts = path.split("/")
            if len(parts) == 4 and parts[1] == "packed" and parts[2] in _PACKED:  # noqa: PLR2004
                return self._find(_PACKED[parts[2]], unquote(parts[3]))
        except ExperimentError as error:
            # A run that has just begun has written nothing yet.
            return Answer(f"{error}\n", HTTPStatus.SERVICE_UNAVAILABLE)
        return Answer("There is no such page.\n", HTTPStatus.NOT_FOUND)

    def stamp(self) -> str:
        """Changes when the experiment has, but not more often than pages are made."""
        page = self._page
        if page is not None and time.monotonic() < page.stale_at_s:
            return page.stamp
        return self._stamp()

    def _stamp(self) -> str:
        sizes = []
        for name in (RESULTS, PLAN, MANIFEST):
            path = self.directory / name
            state = path.stat() if path.exists() else None
            sizes.append(f"{state.st_size}-{state.st_mtime_ns}" if state else "none")
        return " ".join(sizes)

    def page(self) -> str:
        """The page as of now; computed once for each stamp."""
        with self._lock:
            stamp = self.stamp()
            if self._page is None or self._page.stamp != stamp:
                began_s = time.monotonic()
                experiment = read_experiment(self.directory)
                text = render_page(gather(experiment, is_quick=True), live=True)
                took_s = time.monotonic() - began_s
                # Of a large run a page takes long; the run must not starve for it.
                wait_s = self._refresh_s and max(self._refresh_s, IDLE_SHARE * took_s)
                self._page = Rendered(stamp, text, time.monotonic() + wait_s)
            return self._page.text

    def _find(
        self, find: Callable[[StoredExperiment, str], str | None], name: str
    ) -> Answer:
        packed = find(read_experiment(self.directory), name)
        if packed is None:
            return Answer(f"There is nothing for {name!r}.\n", HTTPStatus.NOT_FOUND)
        return Answer(packed)


def serve(
    directory: Path, *, port: int = 0, refresh_s: float = REFRESH_S
) -> ThreadingHTTPServer:
    """Listen on loopback; the caller lets it serve, and closes it.

    Args:
        directory: Of the experiment.
        port: 0 takes a free one.
        refresh_s: See `LiveReport`.

    Raises:
        ConfigError: The port is taken, or may not be used.
    """
    live = LiveReport(directory, refresh_s=refresh_s)

    class Handler(BaseHTTPRequestHandler):
        server_version = "swe-features"
        sys_version = ""

        def handle(self) -> None:
            # Somebody who goes on to another page hangs up: that is no news.
            with suppress(ConnectionError):
                super().handle()

        def do_GET(self) -> None:
            # A page elsewhere whose name was made to point here must not read this.
            host = self.headers.get("Host", "")
            name = host.rpartition(":")[0] or host  # at port 80 there is no number
            if name not in _OWN_NAMES:
                self._send(Answer("Unknown host.\n", HTTPStatus.MISDIRECTED_REQUEST))
                return
            self._send(live.answer(self.path))

        def do_HEAD(self) -> None:
            self.do_GET()

        def _send(self, answer: Answer) -> None:
            body = answer.text.encode("utf-8", errors="replace")
            self.send_response(answer.status)
            self.send_header("Content-Type", f"{answer.kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for header, value in _HEADERS.items():
                self.send_header(header, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the terminal quiet."""

    try:
        server = ThreadingHTTPServer((HOST, port), Handler)
    except OSError as error:
        reason = error.strerror or error
        msg = f"cannot serve on port {port}: {reason}: choose another --port"
        raise ConfigError(msg) from error
    server.daemon_threads = True
    return server
