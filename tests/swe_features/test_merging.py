import json
import shutil
from functools import partial
from pathlib import Path

import pytest

from swe_features.errors import StoreError
from swe_features.invocation import call
from swe_features.merging import merge_experiments
from swe_features.preparation import prepare
from swe_features.report.content import gather
from swe_features.results import read_experiment
from swe_features.selection import Shard
from swe_features.table import summarise
from tests.swe_features.small_experiment import run_with_student, small_experiment

ARMS = ["sleep-time", "oracle"]


def shard(folder: Path, number: int) -> Path:
    whole = small_experiment(folder, arms=ARMS, budgets=[2])
    part = prepare(whole.config, cache=whole.cache, shard=Shard(number, 2))
    run_with_student(part, folder / f"part-{number}")
    return folder / f"part-{number}"


def test_merged_shards_are_the_whole_experiment(tmp_path: Path) -> None:
    parts = [shard(tmp_path, 1), shard(tmp_path, 2)]
    merged = merge_experiments(tmp_path / "merged", parts, environment={})
    whole = small_experiment(tmp_path, arms=ARMS, budgets=[2])
    assert {cell.cell_id for cell in whole.cells} == set(merged.results)
    assert len(merged.scored) == 6
    for result in merged.scored:
        assert next(iter(merged.trajectory(result)))["data"]["cell_id"]
        assert all(merged.context(key) for key in result.contexts)
    # Nothing is left to do: the whole runs on in the merged directory.
    before = (tmp_path / "merged" / "results.jsonl").read_bytes()
    run_with_student(whole, tmp_path / "merged")
    assert (tmp_path / "merged" / "results.jsonl").read_bytes() == before


def test_a_merged_table_says_what_a_run_says_below_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part, out = shard(tmp_path, 1), tmp_path / "merged"
    words = [str(part), "--out", str(out)]
    assert call("merge", "swe_features.commands.merge", words) == 0
    said = capsys.readouterr().out
    (driver,) = {row.driver for row in read_experiment(part).rows}
    assert f"Sandbox: {driver} (" in said
    assert "Note: The offline model" not in said
    results = part / "results.jsonl"
    results.write_text(results.read_text().replace('"student"', '"offline"'))
    assert call("merge", "swe_features.commands.merge", [*words[:-1], f"{out}-2"]) == 0
    assert "Note: The offline model is no language model" in capsys.readouterr().out


def test_merging_again_adds_nothing(tmp_path: Path) -> None:
    part = shard(tmp_path, 1)
    once = merge_experiments(tmp_path / "merged", [part], environment={})
    again = merge_experiments(tmp_path / "merged", [part, part], environment={})
    assert again.rows == once.rows
    assert len(again.manifest["runs"]) == 1


def test_attempts_of_several_machines_are_all_kept(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["no-context"], budgets=[2])
    for name in ("a", "b"):
        run_with_student(experiment, tmp_path / name)
    merged = merge_experiments(
        tmp_path / "merged", [tmp_path / "a", tmp_path / "b"], environment={}
    )
    assert len(merged.rows) == 6
    assert len({row.trajectory for row in merged.rows}) == 6
    assert len(merged.results) == 3


def test_newest_score_counts_whatever_is_merged_first(tmp_path: Path) -> None:
    """The last row of the file won, and so the part that was named last."""
    experiment = small_experiment(tmp_path, arms=["oracle"])
    older, newer = tmp_path / "older", tmp_path / "newer"
    run_with_student(experiment, older)
    run_with_student(experiment, newer)
    expected = {row.finished_at for row in read_experiment(newer).rows}
    for name, parts in {"a": [older, newer], "b": [newer, older]}.items():
        merged = merge_experiments(tmp_path / name, parts, environment={})
        assert {row.finished_at for row in merged.results.values()} == expected


