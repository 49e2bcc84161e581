from tasks.candidates import Threshold, select_candidates
from tasks.mining import find_pull_requests
from tasks.neighbours import relate_nearest
from tasks.repository import Repository
from tests.tasks.histories import History


def test_the_nearest_of_the_past_are_related(history: History) -> None:
    history.add({"voice.py": "", "lint.py": "", "z.py": ""})
    history.add({"lint.py": "1"}, "Lint Ruby (#1)")
    history.add({"voice.py": "1"}, "Record voice (#2)")
    history.add({"voice.py": "2"}, "Choose microphone for voice (#3)")
    history.add({"voice.py": "3"}, "Voice again (#4)")
    history.add({"z.py": "4"}, "Unrelated matters (#5)")
    repository = Repository.open(history.path)
    found = find_pull_requests(repository)
    threshold = Threshold(1, (".py",))
    rows = select_candidates(repository, found.drafts, "o/n", threshold).pull_requests

    related = relate_nearest(rows, rows, repository, tip=found.tip, count=2)

    chosen = {row.pr_number: row.extra["related_prs"] for row in related}
    assert chosen[3][0] == 2
    assert 4 not in chosen[3]
    assert sorted(chosen[4]) == [2, 3]
    assert chosen[1] == []
    assert 1 not in chosen[5]
