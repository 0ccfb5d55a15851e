"""Two delivered check-ins in a row that nobody answered: the counselor is told once."""

from datetime import datetime

from bot.nudges import Kind
from bot.rows import Flag, Nudge, Outgoing, Sending
from bot.unit import Unit
from tests.reminders.clinic import DAY, Clinic, utc

SEVEN = utc("2026-03-03T00:00")
"""19:00 in New York on the Monday on which these tests begin."""


async def evening(clinic: Clinic, days: int, *, delivered: bool = True) -> None:
    """The evening of a day has come, and what it asked went out (or waits still)."""

    def sent(unit: Unit) -> None:
        for row in unit.find(Outgoing, state=Sending.QUEUED):
            unit.change(row, state=Sending.SENT, sent_at=unit.now)

    clinic.clock.set(SEVEN + days * DAY)
    await clinic.tick()
    if delivered:
        await clinic.do(sent)


async def raised(clinic: Clinic) -> list[datetime]:
    flags = await clinic.do(lambda unit: unit.find(Flag, rule="unanswered"))
    return [flag.at for flag in flags]


async def test_two_unanswered_check_ins_raise_one_flag(clinic: Clinic) -> None:
    await clinic.enrol(evening="19:00")
    for day in (0, 1):
        await evening(clinic, day)
        assert await raised(clinic) == []
    await evening(clinic, 2)
    await evening(clinic, 3)
    assert await raised(clinic) == [SEVEN + 2 * DAY]


async def test_an_answer_between_them_ends_the_silence(clinic: Clinic) -> None:
    sam = await clinic.enrol(evening="19:00")
    await evening(clinic, 0)
    await evening(clinic, 1)
    await clinic.check_in(sam)
    await evening(clinic, 2)
    assert await raised(clinic) == []


async def test_what_never_went_out_was_not_left_unanswered(clinic: Clinic) -> None:
    await clinic.enrol(evening="19:00")
    await evening(clinic, 0)
    await evening(clinic, 1, delivered=False)
    await evening(clinic, 2)
    kinds = [nudge.kind for nudge in await clinic.do(lambda unit: unit.find(Nudge))]
    assert kinds == [Kind.EVENING] * 3
    assert await raised(clinic) == []
