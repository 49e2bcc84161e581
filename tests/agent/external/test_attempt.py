"""Other people's agents, with stand-ins that have their command lines."""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from agent.errors import AgentError
from agent.events import Event
from agent.external.attempt import attempt_externally
from agent.external.command import AgentCommand, load_agents
from agent.learned_context import LearnedContext
from agent.rollout import Rollout
from agent.usage import Usage
from sandbox.contract import Sandbox
from tests.agent.chat_server import Answer, ChatServer

STAND_IN = f"""#!{os.path.realpath(sys.executable)}
import json, os, sys, pathlib
pathlib.Path("argv.json").write_text(json.dumps(sys.argv[1:]))
pathlib.Path("environment.json").write_text(json.dumps(dict(os.environ)))
path = pathlib.Path("shop/prices.py")
path.write_text(path.read_text() + "# changed\\n")
{{more}}
"""
LEARNED = LearnedContext(
    text="Prices are in shop/prices.py.",
    repo="shop/till",
    commit="0" * 40,
    related=(1,),
    model="m",
    prompt_hash="0",
    usage=Usage(),
    duration_s=0.0,
)


@cache
def bubblewrap_works() -> bool:
    program = shutil.which("bwrap")
    if program is None:
        return False
    done = subprocess.run(
        [program, "--unshare-all", "--ro-bind", "/", "/", "true"], check=False
    )
    return done.returncode == 0


walls = pytest.mark.skipif(not bubblewrap_works(), reason="no bubblewrap works here")


