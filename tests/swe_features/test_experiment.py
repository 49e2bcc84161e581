from pathlib import Path

import pytest

from swe_features.arms import choose_arms
from swe_features.errors import ConfigError
from swe_features.experiment import ExperimentConfig, find_config, load_config


def test_nothing_named_is_the_demo() -> None:
    config = find_config(None)
    assert (config.name, config.suite, config.model) == ("demo", None, "offline")


def test_rows_are_a_suite_with_default_settings() -> None:
    config = find_config("some/rows.jsonl")
    assert (config.name, config.suite) == ("rows", Path("some/rows.jsonl"))


def test_paths_of_a_file_are_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "suite: rows.jsonl\n"
        "record: requests\n"
        "repositories: {o/n: ../repo, o/far: 'https://example.org/far.git',"
        " o/ssh: 'ann@example.org:far.git'}\n"
        "budgets: [8, 2, 8]\n"
    )
    config = load_config(file)
    assert config.name == "mine"
    assert config.suite == tmp_path / "rows.jsonl"
    assert config.record == tmp_path / "requests"
    assert config.repositories["o/n"] == str(tmp_path / "../repo")
    assert config.repositories["o/far"] == "https://example.org/far.git"
    assert config.repositories["o/ssh"] == "ann@example.org:far.git"
    assert config.budgets == (8, 2)


def test_whole_paths_are_those_of_this_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node of a cluster recorded into a folder of its own, or found no recording."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clone").mkdir()
    config = ExperimentConfig(
        suite=Path("rows.jsonl"),
        repositories={"o/n": "clone", "o/far": "https://example.org/far.git"},
        record=Path("requests"),
    ).with_whole_paths()
    assert (config.suite, config.record, config.replay) == (
        tmp_path / "rows.jsonl",
        tmp_path / "requests",
        None,
    )
    assert config.repositories == {
        "o/n": str(tmp_path / "clone"),
        "o/far": "https://example.org/far.git",
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("budgetss: [2]", "unknown setting 'budgetss': did you mean 'budgets'"),
        ("budgets: [0]", "budgets.0 cannot be 0: .* greater than or equal to 1"),
        ("budgets: [1" + 23 * "0" + "]", "budgets.0 cannot be 1000.* less than"),
        ("budgets: [true]", "budgets cannot be .True.: write a whole number"),
        ("seeds: true", "seeds cannot be True: write a whole number"),
        ("learned_context_tokens: 1" + 20 * "0", "cannot be 1000.* less than"),
        ("budgets: 4", "budgets cannot be 4: write a list"),
        ("budgets: [few]", "budgets.0 cannot be 'few': write a whole number"),
        ("budgets: []", "one or more"),
        ("arms: []", "at least one arm"),
        ("sandbox: moon", "sandbox cannot be 'moon'"),
        ("seeds: 0", "seeds cannot be 0"),
        ("limits: {second: 3}", "unknown setting 'second': did you mean 'seconds'"),
        ("limits: {seconds: -3}", "limits.seconds cannot be -3"),
        ("limits: 3", "limits cannot be 3"),
        ("limits: {seconds: .inf}", "limits.seconds cannot be inf: .* finite"),
        ("sleep_limits: {cost_usd: .nan}", "cost_usd cannot be nan: .* finite"),
        ("model_options: {temperature: .inf}", "model_options cannot be .* finite"),
        ("model_options: {stop: 2020-01-01}", "model_options cannot be .* texts"),
        ("seeds: 2020-13-45", "is no YAML: month must be in 1"),
        ("seeds: !!bool 3", "is no YAML: '3'"),
        ("seeds: !!timestamp then", "is no YAML: "),
        ("[" * 100_000, "is no YAML: its brackets are too deep"),
        ("- a", "holds no settings"),
        ("a: [", "is no YAML: line 1: "),
        ("seeds: 1\narms: [oracle]\nseeds: 2", "line 3: 'seeds' is written twice"),
        ("limits: {seconds: 1, seconds: 2}", "line 1: 'seconds' is written twice"),
    ],
)
def test_wrong_settings_are_one_line(text: str, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=complaint) as caught:
        load_config(file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["../../evil", "/evil", "in/side", "in\\side", "..", ".", "", " "]
)
def test_name_that_leads_out_of_the_folder_of_runs_is_refused(
    name: str, tmp_path: Path
) -> None:
    """`name: ../../evil` wrote there."""
    file = tmp_path / "mine.yaml"
    file.write_text(f"name: {name!r}\n")
    with pytest.raises(ConfigError, match=r"name cannot be .*: it names a folder"):
        load_config(file)


def test_rows_whose_name_is_no_folder_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"name cannot be '\.\.'"):
        find_config("...jsonl")


def test_a_file_may_be_named_by_a_text(tmp_path: Path) -> None:
    """'is no YAML: str object has no attribute read_text' was the answer."""
    file = tmp_path / "mine.yaml"
    file.write_text("budgets: [2]\n")
    assert load_config(str(file)) == load_config(file)


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_bytes(b"name: \xff\n")
    with pytest.raises(ConfigError, match="is no YAML: 'utf-8' codec"):
        load_config(file)


def test_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        load_config(tmp_path / "none.yaml")


def test_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(ConfigError, match="no experiment 'figure-99'"):
        find_config("figure-99")


def test_options_win_over_the_file_and_none_leaves_it() -> None:
    config = ExperimentConfig(seeds=3, budgets=(2,))
    changed = config.with_options(seeds=None, budgets=["4", "6"])
    assert (changed.seeds, changed.budgets) == (3, (4, 6))


def test_options_are_checked_too() -> None:
    with pytest.raises(ConfigError, match="options: workers cannot be 0"):
        ExperimentConfig().with_options(workers=0)


@pytest.mark.parametrize(
    "name",
    [
        "figure-11",
        "k-scaling",
        "amortisation",
        "pass-at-k",
        "predictability",
        "context-only",
    ],
)
def test_packaged_experiments_have_known_arms_and_controls(name: str) -> None:
    config = find_config(name)
    arms = choose_arms(config.arms)
    assert config.name == name
    assert {"sleep-time", "oracle"} <= {arm.name for arm in arms}
    assert config.suite is None
