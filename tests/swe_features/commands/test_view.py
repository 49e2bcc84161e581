import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from swe_features.cli import main
from tests.swe_features.report.made_experiment import make_experiment


def test_report_is_served_until_interrupted(tmp_path: Path) -> None:
    folder = make_experiment(tmp_path / "run")
    command = [sys.executable, "-u", "-m", "swe_features", "view", str(folder)]
    process = subprocess.Popen(
        [*command, "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/$", line)
        assert address is not None, line
        with urllib.request.urlopen(address[0], timeout=60) as answer:
            assert b"<title>made" in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    finally:
        process.kill()
        process.communicate()


def test_directory_without_an_experiment_is_not_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["view", str(tmp_path)]) == 2
    assert "holds no experiment" in capsys.readouterr().err


def test_taken_port_is_one_line_and_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_experiment(tmp_path / "run")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["view", str(folder), "--port", str(port)]) == 2
    complaint = capsys.readouterr().err
    assert f"cannot serve on port {port}" in complaint
    assert "choose another --port" in complaint
