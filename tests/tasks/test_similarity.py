import os
import subprocess
import sys
import tracemalloc

import pytest

from tasks.clusters import cluster_pull_requests
from tasks.pull_requests import ChangedFile, FileStatus, PullRequest
from tasks.similarity import similarities, vectorize


def pull_request(number: int, title: str, *names: str) -> PullRequest:
    files = tuple(ChangedFile(name, FileStatus.MODIFIED) for name in names)
    return PullRequest("o/n", number, title, "", "a" * 40, files)


TOPICS = [
    pull_request(1, "Voice recording with a microphone", "voice.py", "args.py"),
    pull_request(2, "Choose the microphone for voice", "voice.py"),
    pull_request(3, "Voice transcription address", "voice.py", "args.py"),
    pull_request(4, "Lint Ruby files", "linter.py", "langs.py"),
    pull_request(5, "Lint rules by language", "linter.py"),
    pull_request(6, "Linter timeout", "linter.py", "args.py"),
]


def test_the_like_are_more_alike_than_the_unlike() -> None:
    rows = list(similarities(vectorize(TOPICS)))
    assert rows[0][1] > rows[0].get(3, 0.0)
    assert rows[3][4] > rows[3].get(1, 0.0)
    assert rows[0][1] == pytest.approx(rows[1][0])
    assert all(0.0 <= value <= 1.0 + 1e-9 for row in rows for value in row.values())


def test_what_says_nothing_is_like_nothing() -> None:
    rows = list(
        similarities(vectorize([pull_request(1, ""), pull_request(2, "the and")]))
    )
    assert rows == [{}, {}]


def test_clusters_follow_the_topics_and_are_the_same_twice() -> None:
    pytest.importorskip("sklearn")
    clustered = cluster_pull_requests(TOPICS)
    names = [one.cluster for one in clustered]
    assert len(set(names[:3])) == len(set(names[3:])) == 1
    assert names[0] != names[3]
    assert "voice" in str(names[0])
    assert cluster_pull_requests(TOPICS) == clustered


def test_the_number_of_clusters_can_be_given() -> None:
    pytest.importorskip("sklearn")
    assert len({p.cluster for p in cluster_pull_requests(TOPICS, clusters=3)}) == 3


def test_two_pull_requests_are_one_cluster() -> None:
    assert len({p.cluster for p in cluster_pull_requests(TOPICS[:2])}) == 1


def test_likeness_does_not_hang_on_the_order_of_a_set() -> None:
    """The order is another one in each process: equal neighbours changed places."""
    code = (
        "from tests.tasks.test_similarity import *\n"
        "names = [f'f{n}/part{n % 7}_thing{n % 5}_word{n}.py' for n in range(60)]\n"
        "many = [pull_request(n, '', *names[n : n + 20]) for n in range(40)]\n"
        "print(list(similarities(vectorize(many))))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1


def test_rows_come_one_by_one() -> None:
    """All of a history's at once were as many as pairs, a gigabyte of pytest's."""
    many = [pull_request(number, "the same words") for number in range(300)]
    vectors = vectorize(many)
    tracemalloc.start()
    assert all(len(row) == 299 for row in similarities(vectors))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_000_000
