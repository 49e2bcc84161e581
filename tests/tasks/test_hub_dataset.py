"""The hub is a real server, on loopback, with one dataset."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tasks.errors import SuiteError
from tasks.hub_dataset import fetch_dataset, read_dataset

ROW = {
    "repo": "owner/name",
    "pr_number": 7,
    "title": "Add a thing",
    "user_login": None,
    "state": "closed",
    "body": "Words.",
    "changed_files_count": 1,
    "changed_files": [{"filename": "a.py", "status": "modified"}],
    "base_commit": "a" * 40,
}
COMMIT = "c" * 40
LINE = json.dumps(ROW).encode() + b"\n"


class Hub(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:  # noqa: N802, RUF100
        self.reply(body=False)

    def do_GET(self) -> None:  # noqa: N802, RUF100
        self.reply(body=True)

    def reply(self, *, body: bool) -> None:
        content = self.content()
        self.send_response(200 if content is not None else 404)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", '"e"')
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        if body:
            self.wfile.write(content or b"")

    def content(self) -> bytes | None:
        if "/resolve/" in self.path and "owner/rows" in self.path:
            return LINE
        if self.path.startswith("/api/datasets/owner/rows/tree"):
            entry = {
                "type": "file",
                "path": "rows.jsonl",
                "size": len(LINE),
                "oid": "e",
            }
            return json.dumps([entry]).encode()
        if self.path.startswith("/api/datasets/owner/rows"):
            files = [{"rfilename": "rows.jsonl"}, {"rfilename": "README.md"}]
            record = {"id": "owner/rows", "sha": COMMIT, "siblings": files}
            return json.dumps(record).encode()
        return None

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.filterwarnings("ignore")  # the library's own, not ours
def test_a_dataset_is_fetched_and_read(hub: str, tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    folder = fetch_dataset("owner/rows", tmp_path, endpoint=hub)
    (row,) = read_dataset(folder).rows
    assert (row.instance_id, row.title) == ("owner__name-7", "Add a thing")
    assert not list(folder.rglob("README.md"))


@pytest.mark.filterwarnings("ignore")
def test_a_dataset_that_is_not_there_is_one_line(hub: str, tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    with pytest.raises(SuiteError, match="cannot fetch the dataset owner/none") as no:
        fetch_dataset("owner/none", tmp_path, endpoint=hub)
    assert "\n" not in str(no.value)


def test_json_of_rows_is_read(tmp_path: Path) -> None:
    (tmp_path / "test.json").write_text(json.dumps([ROW, ROW | {"pr_number": 8}]))
    (tmp_path / "dataset_infos.json").write_text("{}")
    assert [row.pr_number for row in read_dataset(tmp_path).rows] == [7, 8]


def test_lines_of_json_may_be_called_json(tmp_path: Path) -> None:
    rows = (ROW, ROW | {"pr_number": 8})
    (tmp_path / "test.json").write_text("\n".join(map(json.dumps, rows)))
    assert [row.pr_number for row in read_dataset(tmp_path).rows] == [7, 8]
    (tmp_path / "test.json").write_text(json.dumps(ROW) + "\n")
    assert [row.pr_number for row in read_dataset(tmp_path).rows] == [7]


def test_a_row_that_two_files_have_is_taken_once(tmp_path: Path) -> None:
    """The suite that was written had it twice, and no command read it."""
    (tmp_path / "a.json").write_text(json.dumps([ROW]))
    (tmp_path / "b.jsonl").write_text(json.dumps(ROW) + "\n{\n")
    read = read_dataset(tmp_path)
    assert [row.pr_number for row in read.rows] == [7]
    again, broken = map(str, sorted(read.problems, key=lambda one: one.line))
    assert again == "line 1: b.jsonl: owner__name-7 is in a.json already"
    assert broken.startswith("line 2: b.jsonl: broken JSON")


def test_parquet_of_rows_is_read(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    pyarrow = pytest.importorskip("pyarrow")
    parquet.write_table(pyarrow.Table.from_pylist([ROW]), tmp_path / "test.parquet")
    (row,) = read_dataset(tmp_path).rows
    assert row.changed_files[0].filename == "a.py"


def test_a_folder_without_rows_and_a_broken_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="no rows in"):
        read_dataset(tmp_path)
    (tmp_path / "test.json").write_text("{")
    with pytest.raises(SuiteError, match="broken JSON"):
        read_dataset(tmp_path)
