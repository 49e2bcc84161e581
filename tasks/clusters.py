"""Group a repository's pull requests by what they are about.

The paper has a language model do it (arXiv 2504.13171, appendix D). Here likeness of
words, paths and changed files is clustered from the bottom up with average linkage; of
the possible numbers of clusters, the one with the best silhouette is taken. The same
pull requests give the same clusters.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tasks.errors import SuiteError
from tasks.pull_requests import PullRequest
from tasks.similarity import Vector, similarities, vectorize

__all__ = ["cluster_pull_requests"]

_SMALLEST = 3
"""Fewer pull requests are not worth splitting."""
_TRIED = 24
"""Numbers of clusters that are compared, spread evenly."""
_LIKELY_SIZE = 2
"""Clusters have at least this many members on average."""
_NAME_WORDS = 3


def cluster_pull_requests(
    pull_requests: Sequence[PullRequest], *, clusters: int | None = None
) -> tuple[PullRequest, ...]:
    """Give each pull request the name of its cluster.

    Args:
        pull_requests: Of one repository.
        clusters: How many; None chooses.

    Raises:
        SuiteError: scikit-learn is not installed.
    """
    vectors = vectorize(pull_requests)
    if len(pull_requests) < _SMALLEST:
        labels = [0] * len(pull_requests)
    else:
        labels = _label(_distances(vectors), clusters)
    names = _name(labels, vectors)
    return tuple(
        replace(pull_request, cluster=names[label])
        for pull_request, label in zip(pull_requests, labels, strict=True)
    )


def _distances(vectors: Sequence[Vector]) -> npt.NDArray[np.float64]:
    distances = np.ones((len(vectors), len(vectors)))
    for place, row in enumerate(similarities(vectors)):
        for other, likeness in row.items():
            distances[place, other] = max(0.0, 1.0 - likeness)
        distances[place, place] = 0.0
    return (distances + distances.T) / 2


def _label(distances: npt.NDArray[np.float64], clusters: int | None) -> list[int]:
    try:
        # Takes most of a second, and a suite that is only read never needs it.
        from sklearn.cluster import AgglomerativeClustering  # noqa: PLC0415
        from sklearn.metrics import silhouette_score  # noqa: PLC0415
    except ModuleNotFoundError as error:
        message = (
            "clustering needs scikit-learn: pip install 'swe-features[mining]', or "
            "relate by --relate nearest"
        )
        raise SuiteError(message) from error
    count = len(distances)
    most = max(2, count // _LIKELY_SIZE)
    tried = sorted({int(n) for n in np.linspace(2, most, _TRIED)})
    wanted = [min(clusters, count)] if clusters else tried
    best: tuple[float, list[int]] = (-2.0, [0] * count)
    for number in wanted:
        model = AgglomerativeClustering(
            n_clusters=number, metric="precomputed", linkage="average"
        )
        labels = model.fit_predict(distances)
        if 1 < len(set(labels)) < count:
            score = float(silhouette_score(distances, labels, metric="precomputed"))
        else:
            score = -1.0
        best = max(best, (score, [int(label) for label in labels]))
    return best[1]


def _name(labels: Sequence[int], vectors: Sequence[Vector]) -> dict[int, str]:
    """Name each cluster by the words that its members share most, each name once."""
    names: dict[int, str] = {}
    for label in sorted(set(labels)):
        total: dict[str, float] = {}
        for own, vector in zip(labels, vectors, strict=True):
            if own == label:
                for term, share in vector.items():
                    if term.startswith("word:"):
                        total[term] = total.get(term, 0.0) + share
        top = sorted(total, key=lambda term: (-total[term], term))[:_NAME_WORDS]
        readable = "-".join(term.removeprefix("word:") for term in top) or "unnamed"
        names[label] = f"{label:02d}-{readable}"
    return names
