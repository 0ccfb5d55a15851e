"""With storage gone nothing tells to which dialog a button belongs: those of somebody who may be in danger
are known by what they carry.
"""

import pytest

from bot import sessions, sos
from bot.inbound import Inbound, Pressed
from bot.rows import Session
from tests.crisis.clinic import DIE, PULL, SHAKES, Ward

USE_IN_A_CHECK_IN = ("/checkin", "5", "3", "yes")
SCENES: dict[str, tuple[str, ...]] = {
    "ASQ": (DIE,),
    "ASQ, half answered": (DIE, "[No]", "no"),
    "one question": (SHAKES,),
    "what was left of it": (DIE, "/menu"),
    "a plan": ("/plan", "[o:plan:make]"),
    "a line of it": ("/plan", "[o:plan:make]", "call Kim", "/menu", "/plan"),
    "use": ("/sos", "[o:sos:used]", "[I feel okay]"),
    "what comes in between": ("/sos", "[o:sos:used]", PULL),
    "use in a check-in": (*USE_IN_A_CHECK_IN, "[I feel okay]"),
    "what comes in between there": (*USE_IN_A_CHECK_IN, PULL),
    "a check-in that was left there": (*USE_IN_A_CHECK_IN, "/menu"),
    "and begun again": (*USE_IN_A_CHECK_IN, "/checkin"),
    "a craving": ("/sos", "[o:sos:craving]", "[6]"),
}


@pytest.mark.parametrize("scene", SCENES)
async def test_every_button_of_a_question_about_danger_is_known_by_itself(
    small_ward: Ward, scene: str
) -> None:
    """Under the question, under its answer, and wherever else it is gone on with."""
    sam = await small_ward.enrol(evening=None)
    before = 0
    for act in SCENES[scene]:
        before = await small_ward._newest()
        await (small_ward.presses(sam, act[1:-1]) if act[0] == "[" else small_ward.says(sam, act))
    assert await unknown(small_ward, sam, before) == []


async def test_so_is_what_offers_hours_later_to_go_on(small_ward: Ward) -> None:
    sam = await small_ward.enrol(evening=None)
    await small_ward.says(sam, "/thought")
    await small_ward.says(sam, DIE)
    for _ in range(4):
        await small_ward.presses(sam, "No")
    before = await small_ward._newest()
    assert [text for _ in range(4) for text in await small_ward.passes(sam, 60)]
    assert await unknown(small_ward, sam, before) == []


async def test_a_process_of_before_reads_a_button_with_a_mark(small_ward: Ward) -> None:
    """While a release rolls out, it takes the number behind it for what it is."""
    sam = await small_ward.enrol(evening=None)
    await small_ward.says(sam, DIE)
    (session,) = await small_ward.do(lambda unit: unit.find(Session, patient_id=sam))
    code = sessions.code(session, "asq_wished")
    assert code.startswith(sessions.MARK)
    assert int(code, 16) == session.id


async def unknown(ward: Ward, id: int, since: int) -> list[str]:
    """Buttons of questions, and of what goes on with them, that would be silent with storage gone."""
    rows = await ward.queued(patient_id=id, id__gt=since)
    every = [data for row in rows for line in (row.body or {}).get("buttons", ()) for _, data in line]
    asked = [data for data in every if data.startswith(("a:", "n:", "o:resume:"))]
    assert asked
    pressed = [Inbound(b"key", 1, 1, ward.now, Pressed(data, "c"), None) for data in asked]
    return [data for data, one in zip(asked, pressed, strict=True) if not sos.wants_help(ward.program, one)]
