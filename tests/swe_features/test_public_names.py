import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import swe_features
from swe_features.merging import merge_experiments
from swe_features.session import run_experiment
from tasks.demo import build_demo
from tasks.obtaining import cache_folder

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"


@pytest.mark.parametrize("name", swe_features.__all__)
def test_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(swe_features, name).__doc__


def test_public_names_are_listed() -> None:
    assert set(swe_features.__all__) <= set(dir(swe_features))


def test_other_names_are_missing_as_usual() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = swe_features.nothing


@pytest.mark.parametrize("function", [run_experiment, merge_experiments, cache_folder])
def test_a_signature_does_not_print_the_environment(
    function: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`os.environ` was a default value, which `help` shows with every key in it."""
    monkeypatch.setenv("SOME_API_KEY", "value-of-a-key")
    assert "value-of-a-key" not in str(inspect.signature(function))


@pytest.mark.skipif(not PAGE.exists(), reason="the wheel has no docs")
def test_the_page_for_python_names_what_is_public() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [n for n in swe_features.__all__ if not re.search(rf"\b{n}\b", page)] == []


@pytest.mark.skipif(not PAGE.exists(), reason="the wheel has no docs")
def test_the_blocks_of_the_page_for_python_run_as_one_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("path/to").mkdir(parents=True)
    Path("path/to/clone").symlink_to(build_demo(tmp_path / "demo").repository)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.S | re.M)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert len(blocks) == 4
    shown = capsys.readouterr().out
    scored = re.search(r"^(\d+) of (\d+) cells scored, 0 broken$", shown, re.M)
    assert scored is not None
    assert scored[1] == scored[2] != "0"
    assert re.search(r"^0\.\d\d \S+\.py ", shown, re.M)
