import pytest

import swe_features


@pytest.mark.parametrize("name", swe_features.__all__)
def test_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(swe_features, name).__doc__


def test_public_names_are_listed() -> None:
    assert set(swe_features.__all__) <= set(dir(swe_features))


def test_other_names_are_missing_as_usual() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = swe_features.nothing
