"""Look at what a driver's walls really are: run a probe in a sandbox and report.

What was asked of a daemon and what took effect may differ, so the probe looks from
inside.
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sandbox.contract import Driver
from sandbox.git_program import git_environment, run_git
from sandbox.sealing import SealedDirectory, seal
from sandbox.source import private_config

__all__ = ["Finding", "probe_driver", "seal_sample"]

_PROBE = r"""
import json, os, socket
def text(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""
def refused(action):
    try:
        action()
    except OSError:
        return True
    return False
def cgroup(*names):
    for name in names:
        found = text("/sys/fs/cgroup/" + name).strip()
        if found:
            return found
    return None
status = dict(
    line.split(":", 1) for line in text("/proc/self/status").splitlines() if ":" in line
)
interfaces = text("/proc/net/dev").splitlines()[2:]
devices = [line.split(":")[0].strip() for line in interfaces]
print(json.dumps({
    "uid": os.getuid(),
    "capabilities": status.get("CapEff", "").strip(),
    "no_new_privileges": status.get("NoNewPrivs", "").strip(),
    "seccomp": status.get("Seccomp", "").strip(),
    "devices": [name for name in devices if name != "lo"],
    "has_route": not refused(
        lambda: socket.create_connection(("192.0.2.1", 9), 0.2)
    ) or len(text("/proc/net/route").splitlines()) > 1,
    "root_is_read_only": refused(lambda: open("/usr/.probe", "w").close()),
    "supervisor_is_closed": refused(lambda: os.listdir(f"/proc/{os.getppid()}/fd")),
    "parent": os.getppid(),
    "processes": sum(name.isdigit() for name in os.listdir("/proc")),
    "pids": cgroup("pids.max", "pids/pids.max"),
    "memory": cgroup("memory.max", "memory/memory.limit_in_bytes"),
    "docker_socket": os.path.exists("/var/run/docker.sock"),
    "variables": sorted(os.environ),
}))
"""
_HUGE = 1 << 60
_FEW_PROCESSES = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    is_good: bool
    """Whether it is as an isolating driver has it."""
    detail: str


def seal_sample(folder: Path) -> SealedDirectory:
    """Seal a repository of one file, made for the occasion."""
    source = folder / "source"
    for name in ("objects", "refs/heads"):
        (source / name).mkdir(parents=True)
    (source / "HEAD").write_text("ref: refs/heads/main\n")
    (source / "config").write_text(private_config("sha1"))
    environment = git_environment(
        source,
        {
            "GIT_AUTHOR_NAME": "Developer",
            "GIT_AUTHOR_EMAIL": "developer@localhost",
            "GIT_AUTHOR_DATE": "1000000000 +0000",
            "GIT_COMMITTER_NAME": "Developer",
            "GIT_COMMITTER_EMAIL": "developer@localhost",
            "GIT_COMMITTER_DATE": "1000000000 +0000",
        },
    )
    write = ["hash-object", "-w", "--stdin"]
    blob = run_git(write, environment, stdin=b"sample\n").decode().strip()
    entry = f"100644 blob {blob}\tsample.txt\n".encode()
    tree = run_git(["mktree"], environment, stdin=entry).decode().strip()
    commit = run_git(["commit-tree", tree, "-m", "sample"], environment)
    return seal(source, commit.decode().strip(), folder / "sealed")


def probe_driver(driver: Driver) -> tuple[Finding, ...]:
    """Open a sandbox of a sample, look around in it, and say what was seen.

    Raises:
        SandboxError: No sandbox could be opened.
    """
    with tempfile.TemporaryDirectory(prefix="swe-features-probe-") as folder:
        sealed = seal_sample(Path(folder))
        with driver.open(sealed) as sandbox:
            sandbox.write("probe.py", _PROBE.encode())
            result = sandbox.run("python3 probe.py", timeout_s=30)
    try:
        seen = json.loads(result.stdout)
    except ValueError:
        said = (result.stderr or result.stdout).decode(errors="replace").strip()
        return (Finding("python3", is_good=False, detail=said[-200:] or "no answer"),)
    return _findings(seen)


def _findings(seen: dict[str, object]) -> tuple[Finding, ...]:
    capabilities = str(seen["capabilities"]).strip("0")
    devices = seen["devices"]
    return (
        Finding("user", seen["uid"] != 0, f"uid {seen['uid']}"),
        Finding("capabilities", not capabilities, capabilities or "none"),
        Finding(
            "new privileges",
            seen["no_new_privileges"] == "1",
            "refused" if seen["no_new_privileges"] == "1" else "possible",
        ),
        Finding(
            "seccomp filter",
            seen["seccomp"] == "2",
            "on" if seen["seccomp"] == "2" else "off",
        ),
        Finding(
            "network", not devices and not seen["has_route"], f"{devices or 'none'}"
        ),
        Finding(
            "system files",
            bool(seen["root_is_read_only"]),
            "read-only" if seen["root_is_read_only"] else "writable",
        ),
        Finding(
            "supervisor",
            bool(seen["supervisor_is_closed"]),
            "out of reach" if seen["supervisor_is_closed"] else "its files can be read",
        ),
        Finding(
            "processes seen",
            _number(seen["processes"]) < _FEW_PROCESSES,
            f"{seen['processes']}",
        ),
        _limit("process limit", seen["pids"]),
        _limit("memory limit", seen["memory"]),
        Finding(
            "Docker socket",
            not seen["docker_socket"],
            "there" if seen["docker_socket"] else "absent",
        ),
    )


def _limit(what: str, found: object) -> Finding:
    number = _number(found)
    is_set = 0 < number < _HUGE
    return Finding(what, is_set, f"{number:,}" if is_set else "none by cgroup")


def _number(found: object) -> int:
    return int(str(found)) if str(found).isdigit() else 0
