from pathlib import Path

from tasks.paper_suite import build_paper_suite, paper_entries
from tests.tasks.histories import History


def test_the_papers_numbers_are_all_there() -> None:
    entries = paper_entries()
    by_repo = [entry.repo for entry in entries]
    assert by_repo.count("comfyanonymous/ComfyUI") == 15
    assert by_repo.count("Aider-AI/aider") == 19  # one more than the paper counts
    assert sum(entry.printed_base is not None for entry in entries) == 6
    assert len({(entry.repo, entry.number) for entry in entries}) == len(entries)


def test_each_number_is_found_or_it_is_said_why_not(tmp_path: Path) -> None:
    history = History(tmp_path / "clones" / "Aider-AI+aider")
    files = ("a.py", "b.py", "c.py")
    base = history.add(dict.fromkeys(files, "one\n"))
    history.git("checkout", "-q", "--detach")
    head = history.add(dict.fromkeys(files, "two\n"), "Add a review command")
    history.git("update-ref", "refs/pull/2866/head", head)
    history.git("checkout", "-q", "main")
    history.git("checkout", "-q", "--detach")
    small = history.add({"a.py": "three\n"}, "A small thing")
    history.git("update-ref", "refs/pull/1217/head", small)
    history.git("checkout", "-q", "main")

    findings = {f.entry.number: f for f in build_paper_suite(tmp_path / "clones")}

    found = findings[2866].row
    assert found is not None
    assert (found.base_commit, found.cluster) == (base, "Third Party Integration")
    assert any("too small" in note for note in findings[1217].notes)
    assert findings[10].row is None
    assert findings[10].notes == (
        "no commit and no refs/pull/10/head: such a number is not there",
    )
    assert findings[5293].notes == (
        f"there is no clone of comfyanonymous/ComfyUI in {tmp_path / 'clones'}",
    )
