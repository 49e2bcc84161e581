"""`swe-features doctor`: what is there on this machine, and what each thing means."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from sandbox.contract import Driver
from sandbox.daemon import describe_daemon
from sandbox.docker_driver import DockerDriver
from sandbox.errors import DriverUnavailableError, SandboxError
from sandbox.opening import open_driver
from sandbox.probing import probe_driver
from tasks.obtaining import cache_folder

__all__ = ["doctor"]

_KEY = re.compile(r"[A-Z][A-Z0-9_]*_(API_KEY|ACCESS_KEY|API_TOKEN|AUTH_TOKEN)")
_LOW_DISK_BYTES = 5 * 1024**3
_DRIVERS = ("docker", "bubblewrap", "subprocess")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    topic: str
    state: str
    """`ok`, `note` where something is missing that can be done without, or `fail`."""
    what: str
    meaning: str


def doctor(
    *,
    probe: Annotated[
        bool, typer.Option(help="Open a sandbox of each driver and look from inside.")
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the lines as JSON.")
    ] = False,
) -> None:
    """Say what is on this machine, what it means, and what a sandbox really isolates.

    Exits with 1 where something is missing without which nothing runs.
    """
    lines = [_python(), _git(), *_daemon(), _bubblewrap(), *_disk(), _keys(os.environ)]
    if probe:
        for name in _DRIVERS:
            lines += _probe(name)
    if as_json:
        typer.echo(json.dumps([asdict(line) for line in lines], indent=2))
    else:
        width = max(len(line.topic) for line in lines)
        for line in lines:
            typer.echo(f"{line.state:<4}  {line.topic:<{width}}  {line.what}")
            if line.meaning:
                typer.echo(f"{'':<4}  {'':<{width}}  {line.meaning}")
    if any(line.state == "fail" for line in lines):
        raise typer.Exit(1)


def _python() -> Line:
    version = ".".join(map(str, sys.version_info[:3]))
    return Line("python", "ok", version, "")


def _version(command: list[str]) -> str | None:
    try:
        finished = subprocess.run(
            command, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return (finished.stdout or finished.stderr).strip().splitlines()[0]


def _git() -> Line:
    version = _version(["git", "--version"])
    if version is None:
        return Line("git", "fail", "not found", "nothing can be sealed: install git")
    return Line("git", "ok", version, "")


def _daemon() -> list[Line]:
    try:
        daemon = describe_daemon()
    except DriverUnavailableError as error:
        meaning = "sandboxes run locally instead; --sandbox docker fails"
        return [Line("docker", "note", str(error), meaning)]
    engine = Line("docker", "ok", daemon.engine, "")
    if daemon.image_digest is None:
        meaning = "built when it is first needed, in about a minute"
        return [engine, Line("image", "note", f"{daemon.image} is not there", meaning)]
    return [engine, Line("image", "ok", f"{daemon.image} {daemon.image_digest}", "")]


def _bubblewrap() -> Line:
    version = _version(["bwrap", "--version"])
    if version is None:
        meaning = "without Docker, sandboxes isolate nothing but history: install it"
        return Line("bubblewrap", "note", "not found", meaning)
    return Line("bubblewrap", "ok", version, "")


def _disk() -> list[Line]:
    lines = []
    places = {"cache": cache_folder(), "temporary": Path(tempfile.gettempdir())}
    for topic, folder in places.items():
        there = folder
        while not there.exists():
            there = there.parent
        free = shutil.disk_usage(there).free
        is_low = free < _LOW_DISK_BYTES
        meaning = "less than 5 GB: sandboxes may fill it" if is_low else ""
        state = "note" if is_low else "ok"
        lines.append(
            Line(topic, state, f"{free / 1e9:.0f} GB free at {folder}", meaning)
        )
    return lines


def _keys(environment: Mapping[str, str]) -> Line:
    names = sorted(
        name for name, value in environment.items() if value and _KEY.fullmatch(name)
    )
    if not names:
        meaning = "the offline model needs none; others need the key of their provider"
        return Line("keys", "note", "no model key is set", meaning)
    meaning = "names only; no sandbox sees them"
    return Line("keys", "ok", ", ".join(names), meaning)


def _probe(name: str) -> list[Line]:
    topic = f"{name} sandbox"
    try:
        driver = open_driver(name, run_id="doctor")
    except DriverUnavailableError as error:
        return [Line(topic, "note", str(error), "")]
    try:
        return [Line(topic, "ok", driver.isolation, ""), *_findings(topic, driver)]
    finally:
        driver.close()


def _findings(topic: str, driver: Driver) -> list[Line]:
    try:
        findings = probe_driver(driver)
    except SandboxError as error:
        return [Line(topic, "fail", str(error), "")]
    is_strict = isinstance(driver, DockerDriver)
    lines = []
    for finding in findings:
        state = "ok" if finding.is_good else "fail" if is_strict else "note"
        lines.append(Line(topic, state, f"{finding.what}: {finding.detail}", ""))
    return lines
