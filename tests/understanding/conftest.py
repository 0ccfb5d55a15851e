import pytest

from bot.understanding import Screen


@pytest.fixture(scope="session")
def screen() -> Screen:
    """The phrases alone, from the real lists."""
    return Screen()
