"""Where the bot only asks, a question follows and its answer decides; where none can, none is promised."""

import pytest

from bot.concerns import Category, Concern, Level
from bot.hours import DutyHours
from bot.rows import Flag, Session, Staff, Standing
from tests.crisis.clinic import BURDEN, DIE, HEARD, NOW, Ward
from tests.crisis.test_honest_words import writes

BELOW = "I'll ask right below"
WISHED = "have you wished you were dead?"
SAFE = "Are you safe right now?"
BEATEN = "he gets so loud lately"


@pytest.fixture(autouse=True)
def abuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HEARD, BEATEN, Concern(Level.WATCH, Category.ABUSE, BEATEN, ask=True))


async def enrolling(ward: Ward) -> int:
    """Somebody with the first question of enrolment open."""
    sam = await ward.enrol(standing=Standing.INVITED)
    await ward.send(sam, "/start")
    return sam


async def test_before_consent_one_question_is_asked_by_button_and_its_answer_decides(ward: Ward) -> None:
    sam = await enrolling(ward)
    card, question = await ward.says(sam, BURDEN)
    assert BELOW in card
    assert "the counselor who invited you" in card
    assert "not your words" in card
    assert SAFE in question
    assert WISHED not in question
    assert await ward.rules(sam) == [("crisis", Level.WATCH)]
    (told, *_) = await ward.presses(sam, "No")
    assert "911" in told
    assert "As we agreed" not in told
    assert ("safety", Level.EMERGENCY) in await ward.rules(sam)
    assert "🛟 Make a safety plan" not in await ward.buttons(sam)
    await ward.presses(sam, "I'm safe for now")
    assert any(label.startswith("▶️ Go on") for label in await ward.buttons(sam))


@pytest.mark.parametrize(
    ("typed", "level"), [("no", Level.EMERGENCY), ("I'd rather not say", Level.URGENT), ("yes", None)]
)
async def test_a_typed_answer_before_consent_decides_too(
    small_ward: Ward, typed: str, level: Level | None
) -> None:
    sam = await enrolling(small_ward)
    await small_ward.says(sam, BURDEN)
    await small_ward.says(sam, typed)
    assert [found for rule, found in await small_ward.rules(sam) if rule == "safety"] == (
        [level] if level else []
    )
    offered = any(label.startswith("▶️ Go on") for label in await small_ward.buttons(sam))
    assert offered == (level is None)


async def test_before_consent_silence_is_a_refusal_and_urgent(ward: Ward) -> None:
    sam = await enrolling(ward)
    await ward.says(sam, BURDEN)
    (told,) = await ward.passes(sam, 15)
    assert "the counselor who invited you" in told
    assert ("no_answer", Level.URGENT) in await ward.rules(sam)


async def test_before_consent_going_on_with_enrolment_is_no_answer(small_ward: Ward) -> None:
    sam = await enrolling(small_ward)
    await small_ward.says(sam, BURDEN)
    await small_ward.send(sam, "/start")
    await small_ward.passes(sam, 15)
    assert ("no_answer", Level.URGENT) in await small_ward.rules(sam)


async def test_it_is_asked_of_somebody_who_left_enrolment_too(small_ward: Ward) -> None:
    sam = await small_ward.enrol(standing=Standing.INVITED)
    _, question = await small_ward.says(sam, BURDEN)
    assert SAFE in question


@pytest.mark.parametrize("standing", [Standing.DISCHARGED, Standing.DECLINED, None])
async def test_whom_no_question_follows_for_is_promised_none(
    small_ward: Ward, standing: Standing | None
) -> None:
    if standing is None:
        (card,) = await writes(small_ward, 7777, BURDEN)
    else:
        sam = await small_ward.enrol(standing=standing)
        (card,) = await small_ward.says(sam, BURDEN)
    assert BELOW not in card
    assert "?" not in card
    assert "A line: 1-800" in card


async def test_asked_again_within_the_hour_one_question_still_follows(ward: Ward) -> None:
    """Four answers stand, and new words are new: one short question, not all four again."""
    sam = await ward.enrol()
    await ward.says(sam, BURDEN)
    for _ in range(4):
        await ward.presses(sam, "No")
    await ward.sees(sam)
    card, question = await ward.says(sam, BURDEN)
    assert BELOW in card
    assert SAFE in question
    await ward.presses(sam, "Yes")
    line, again = await ward.says(sam, BURDEN)
    assert "added it" in line
    assert SAFE in again
    await ward.passes(sam, 15)
    assert ("no_answer", Level.URGENT) in await ward.rules(sam)


async def test_within_an_open_emergency_nothing_is_asked_and_nothing_promised(small_ward: Ward) -> None:
    sam = await small_ward.enrol()
    await small_ward.says(sam, NOW)
    (line,) = await small_ward.says(sam, BEATEN)
    assert "added it" in line
    assert await small_ward.do(lambda unit: unit.count(Session, patient_id=sam)) == 0


async def test_another_danger_within_an_open_alert_is_asked_about(small_ward: Ward) -> None:
    sam = await small_ward.enrol()
    await small_ward.says(sam, DIE)
    card, question = await small_ward.says(sam, BEATEN)
    assert BELOW in card
    assert "Are you in danger right now where you are?" in question


@pytest.mark.parametrize(
    ("hours", "said"),
    [("always", "I'm telling your team that I asked"), ("tue-fri 09:00-17:00", "when they are next on duty")],
)
async def test_when_the_team_hears_that_it_asked_is_said_as_it_is(
    small_ward: Ward, hours: str, said: str
) -> None:
    small_ward.set_hours(DutyHours.read(hours))
    sam = await small_ward.enrol()
    card = (await small_ward.says(sam, BURDEN))[0]
    assert said in card
    assert (await small_ward.rung(sam) == 1) == (hours == "always")


async def test_the_team_reads_that_it_only_asked(small_ward: Ward) -> None:
    sam = await small_ward.enrol()
    await small_ward.says(sam, BURDEN)
    (flag,) = await small_ward.flags(sam)
    (alert,) = await small_ward.queued(flag_id=flag.id)
    assert alert.body is not None
    assert "Asked about thoughts of suicide" in alert.body["text"]
    jo = await small_ward.enrol()
    await small_ward.says(jo, DIE)
    (sure,) = await small_ward.do(lambda unit: unit.find(Flag, patient_id=jo))
    (alert,) = await small_ward.queued(flag_id=sure.id)
    assert alert.body is not None
    assert "Words in the chat that point to thoughts of suicide" in alert.body["text"]


async def test_where_nobody_can_be_reached_the_question_comes_and_nobody_is_promised(
    small_ward: Ward,
) -> None:
    sam = await small_ward.enrol()
    await small_ward.do(lambda unit: [unit.change(one, blocked_at=unit.now) for one in unit.find(Staff)])
    card, question = await small_ward.says(sam, BURDEN)
    assert "can't reach anyone" in card
    assert "your team" not in card.replace("anyone on your team", "")
    assert "?" not in card
    assert WISHED in question
