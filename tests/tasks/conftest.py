"""What the tests of tasks share: a repository of their own."""

from pathlib import Path

import pytest

from tests.tasks.histories import History


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "repository")
