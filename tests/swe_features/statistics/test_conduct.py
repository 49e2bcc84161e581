from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swe_features.statistics.conduct import scan_command, scan_trajectory
from swe_features.statistics.shell_words import read_commands

BASE = "4f1d2c3b5a697887960514233241506f7e8d9cab"
LATER = "e83c5163316f89bfbde7d9ab23ca2e25604af290"


def kinds(command: str) -> set[str]:
    found = scan_command(command, BASE.startswith)
    return {kind for kind, _ in found}


@pytest.mark.parametrize(
    "command",
    [
        "git log --all --oneline",
        "git --no-pager log --oneline --all",
        "git -C sub log --branches",
        "cd src && git log -S 'def retry' -- client.py",
        "git log -G'retry'",
        f"git show {LATER}",
        f"git show {LATER[:9]}:src/client.py",
        f"git diff {BASE[:8]}..{LATER[:8]}",
        f"git diff HEAD...{LATER[:8]}",
        "git show 'HEAD@{1}'",
        "git checkout origin/main -- src",
        "git show refs/pull/12/head",
        "git reflog",
        "git fsck --lost-found",
        "git branch -a",
        "git for-each-ref",
        "git cat-file --batch-check --batch-all-objects",
        "cat .git/packed-refs",
        "ls .git/objects/pack | wc -l",
        'bash -lc "git log --all"',
        'echo "$(git log --all | head)"',
        "for x in 1 2; do git log --all; done",
        "GIT_PAGER=cat git log --all",
        "timeout 5 git log --all",
        "bash <<'EOF'\ngit log --all\nEOF",
    ],
)
def test_looking_for_the_future_is_found(command: str) -> None:
    assert kinds(command) == {"future"}


@pytest.mark.parametrize(
    "command",
    [
        "curl -s https://example.org/x",
        "cd /tmp; wget example.org",
        "sudo -E curl example.org",
        "pip install requests",
        "python3 -m pip install -q httpx",
        "gh pr view 12",
        "git fetch origin",
        "git -c protocol.version=2 ls-remote https://example.org/x",
        "git clone https://example.org/x",
        "git remote update",
        "npm install left-pad",
        "apt-get -y install jq",
        "python -c 'import urllib.request as u; u.urlopen(\"https://example.org\")'",
        "python - <<EOF\nimport requests\nrequests.get('https://example.org')\nEOF",
        "ls | xargs -n 1 curl",
        "true || curl example.org",
        "eval 'curl example.org'",
        "(curl example.org)",
        "x=`curl example.org`",
    ],
)
def test_looking_for_the_network_is_found(command: str) -> None:
    assert kinds(command) == {"network"}


@pytest.mark.parametrize(
    "command",
    [
        "git log --oneline -5",
        "git log -p -- src/client.py",
        "git status && git diff",
        f"git show {BASE[:10]}",
        "git log --since=2020-01-01 --grep='curl'",
        "git grep -n 'pip install'",
        "git blame src/client.py",
        "grep -rn 'curl' docs",
        "rg 'git log --all' .",
        "sed -n '1,20p' docs/wget.md",
        "cat README.md | grep 'pip install'",
        "cat > notes.md <<'EOF'\ncurl https://example.org\ngit log --all\nEOF",
        "echo 'git fetch' > script.txt",
        "python -c 'import requests; print(requests.__version__)'",
        "pip list",
        "pip install --no-index ./wheels/x.whl",
        "cat .gitignore .github/workflows/ci.yml",
        "find . -path ./.git -prune -o -name '*.py' -print",
        "git diff -- origin/notes.md",
        "git show HEAD:src/abcdef1.py",
        "pytest -q tests/test_http.py",
        "python -m pytest && git stash",
        "ls 'unfinished",
    ],
)
def test_honest_work_is_not_suspected(command: str) -> None:
    assert kinds(command) == set()


def event(kind: str, **data: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON values
    return {"kind": kind, "at_s": 0.0, "data": data}


def call(command: str, step: int) -> dict[str, Any]:
    return event(
        "tool_call", name="run_command", arguments={"command": command}, step=step
    )


def test_commit_that_the_sandbox_showed_may_be_looked_at() -> None:
    found = scan_trajectory(
        [
            event("phase", commit=BASE),
            call("git log --oneline", 1),
            event("observation", text="aaaaaaa1 fix the till"),
            call("git show aaaaaaa1", 2),
            call(f"git show {BASE[:12]}", 3),
            call("git show bbbbbbb2", 4),
        ]
    )
    assert [(s.kind, s.step, s.command) for s in found] == [
        ("future", 4, "git show bbbbbbb2")
    ]


def test_ancestors_decide_where_they_are_known() -> None:
    events = [event("observation", text=LATER), call(f"git show {LATER}", 1)]
    assert scan_trajectory(events) == ()
    (found,) = scan_trajectory(events, is_ancestor=lambda revision: False)
    assert LATER in found.why


def test_other_tools_are_not_read_as_commands() -> None:
    events = [
        event(
            "tool_call", name="search", arguments={"pattern": "git log --all"}, step=1
        )
    ]
    assert scan_trajectory(events) == ()


@given(st.text(max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    for command in read_commands(text):
        assert "/" not in command.name


LONG = 1_000_000


@pytest.mark.parametrize("piece", ["<<a ", "<<'a ", "<<a\n", "x", "$(", "`", "1.", "<"])
def test_long_commands_are_read_to_their_end(piece: str) -> None:
    """Were all the rest read again at each piece, this would not end."""
    text = piece * (LONG // len(piece)) + "\ncurl x\n"
    assert "curl" in {command.name for command in read_commands(text)}


def test_several_here_documents_of_a_line_are_told_apart() -> None:
    text = "bash <<A <<-'B'\ncurl x\nA\n\twget y\n\tB\npython3 <<C\nfetch(1)\nC\nls <<D"
    found = [(c.name, c.code) for c in read_commands(text)]
    assert found == [
        *(("curl", ""), ("wget", ""), ("python3", "fetch(1)\n")),
        *(("bash", ""), ("python3", ""), ("ls", "")),
    ]


def test_here_string_is_no_here_document() -> None:
    assert [c.name for c in read_commands("cat <<<x\ncurl y\nx\n")] == [
        *("cat", "curl", "x")
    ]


def test_shells_within_shells_are_followed_some_way_and_no_further() -> None:
    def within(shells: int) -> list[str]:
        return [c.name for c in read_commands("eval " * shells + "curl x")]

    assert within(4) == ["curl"]
    assert within(400) == []