class StandIn:
    """A program of some name that leaves what it was called with in the tree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "installation" / "bin"
        self.folder.mkdir(parents=True)
        self.environ = dict(os.environ)
        self.environ["PATH"] = f"{self.folder}:{self.environ['PATH']}"
        self.events: list[Event] = []

    def install(self, name: str, more: str = "") -> None:
        path = self.folder / name
        path.write_text(STAND_IN.replace("{more}", more))
        path.chmod(0o755)

    def attempt(
        self,
        agent: AgentCommand,
        sandbox: Sandbox,
        learned_context: LearnedContext | None = None,
        *,
        walled: bool = False,
    ) -> Rollout:
        return attempt_externally(
            agent=agent,
            model="anthropic/claude-sonnet-4-5",
            sandbox=sandbox,
            title="Cap the prices",
            body="A {model} price is at most 100.",
            budget=7,
            learned_context=learned_context,
            walled=walled,
            environ=self.environ,
            on_event=self.events.append,
        )


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    made = StandIn(tmp_path)
    monkeypatch.setenv("PATH", made.environ["PATH"])
    return made


def read_json(sandbox: Sandbox, name: str) -> dict[str, str]:
    value: dict[str, str] = json.loads(sandbox.read(name))
    return value


@pytest.mark.parametrize("name", sorted(load_agents()))
def test_each_ready_made_agent_is_called_with_the_task(
    name: str, stand_in: StandIn, sandbox: Sandbox
) -> None:
    agent = load_agents()[name]
    stand_in.install(agent.command[0])

    rollout = stand_in.attempt(agent, sandbox)

    assert rollout.predicted_files == ("shop/prices.py",)
    argv = " ".join(read_json(sandbox, "argv.json"))
    assert "Cap the prices" in argv
    assert "A {model} price is at most 100." in argv
    environment = read_json(sandbox, "environment.json")
    outside = argv.replace("A {model} price", "") + " ".join(environment.values())
    for placeholder in ("{model}", "{bare_model}", "{budget}", "{home}", "{task}"):
        assert placeholder not in outside


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mini-swe-agent", ["--yolo", "--config=agent.step_limit=7"]),
        ("mini-swe-agent", ["--model=anthropic/claude-sonnet-4-5"]),
        ("claude-code", ["--print", "--max-turns=7", "--model=claude-sonnet-4-5"]),
        ("codex", ["exec", "--json", "--model=claude-sonnet-4-5"]),
        ("aider", ["--yes-always", "--no-auto-commits"]),
        ("openhands", ["--headless"]),
    ],
)
def test_its_own_switches_are_on_its_command_line(
    name: str, words: list[str], stand_in: StandIn, sandbox: Sandbox
) -> None:
    agent = load_agents()[name]
    stand_in.install(agent.command[0])
    stand_in.attempt(agent, sandbox)

    argv = read_json(sandbox, "argv.json")
    assert [word for word in words if word not in argv] == []


@pytest.mark.parametrize(
    ("name", "file"), [("claude-code", "CLAUDE.md"), ("codex", "AGENTS.md")]
)
def test_what_was_learned_lies_in_the_file_that_the_agent_reads(
    name: str, file: str, stand_in: StandIn, sandbox: Sandbox
) -> None:
    agent = load_agents()[name]
    more = f'pathlib.Path("seen").write_text(pathlib.Path("{file}").read_text())'
    stand_in.install(agent.command[0], more)

    rollout = stand_in.attempt(agent, sandbox, LEARNED)

    assert b"Prices are in shop/prices.py." in sandbox.read("seen")
    assert rollout.predicted_files == ("shop/prices.py",)
    assert "Prices are in" not in " ".join(read_json(sandbox, "argv.json"))
    with pytest.raises(FileNotFoundError):
        sandbox.read(file)


def test_a_file_of_the_repository_is_kept_above_what_was_learned(
    stand_in: StandIn, sandbox: Sandbox
) -> None:
    agent = AgentCommand(command=("it", "{task}"), context=("AGENTS.md",))
    sandbox.write("AGENTS.md", b"Use tabs.\n")
    more = 'pathlib.Path("seen").write_text(pathlib.Path("AGENTS.md").read_text())'
    stand_in.install("it", more)

    stand_in.attempt(agent, sandbox, LEARNED)

    seen = sandbox.read("seen").decode()
    assert seen.startswith("Use tabs.\n")
    assert "Prices are in" in seen
    assert sandbox.read("AGENTS.md") == b"Use tabs.\n"


def test_what_was_learned_is_in_no_patch(stand_in: StandIn, sandbox: Sandbox) -> None:
    """An agent that added a rule to AGENTS.md gave our notes out as its own."""
    sandbox.write("AGENTS.md", b"Use tabs.\n")
    agent = AgentCommand(command=("it", "{task}"), context=("AGENTS.md", "CLAUDE.md"))
    more = 'with open("AGENTS.md", "a") as f: f.write("No global state.\\n")'
    stand_in.install("it", more)

    stand_in.attempt(agent, sandbox, LEARNED)

    assert sandbox.read("AGENTS.md") == b"Use tabs.\nNo global state.\n"
    (patch,) = [str(e.data["text"]) for e in stand_in.events if e.kind == "patch"]
    assert "Prices are in" not in patch
    assert "CLAUDE.md" not in patch


def test_what_was_learned_can_stand_in_the_prompt(
    stand_in: StandIn, sandbox: Sandbox
) -> None:
    stand_in.install("it")
    agent = AgentCommand(command=("it", "{task}"), context=("prompt",))

    stand_in.attempt(agent, sandbox, LEARNED)

    assert "Prices are in" in read_json(sandbox, "argv.json")[0]  # type: ignore[index]


def test_added_and_deleted_files_reach_the_sandbox_and_are_no_answer(
    stand_in: StandIn, sandbox: Sandbox
) -> None:
    more = (
        'pathlib.Path("docs/orders.md").unlink()\n'
        'pathlib.Path("new.py").write_text("")\n'
        'os.symlink("/etc/passwd", "link")'
    )
    stand_in.install("it", more)

    rollout = stand_in.attempt(AgentCommand(command=("it", "{task}")), sandbox)

    changes = {change.path: str(change.kind) for change in sandbox.changes()}
    assert rollout.predicted_files == ("shop/prices.py",)
    assert changes["docs/orders.md"] == "deleted"
    assert changes["new.py"] == "added"
    assert "link" not in changes


def test_only_the_named_variables_of_the_host_reach_the_agent(
    stand_in: StandIn, sandbox: Sandbox
) -> None:
    stand_in.install("it")
    stand_in.environ |= {"MODEL_KEY": "planted-1", "OTHER_KEY": "planted-2"}
    agent = AgentCommand(command=("it", "{task}"), keys=("MODEL_KEY",))

    stand_in.attempt(agent, sandbox)

    environment = read_json(sandbox, "environment.json")
    assert environment["MODEL_KEY"] == "planted-1"
    assert "planted-2" not in environment.values()


def test_an_agent_that_does_not_end_is_ended_and_scored(
    stand_in: StandIn, sandbox: Sandbox
) -> None:
    stand_in.install("it", "import time; time.sleep(60)")
    agent = AgentCommand(command=("it", "{task}"), timeout_s=1.0)

    rollout = stand_in.attempt(agent, sandbox)

    assert rollout.stop == "time"
    assert rollout.predicted_files == ("shop/prices.py",)


def test_an_agent_that_fails_without_a_change_is_an_error(
    stand_in: StandIn, sandbox: Sandbox
) -> None:
    path = stand_in.folder / "it"
    path.write_text("#!/bin/sh\necho no key sk-planted-0123456789; exit 3\n")
    path.chmod(0o755)

    with pytest.raises(AgentError, match="it ended with 3") as caught:
        stand_in.attempt(AgentCommand(command=("it", "{task}")), sandbox)

    assert "sk-planted" not in str(caught.value)
    assert "sk-planted" not in str([event.data for event in stand_in.events])


OWN_RECORD = """#!/bin/sh
for word; do case $word in --output=*) file=${word#--output=};; esac; done
usage='{"prompt_tokens": 10, "completion_tokens": 5}'
reply="{\\"extra\\": {\\"response\\": {\\"choices\\": [1], \\"usage\\": $usage}}}"
echo "{\\"info\\": {\\"exit_status\\": \\"STATUS\\"}, \\"messages\\": [$reply]}" > $file
echo STATUS; exit 1
"""


def test_an_agent_at_its_budget_is_scored(stand_in: StandIn, sandbox: Sandbox) -> None:
    path = stand_in.folder / "mini"
    path.write_text(OWN_RECORD.replace("STATUS", "LimitsExceeded"))
    path.chmod(0o755)

    rollout = stand_in.attempt(load_agents()["mini-swe-agent"], sandbox)

    assert (rollout.stop, rollout.steps) == ("budget", 1)


@pytest.mark.parametrize("status", ["RateLimitError", "APIError: max retries reached"])
def test_an_agent_that_its_provider_stopped_is_not_at_its_budget(
    status: str, stand_in: StandIn, sandbox: Sandbox
) -> None:
    """A rate limit was scored as an answer of no files."""
    path = stand_in.folder / "mini"
    path.write_text(OWN_RECORD.replace("STATUS", status))
    path.chmod(0o755)

    with pytest.raises(AgentError, match=f"ended with 1 and changed nothing: {status}"):
        stand_in.attempt(load_agents()["mini-swe-agent"], sandbox)


@pytest.mark.parametrize("name", sorted(load_agents()))
def test_an_agent_whose_model_never_answered_has_no_score(
    name: str, stand_in: StandIn, sandbox: Sandbox
) -> None:
    """Aider and OpenHands end with 0 where their provider refuses the key."""
    agent = load_agents()[name]
    path = stand_in.folder / agent.command[0]
    path.write_text("#!/bin/sh\necho AuthenticationError: bad key; exit 0\n")
    path.chmod(0o755)

    with pytest.raises(AgentError, match="no reply of its model: Auth"):
        stand_in.attempt(agent, sandbox)


def test_an_agent_that_was_answered_and_changed_nothing_is_scored(
    stand_in: StandIn, sandbox: Sandbox
) -> None:
    path = stand_in.folder / "aider"
    path.write_text("#!/bin/sh\necho 'Tokens: 3.1k sent, 20 received.'\n")
    path.chmod(0o755)

    rollout = stand_in.attempt(load_agents()["aider"], sandbox)

    assert (rollout.steps, rollout.predicted_files) == (1, ())
    assert rollout.usage.unmeasured_requests


def test_what_an_agent_leaves_for_itself_is_no_change(
    stand_in: StandIn, sandbox: Sandbox
) -> None:
    more = "os.mkdir('.aider.tags'); pathlib.Path('.aider.tags/cache').write_text('x')"
    stand_in.install("aider", more)

    stand_in.attempt(load_agents()["aider"], sandbox)

    changed = {change.path for change in sandbox.changes()}
    assert "shop/prices.py" in changed
    assert not any(path.startswith(".aider") for path in changed)


@pytest.mark.parametrize("address", [None, "http://127.0.0.1:9/v1"])
def test_codex_asks_the_server_that_the_host_names(
    address: str | None, stand_in: StandIn, sandbox: Sandbox
) -> None:
    stand_in.environ.pop("OPENAI_BASE_URL", None)
    if address:
        stand_in.environ["OPENAI_BASE_URL"] = address
    stand_in.install("codex")

    stand_in.attempt(load_agents()["codex"], sandbox)

    argv = " ".join(read_json(sandbox, "argv.json"))
    assert f'base_url="{address or "https://api.openai.com/v1"}"' in argv


def test_a_key_is_found_before_the_output_is_cut(
    stand_in: StandIn, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cut went through a key, and its second half was no key any more."""
    monkeypatch.setenv("MODEL_KEY", "no-shape-of-a-key-but-a-key")
    stand_in.install("it", 'print(f"no-shape-of-a-key-but-a-key{19_990 * chr(46)}")')

    stand_in.attempt(AgentCommand(command=("it", "{task}")), sandbox)

    (output,) = [e.data for e in stand_in.events if e.kind == "external_output"]
    assert "but-a-key" not in str(output["text"])
    assert len(str(output["text"])) == 20_000


def test_thousands_of_deleted_files_reach_the_sandbox(
    stand_in: StandIn, sandbox: Sandbox
) -> None:
    """One command with all their names lost the sandbox, and every edit with it."""
    for number in range(0, 1500, 50):
        names = " ".join(f"d/{number + n}{'x' * 90}.py" for n in range(50))
        sandbox.run(f"mkdir -p d && touch {names}")
    stand_in.install("it", 'import shutil; shutil.rmtree("d")')

    rollout = stand_in.attempt(AgentCommand(command=("it", "{task}")), sandbox)

    assert rollout.predicted_files == ("shop/prices.py",)
    assert sandbox.run("find d -type f | wc -l").stdout.strip() == b"0"


def test_an_agent_that_is_not_installed_is_an_error(
    stand_in: StandIn, sandbox: Sandbox
) -> None:
    with pytest.raises(AgentError, match="no-such-agent"):
        stand_in.attempt(AgentCommand(command=("no-such-agent",)), sandbox)


PROBE = """
import socket, urllib.error, urllib.request
said = []
try:
    socket.create_connection(("127.0.0.1", {port}), 2)
    said.append("reached it directly")
except OSError:
    said.append("no network")
for address in ("http://127.0.0.1:{port}/v1/chat/completions", "http://example.org/"):
    try:
        request = urllib.request.Request(address, b"{}")
        said.append(urllib.request.urlopen(request, timeout=5).status)
    except urllib.error.HTTPError as error:
        said.append(error.code)
said.append(os.path.exists("{secret}"))
pathlib.Path("said.json").write_text(json.dumps(said))
"""


@walls
def test_a_program_in_the_users_home_does_not_show_the_home(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "secret").write_text("of the user")
    stand_in = StandIn(home)
    stand_in.folder.rename(home / "bin")
    stand_in.folder = home / "bin"
    more = f'pathlib.Path("said").write_text(str(os.path.exists("{home}/secret")))'
    stand_in.install("it", more)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{home / 'bin'}:{os.environ['PATH']}")

    stand_in.attempt(AgentCommand(command=("it", "{task}")), sandbox, walled=True)

    assert sandbox.read("said") == b"False"


@walls
def test_behind_walls_only_the_model_can_be_reached(
    stand_in: StandIn, sandbox: Sandbox, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of the host")
    with ChatServer(Answer()) as server:
        port = server.url.split(":")[2].split("/")[0]
        more = PROBE.replace("{port}", port).replace("{secret}", str(secret))
        stand_in.install("it", more)
        stand_in.environ["BASE_URL"] = server.url
        agent = AgentCommand(command=("it", "{task}"), keys=("BASE_URL",))

        rollout = stand_in.attempt(agent, sandbox, walled=True)

    said = json.loads(sandbox.read("said.json"))
    assert said == ["no network", 200, 403, False]
    assert rollout.predicted_files == ("shop/prices.py",)
    (output,) = [e.data for e in stand_in.events if e.kind == "external_output"]
    assert output["refused_hosts"] == ["example.org:80"]
