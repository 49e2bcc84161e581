import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from agent.messages import ToolCall
from agent.model import Reply
from agent.models.scripted_model import ScriptedModel
from swe_features.invocation import call
from tests.tasks.histories import History

MODULE = "swe_features.commands.mine"


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = History(tmp_path / "repository")
    names = ("a.py", "b.py", "c.py")
    for number, message in enumerate(
        (
            "start",
            "Add a --color option to the command (#1)",
            "fix: crash on empty input (#2)",
            "Add support for streaming answers (#3)",
        )
    ):
        history.add(dict.fromkeys(names, f"{number}\n"), message)
    history.add({"a.py": "x\n"}, "Add one more option (#4)")
    return history


def mine(history: History, output: Path, *options: str) -> int:
    return call("mine", MODULE, [str(history.path), "-o", str(output), *options])


def test_a_clone_becomes_a_suite(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "suite.jsonl"
    assert mine(history, output, "--name", "owner/name") == 0
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["pr_number"] for row in rows] == [1, 3]
    assert rows[1]["related_prs"] == [1]
    assert rows[0]["repo"] == "owner/name"
    shown = capsys.readouterr().out
    assert "4  pull requests seen" in shown
    assert "2  instances in" in shown


def test_every_rejection_is_explained(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mine(history, tmp_path / "suite.jsonl", "--explain") == 0
    shown = capsys.readouterr().out
    assert "no new functionality" in shown
    assert "count: changes 1 .py/.js files of the 3 asked for" in shown


def test_the_provenance_says_how_the_suite_was_made(
    history: History, tmp_path: Path
) -> None:
    assert mine(history, tmp_path / "suite.jsonl", "--judge", "none") == 0
    record = json.loads((tmp_path / "suite.provenance.json").read_text())
    assert record["tip"] == history.git("rev-parse", "HEAD")
    assert (record["judge"], record["rows"], record["rejected"]) == (
        "none",
        3,
        {"count": 1},
    )


def provenance(suite: Path) -> dict[str, Any]:
    record = json.loads(suite.with_name(f"{suite.stem}.provenance.json").read_text())
    assert isinstance(record, dict)
    return record


def test_the_counts_of_the_provenance_add_up(history: History, tmp_path: Path) -> None:
    """Numbers seen twice were rejected, and not among the pull requests."""
    names = ("a.py", "b.py", "c.py")
    for text, message in (("4\n", "once more (#3)"), ("5\n", "Add y (#5)")):
        history.add(dict.fromkeys(names, text), message)
    history.add(dict.fromkeys(names, "6\n"), "Add y (#6)")
    assert mine(history, tmp_path / "suite.jsonl") == 0
    record = provenance(tmp_path / "suite.jsonl")
    lost = record["rejected"]
    # "mine" has the second #3, and #6, which asks for the same as #5.
    assert lost == {"mine": 2, "count": 1, "judge": lost["judge"]}
    assert record["pull_requests"] == 7
    assert record["candidates"] == 7 - lost["mine"] - lost["count"]
    assert record["rows"] == record["candidates"] - lost["judge"]


def test_the_provenance_tells_options_apart(history: History, tmp_path: Path) -> None:
    pulls = tmp_path / "pulls.json"
    pulls.write_text(json.dumps([{"number": 1, "title": "Add colours"}]))
    runs: tuple[tuple[str, ...], ...] = (
        (),
        ("--neighbours", "1"),
        ("--github", str(pulls)),
        ("--relate", "none"),
    )
    told = []
    for number, options in enumerate(runs):
        suite = tmp_path / f"{number}.jsonl"
        assert mine(history, suite, *options) == 0
        told.append(provenance(suite))
    assert [one["neighbours"] for one in told] == [5, 1, 5, None]
    digest = hashlib.sha256(pulls.read_bytes()).hexdigest()
    assert [one["github"] for one in told] == [None, None, f"sha256:{digest}", None]


def test_a_history_has_one_name_by_path_and_by_url(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its URL it was named after the folder of the cache that it was cloned to."""
    monkeypatch.setenv("SWE_FEATURES_CACHE", str(tmp_path / "cache"))
    named = []
    for number, place in enumerate((str(history.path), history.path.as_uri())):
        suite = tmp_path / f"{number}.jsonl"
        assert call("mine", MODULE, [place, "-o", str(suite)]) == 0
        named.append(json.loads(suite.read_text().splitlines()[0])["repo"])
    assert named == ["local/repository", "local/repository"]


def test_the_table_is_printed_where_nothing_is_left(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = tmp_path / "suite.jsonl"
    assert mine(history, suite, "--min-files", "9", "--explain") == 2
    shown = capsys.readouterr()
    assert "4  pull requests seen" in shown.out
    assert "-4  touch too few files" in shown.out
    assert "0  instances\n" in shown.out
    assert "--explain" not in shown.err
    assert mine(history, suite, "--min-files", "9") == 2
    assert "see --explain" in capsys.readouterr().err
    assert not suite.exists()


def test_texts_and_states_can_come_from_a_file(
    history: History, tmp_path: Path
) -> None:
    records = [{"number": 1, "title": "Add colours", "body": "Told by the forge."}]
    (tmp_path / "pulls.json").write_text(json.dumps(records))
    output = tmp_path / "suite.jsonl"
    assert mine(history, output, "--github", str(tmp_path / "pulls.json")) == 0
    row = json.loads(output.read_text().splitlines()[0])
    assert (row["title"], row["body"]) == ("Add colours", "Told by the forge.")


def test_two_attempts_that_only_the_forge_titles_alike_are_one(
    history: History, tmp_path: Path
) -> None:
    """The second would have its own answer as context."""
    records = [{"number": number, "title": "Add colours"} for number in (1, 3)]
    (tmp_path / "pulls.json").write_text(json.dumps(records))
    output = tmp_path / "suite.jsonl"
    options = ("--judge", "none", "--github", str(tmp_path / "pulls.json"))
    assert mine(history, output, *options) == 0
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["pr_number"] for row in rows] == [1, 2]


@pytest.mark.parametrize("remote", ["", "/srv/git/owner/name", "file:///srv/o/name"])
def test_the_api_is_not_asked_for_a_name_that_no_forge_gave(
    history: History,
    tmp_path: Path,
    remote: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It was asked for `local/repository`, whose texts would be somebody else's."""
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    if remote:
        history.git("config", "remote.origin.url", remote)
    output = tmp_path / "suite.jsonl"
    assert mine(history, output, "--github", "api") == 2
    said = capsys.readouterr().err
    assert "give --name owner/name" in said
    assert "127.0.0.1" not in said
    assert not output.exists()


def test_an_output_that_stays_empty_names_nothing(
    history: History,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A variable of a shell that was never set was a traceback with --github api."""
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    arguments = [str(history.path), "-o", "", "--github", "api", "--name", "o/n"]
    assert call("mine", "swe_features.commands.mine", arguments) == 2
    assert "an empty path names nothing" in capsys.readouterr().err


def test_a_repository_without_commits_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was told to pass --branch, and had none to pass."""
    new = History(tmp_path / "new")
    assert mine(new, tmp_path / "suite.jsonl") == 2
    said = capsys.readouterr().err
    assert "has no commits yet" in said
    assert "--branch" not in said


def test_mining_twice_writes_the_same(history: History, tmp_path: Path) -> None:
    texts = []
    for name in ("one.jsonl", "two.jsonl"):
        assert mine(history, tmp_path / name) == 0
        texts.append((tmp_path / name).read_text())
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--relate", "magic"], "unknown relation 'magic'"),
        (["--cluster-model", "some/model"], "add --relate cluster"),
        (["--suffixes", ","], "no suffix"),
        (["--min-files", "9"], "no rows to write"),
        (["--branch", "trunk"], "pass --branch"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    history: History,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    said: str,
) -> None:
    assert mine(history, tmp_path / "suite.jsonl", *options) == 2
    message = capsys.readouterr().err
    assert said in message
    assert message.count("\n") == 1


def test_what_is_no_repository_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("mine", MODULE, [str(tmp_path), "-o", str(tmp_path / "s")]) == 2
    assert "not the root of a git repository" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["alone", "owner/two words", ""])
def test_name_that_no_row_may_have_is_refused(
    name: str,
    history: History,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A suite was written that every other command refused."""
    assert mine(history, tmp_path / "suite.jsonl", "--name", name) == 2
    assert f"cannot name a repository {name!r}" in capsys.readouterr().err
    assert not (tmp_path / "suite.jsonl").exists()


def test_clone_without_heads_is_told_what_it_lacks(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An ordinary clone of simonw/llm gives 3 instances, with the heads it is 25."""
    assert mine(history, tmp_path / "suite.jsonl") == 0
    assert "refs/pull/*/head" in capsys.readouterr().err
    history.git("update-ref", "refs/pull/4/head", "HEAD")
    assert mine(history, tmp_path / "suite.jsonl") == 0
    assert capsys.readouterr().err == ""


def test_a_model_that_judges_is_paid_once(
    history: History,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = {"yes": True, "why": "because"}
    verdict = ToolCall(
        "c", "judge", dict.fromkeys(("clear", "feature", "alone"), answer)
    )
    models = [ScriptedModel([Reply("", (verdict,))] * replies) for replies in (1, 2, 0)]
    left = list(models)
    monkeypatch.setattr(
        "swe_features.model_judge.load_model", lambda *_, **__: left.pop(0)
    )
    output = tmp_path / "suite.jsonl"
    statuses = [mine(history, output, "--judge", "a/model") for _ in models]
    assert [len(model.requests) for model in models] == [2, 2, 0]
    assert statuses == [1, 0, 0]
    assert "the script of 'scripted' is over after 1 replies" in capsys.readouterr().err
    assert len(output.read_text().splitlines()) == 3
    kept = (tmp_path / "suite.judgements.jsonl").read_text().splitlines()
    assert [json.loads(line)["number"] for line in kept] == [1, 2, 3]
