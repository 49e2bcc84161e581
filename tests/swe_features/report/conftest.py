"""What the tests of reports share: experiments that nobody ran."""

from pathlib import Path

import pytest

from swe_features.report.content import ReportContent, gather
from swe_features.results import StoredExperiment, read_experiment
from tests.swe_features.report.made_experiment import HOSTILE, make_experiment


@pytest.fixture(scope="session")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> StoredExperiment:
    return read_experiment(make_experiment(tmp_path_factory.mktemp("made") / "run"))


@pytest.fixture(scope="session")
def content(experiment: StoredExperiment) -> ReportContent:
    return gather(experiment)


@pytest.fixture(scope="session")
def hostile_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "run"
    return make_experiment(folder, text=HOSTILE, name=HOSTILE)