def test_cell_of_older_code_is_neither_counted_twice_nor_missing(
    tmp_path: Path,
) -> None:
    """A report said that all of them were missing, and the table averaged both."""
    part = shard(tmp_path, 1)
    other = tmp_path / "other"
    shutil.copytree(part, other)
    for name in ("plan.json", "results.jsonl"):
        text = (other / name).read_text()
        for cell in read_experiment(part).plan.cells:
            text = text.replace(cell.cell_id, f"new{cell.cell_id[3:]}")
        text = text.replace('"finished_at": "20', '"finished_at": "99')
        (other / name).write_text(text)
    merged = merge_experiments(tmp_path / "merged", [part, other], environment={})
    planned = [cell.cell_id for cell in merged.plan.cells]
    assert set(planned) == set(merged.results)
    assert all(cell_id.startswith("new") for cell_id in planned)
    assert len(merged.rows) == 2 * len(planned)
    rows = summarise(merged.plan.cells, merged.results)
    assert {(row.scored, row.missing) for row in rows} == {(len(planned) // 2, 0)}
    counts = gather(merged, is_quick=True).overview["counts"]
    assert counts["scored"] == counts["planned"] == len(planned)


def test_killed_merge_leaves_no_half_file_and_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A torn context was "no JSON" ever after, and a torn trajectory stayed torn."""
    part, copy = shard(tmp_path, 1), shutil.copyfile
    todo = sorted(p.name for p in (part / "contexts").iterdir())

    def tear(torn: str, source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:20])
        if source.name == torn:
            raise KeyboardInterrupt
        copy(source, target)

    for name in todo:
        monkeypatch.setattr(shutil, "copyfile", partial(tear, name))
        with pytest.raises(KeyboardInterrupt):
            merge_experiments(tmp_path / "merged", [part], environment={})
    monkeypatch.undo()
    merge_experiments(tmp_path / "merged", [part], environment={})
    for name in todo:
        content = (part / "contexts" / name).read_bytes()
        assert (tmp_path / "merged" / "contexts" / name).read_bytes() == content


@pytest.mark.parametrize(
    ("arm", "settings", "told"),
    [
        ("no-context", {"limits": {"seconds": 900}}, "limits"),
        ("no-context", {"model_options": {"temperature": 1}}, "model_options"),
        ("sleep-time", {"sleep_steps": 2}, "sleep_steps"),
        ("sleep-time", {"localizer": False}, "localizer"),
    ],
)
def test_settings_that_no_row_tells_may_not_differ(
    arm: str, settings: dict[str, object], told: str, tmp_path: Path
) -> None:
    """Their cells were averaged without a word."""
    one, other = tmp_path / "one", tmp_path / "other"
    run_with_student(small_experiment(tmp_path, arms=[arm], budgets=[2]), one)
    run_with_student(
        small_experiment(tmp_path, arms=[arm], budgets=[2], **settings), other
    )
    with pytest.raises(StoreError, match=f"run with other {told}: merge parts of one"):
        merge_experiments(tmp_path / "m", [one, other], environment={})
    merge_experiments(tmp_path / "m", [one], environment={})
    with pytest.raises(StoreError, match=f"run with other {told}: merge parts of one"):
        merge_experiments(tmp_path / "m", [other], environment={})


def test_settings_may_differ_where_they_decide_nothing(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, arms=["no-context"], budgets=[2])
    run_with_student(experiment, tmp_path / "a")
    others: dict[str, dict[str, object]] = {
        "b": {"model": "tutor", "limits": {"seconds": 900}},
        "c": {"sleep_steps": 2, "workers": 1, "model_options": {"retries": 1}},
    }
    for name, settings in others.items():
        other = small_experiment(tmp_path, arms=["no-context"], budgets=[2], **settings)
        run_with_student(other, tmp_path / name)
    parts = [tmp_path / name for name in "abc"]
    merged = merge_experiments(tmp_path / "m", parts, environment={})
    assert {row.model for row in merged.scored} == {"student", "tutor"}


def test_parts_of_another_suite_are_refused(tmp_path: Path) -> None:
    part = shard(tmp_path, 1)
    manifest = json.loads((part / "manifest.json").read_text())
    manifest["suite"]["digest"] = "0" * 64
    (tmp_path / "other").mkdir()
    for name in ("plan.json", "results.jsonl"):
        (tmp_path / "other" / name).write_bytes((part / name).read_bytes())
    (tmp_path / "other" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(StoreError, match="another suite"):
        merge_experiments(tmp_path / "m", [part, tmp_path / "other"], environment={})


def test_same_name_for_something_else_is_refused(tmp_path: Path) -> None:
    part = shard(tmp_path, 1)
    merge_experiments(tmp_path / "merged", [part], environment={})
    result = next(r for r in read_experiment(part).scored if r.context)
    path = part / "contexts" / f"{result.context}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "text": "else"}))
    with pytest.raises(StoreError, match="learned the same apart"):
        merge_experiments(tmp_path / "merged", [part], environment={})


def test_nothing_to_merge_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing to merge"):
        merge_experiments(tmp_path / "m", [], environment={})
    with pytest.raises(StoreError, match="holds no experiment"):
        merge_experiments(tmp_path / "m", [tmp_path], environment={})
