"""Serve the report of a run while it goes on, on this machine only.

The page asks for a stamp every few seconds, and loads itself anew when results have
come. Trajectories are packed when somebody opens one, so a page is ready at once
however many there are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from urllib.parse import unquote, urlsplit

from swe_features.errors import ExperimentError
from swe_features.report.attachments import find_context, find_trajectories
from swe_features.report.content import gather
from swe_features.report.page import render_page
from swe_features.results import StoredExperiment, read_experiment
from swe_features.store import MANIFEST, PLAN, RESULTS

__all__ = ["HOST", "LiveReport", "serve"]

HOST = "127.0.0.1"
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


class LiveReport:
    """Answers requests about one directory. Safe for many threads."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = Lock()
        self._page: tuple[str, str] | None = None

    def answer(self, target: str) -> Answer:
        """Answer a GET of a path."""
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
        """Changes whenever the experiment does."""
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
            if self._page is None or self._page[0] != stamp:
                experiment = read_experiment(self.directory)
                content = gather(experiment, with_attachments=False)
                self._page = (stamp, render_page(content, live=True))
            return self._page[1]

    def _find(
        self, find: Callable[[StoredExperiment, str], str | None], name: str
    ) -> Answer:
        packed = find(read_experiment(self.directory), name)
        if packed is None:
            return Answer(f"There is nothing for {name!r}.\n", HTTPStatus.NOT_FOUND)
        return Answer(packed)


def serve(directory: Path, *, port: int = 0) -> ThreadingHTTPServer:
    """Listen on loopback; the caller lets it serve, and closes it.

    Args:
        directory: Of the experiment.
        port: 0 takes a free one.

    Raises:
        OSError: The port is taken.
    """
    live = LiveReport(directory)

    class Handler(BaseHTTPRequestHandler):
        server_version = "swe-features"
        sys_version = ""

        def do_GET(self) -> None:
            # A page elsewhere whose name was made to point here must not read this.
            name = self.headers.get("Host", "").rpartition(":")[0]
            if name not in _OWN_NAMES:
                self._send(Answer("Unknown host.\n", HTTPStatus.MISDIRECTED_REQUEST))
                return
            self._send(live.answer(self.path))

        def _send(self, answer: Answer) -> None:
            body = answer.text.encode("utf-8", errors="replace")
            self.send_response(answer.status)
            self.send_header("Content-Type", f"{answer.kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for header, value in _HEADERS.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the terminal quiet."""

    server = ThreadingHTTPServer((HOST, port), Handler)
    server.daemon_threads = True
    return server
