import http.client
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from swe_features.cell_results import CellResult
from swe_features.report.live import LiveReport, serve
from swe_features.results import read_experiment
from tests.swe_features.report.made_experiment import make_experiment
from tests.swe_features.report.test_attachments import unpack


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_experiment(tmp_path / "run")


@pytest.fixture
def port(run: Path) -> Iterator[int]:
    with serve(run) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def ask(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{port}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_page_is_served_without_what_is_large(port: int) -> None:
    status, page = ask(port, "/")
    assert status == 200
    assert "application/octet-stream" not in page.split("<script>")[0]


def test_trajectories_and_contexts_are_handed_out(run: Path, port: int) -> None:
    status, packed = ask(port, "/packed/trajectories/shop__till-2")
    assert status == 200
    assert "0002-sleep-time-2-0" in unpack(packed)["trajectories"]
    key = next(r.context for r in read_experiment(run).rows if r.context)
    assert "revisions" in unpack(ask(port, f"/packed/contexts/{key}")[1])


@pytest.mark.parametrize("path", ["/", "/stamp", "/results.jsonl"])
def test_head_is_answered_as_get_without_the_body(port: int, path: str) -> None:
    """It was an unsupported method."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        own = f"Host: 127.0.0.1:{port}\r\n"
        connection.sendall(f"HEAD {path} HTTP/1.0\r\n{own}\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    headers, _, body = answer.partition("\r\n\r\n")
    status, wanted = ask(port, path)
    assert int(headers.split()[1]) == status
    assert f"Content-Length: {len(wanted.encode())}" in headers
    assert body == ""


@pytest.mark.parametrize(
    "path",
    [
        "/packed/trajectories/shop__till-99",
        "/packed/contexts/..%2Fmanifest",
        "/packed/results/x",
        "/results.jsonl",
        "/../../etc/passwd",
    ],
)
def test_nothing_else_is_handed_out(port: int, path: str) -> None:
    assert ask(port, path)[0] == 404


def test_page_of_another_host_is_refused(port: int) -> None:
    """A name elsewhere may be made to point at this machine while a page is open."""
    assert ask(port, "/", host="evil.example")[0] == 421


def test_host_without_a_port_is_this_machine_too(port: int) -> None:
    """A browser leaves out 80, and `--port 80` refused everybody."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"GET /stamp HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        assert connection.recv(65536).split()[1] == b"200"


def test_browser_that_goes_away_leaves_no_traceback(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(run) as server:
        server.daemon_threads = False  # so that leaving waits for the answer
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        connection = socket.create_connection(("127.0.0.1", server.server_port))
        own = f"Host: 127.0.0.1:{server.server_port}\r\n"
        connection.sendall(f"GET / HTTP/1.0\r\n{own}\r\n".encode())
        time.sleep(0.05)
        reset = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        connection.close()
        server.shutdown()
        thread.join()
    assert capsys.readouterr().err == ""


def test_stamp_changes_with_the_results(run: Path) -> None:
    live = LiveReport(run, refresh_s=0.0)
    before, page = live.stamp(), live.page()
    assert live.page() is page
    last: CellResult = read_experiment(run).rows[-1]
    with (run / "results.jsonl").open("a") as results:
        results.write((run / "results.jsonl").read_text().splitlines()[-1] + "\n")
    assert last == read_experiment(run).rows[-1]
    assert live.stamp() != before
    assert live.page() is not page


def test_run_that_has_not_begun_is_waited_for(tmp_path: Path) -> None:
    answer = LiveReport(tmp_path).answer("/")
    assert answer.status == 503
    assert "holds no experiment" in answer.text


def test_page_is_not_made_anew_for_every_result(run: Path) -> None:
    live = LiveReport(run, refresh_s=3600.0)
    page, before = live.page(), live.stamp()
    (run / "results.jsonl").touch()
    with (run / "results.jsonl").open("a") as results:
        results.write((run / "results.jsonl").read_text().splitlines()[-1] + "\n")
    assert live.stamp() == before
    assert live.page() is page
