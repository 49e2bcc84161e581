"""What the localizer's tests share: a project with a past, and what it taught."""

from pathlib import Path

import pytest

from agent.localizer.learning import learn
from agent.localizer.localizer import Localizer
from tests.agent.localizer.pasts import shop


@pytest.fixture(scope="session")
def shop_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shop(tmp_path_factory.mktemp("shop") / "repository").write()


@pytest.fixture(scope="session")
def shop_localizer(shop_repository: Path) -> Localizer:
    return learn(shop_repository)
