"""Other projects' sandboxes, measured by their own code for `sandboxes.py`.

Runs in a Python of their own, so it imports nothing of this project. Reads lines such
as `mini-swe-agent: run` and answers each with seconds.
"""

# mypy: ignore-errors
# The peers are not installed where this project is checked.

import asyncio
import contextlib
import os
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from inspect_ai.util._sandbox.docker.cleanup import project_cleanup_startup
from inspect_ai.util._sandbox.docker.docker import DockerSandboxEnvironment
from minisweagent.environments.docker import DockerEnvironment
from swerex.deployment.docker import DockerDeployment
from swerex.runtime.abstract import BashAction, Command, CreateBashSessionRequest

COMMANDS = {"run": "true", "grep": "grep -rn def ."}
SERVER = "#!/usr/bin/python3\nfrom swerex.server import main\nmain()\n"


class MiniSweAgent:
    """Its Docker environment: `docker exec` for each command."""

    def __init__(self, image: str, tree: str) -> None:
        self.image, self.tree, self.environment = image, tree, None

    def open(self) -> None:
        """Start a container and run a first command in it."""
        self.environment = DockerEnvironment(
            image=self.image,
            cwd="/repo",
            run_args=["--rm", "-v", f"{self.tree}:/repo:ro"],
        )
        self.run("true")

    def run(self, command: str) -> None:
        """Run one command."""
        self.environment.execute({"command": command})

    def close(self) -> None:
        """Remove the container."""
        if self.environment is not None:
            self.environment.cleanup()
            self.environment = None


class SweRex:
    """Its Docker deployment: an HTTP server inside the container."""

    def __init__(self, image: str, tree: str, *, in_session: bool) -> None:
        self.image, self.tree, self.in_session = image, tree, in_session
        self.loop = asyncio.new_event_loop()
        self.deployment = None

    def open(self) -> None:
        """Start a container with its server, and run a first command in it."""
        server = Path(tempfile.gettempdir()) / f"swerex-remote-{os.getpid()}"
        server.write_text(SERVER)
        server.chmod(0o755)
        packages = sysconfig.get_path("purelib")
        arguments = ["-v", f"{self.tree}:/repo:ro", "-w", "/repo"]
        arguments += ["-v", f"{server}:/usr/bin/swerex-remote:ro"]
        arguments += ["-v", f"{packages}:/opt/packages:ro"]
        arguments += ["-e", "PYTHONPATH=/opt/packages"]
        self.deployment = DockerDeployment(
            image=self.image, docker_args=arguments, pull="never"
        )
        self.loop.run_until_complete(self.deployment.start())
        if self.in_session:
            request = CreateBashSessionRequest()
            self.loop.run_until_complete(
                self.deployment.runtime.create_session(request)
            )
        self.run("true")

    def run(self, command: str) -> None:
        """Run one command."""
        runtime = self.deployment.runtime
        if self.in_session:
            wanted = runtime.run_in_session(BashAction(command=command, timeout=60))
        else:
            words = ["bash", "-c", command]
            wanted = runtime.execute(Command(command=words, timeout=60, cwd="/repo"))
        self.loop.run_until_complete(wanted)

    def close(self) -> None:
        """Remove the container."""
        if self.deployment is not None:
            self.loop.run_until_complete(self.deployment.stop())
            self.deployment = None


# Inspect refuses a read-only mount below Docker 25, hence the writable one.
COMPOSE = """\
x-inspect_docker_sandbox:
  unsafe_allow_writable_host_mounts: true
services:
  default:
    image: {image}
    x-local: true
    command: sleep 2h
    init: true
    network_mode: none
    working_dir: /repo
    volumes: ["{tree}:/repo"]
"""


class Inspect:
    """Its Docker sandbox: `docker compose exec` for each command."""

    def __init__(self, image: str, tree: str) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="inspect-")
        config = Path(self.folder.name) / "compose.yaml"
        config.write_text(COMPOSE.format(image=image, tree=tree))
        self.config = str(config)
        self.loop = asyncio.new_event_loop()
        self.deployment = None

    def open(self) -> None:
        """Start a container and run a first command in it."""
        # `task_init` only looks at the versions of Docker, builds and pulls images, and
        # calls this; there is nothing to build, and what it times is the same without.
        project_cleanup_startup()
        self.deployment = self.loop.run_until_complete(
            DockerSandboxEnvironment.sample_init("benchmark", self.config, {})
        )
        self.run("true")

    def run(self, command: str) -> None:
        """Run one command."""
        words = ["bash", "-c", command]
        wanted = self.deployment["default"].exec(words, timeout=60)
        self.loop.run_until_complete(wanted)

    def close(self) -> None:
        """Remove the container."""
        if self.deployment is not None:
            self.loop.run_until_complete(
                DockerSandboxEnvironment.sample_cleanup(
                    "benchmark", self.config, self.deployment, interrupted=False
                )
            )
            self.deployment = None


def main() -> None:
    """Answer until the input ends."""
    image, tree = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the peers print is no answer
    peers = {
        "mini-swe-agent": MiniSweAgent(image, tree),
        "inspect": Inspect(image, tree),
        "swe-rex execute": SweRex(image, tree, in_session=False),
        "swe-rex session": SweRex(image, tree, in_session=True),
    }
    for line in sys.stdin:
        name, _, action = line.strip().partition(": ")
        peer = peers[name]
        try:
            if action == "open":
                peer.close()
            elif (
                getattr(peer, "environment", None)
                is None
                is getattr(peer, "deployment", None)
            ):
                peer.open()
            started = time.perf_counter()
            peer.open() if action == "open" else peer.run(COMMANDS[action])
            answers.write(f"{time.perf_counter() - started:.6f}\n")
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is reported
            answers.write(
                f"{type(error).__name__}: {error}\n".replace("\n", " ") + "\n"
            )
        answers.flush()
    for peer in peers.values():
        with contextlib.suppress(Exception):
            peer.close()


if __name__ == "__main__":
    main()
