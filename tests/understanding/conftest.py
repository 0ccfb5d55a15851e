import pytest

from bot.understanding import Hearing, Screen


@pytest.fixture(scope="session")
def screen() -> Screen:
    """The phrases alone, from the real lists."""
    return Screen()


@pytest.fixture(scope="session")
def hearing(screen: Screen) -> Hearing:
    """Phrases and model."""
    hearing = Hearing(screen=screen)
    assert hearing.load(), hearing.problem
    return hearing
