"""After the card: what is asked, what waits, what silence means, and what a person may say to it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import vigils
from bot.concerns import Category, Concern, Level
from bot.hours import DutyHours
from bot.inbound import Edited, Said
from bot.rows import Answer, Audit, Message, Reminder, SessionState, Standing
from bot.store.database import Store
from tests.crisis.clinic import BURDEN, DIE, HEARD, HURT, NOW, PULL, SHAKES, Ward, everything

WISHED = "In the past few weeks, have you wished you were dead?"


async def test_the_card_comes_first_and_asq_after_it(ward: Ward) -> None:
    sam = await ward.enrol()
    card, question = await ward.says(sam, DIE)
    assert "nobody has confirmed reading it yet" in card
    assert WISHED in question


@pytest.mark.parametrize(
    ("said", "asked"),
    [(DIE, WISHED), (HURT, WISHED), (BURDEN, WISHED), (SHAKES, "seizure, confusion"), (NOW, None)],
)
async def test_each_danger_is_asked_about_in_its_own_way_and_an_emergency_is_not(
    small_ward: Ward, said: str, asked: str | None
) -> None:
    sam = await small_ward.enrol()
    shown = await small_ward.says(sam, said)
    assert len(shown) == (2 if asked else 1)
    assert asked is None or asked in shown[1]


async def test_the_open_dialog_keeps_the_words_waits_and_is_offered_again_hours_later(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, "/checkin")
    await ward.says(sam, DIE)
    (check_in,) = await ward.sessions(sam, "check_in")
    assert check_in.state == SessionState.ASIDE
    kept = await ward.do(lambda unit: unit.find(Message, patient_id=sam))
    assert [row.text for row in kept] == [DIE]
    for _ in range(4):
        await ward.presses(sam, "No")
    assert await ward.passes(sam, 60) == []
    (offered,) = await ward.passes(sam, 125)
    assert "something else came first" in offered
    assert "How is your mood" in (await ward.presses(sam, "▶️ Go on"))[-1]


async def test_what_was_finished_meanwhile_is_not_offered_again(small_ward: Ward) -> None:
    sam = await small_ward.enrol(evening=None)
    await small_ward.says(sam, "/checkin")
    await small_ward.says(sam, NOW)
    await small_ward.presses(sam, "I'm safe for now")
    await small_ward.presses(sam, "▶️ Go on")
    await small_ward.presses(sam, "Stop here")
    assert await small_ward.passes(sam, 200) == []


async def test_more_of_the_same_gets_one_line_and_leaves_the_question_open(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, DIE)
    await ward.presses(sam, "Yes")
    ward.hearing = everything
    (line,) = await ward.says(sam, HURT)
    assert "added it" in line
    assert "been having thoughts about killing yourself" in (await ward.says(sam, "yes"))[-1]
    assert len(await ward.sessions(sam, "asq")) == 1


async def test_an_emergency_sets_even_safety_questions_aside_and_they_are_not_begun_anew(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, DIE)
    (card,) = await ward.says(sam, NOW)
    assert "nobody has confirmed" in card or "added it" in card
    assert ("crisis", Level.EMERGENCY) in await ward.rules(sam)
    (session,) = await ward.sessions(sam, "asq")
    assert session.state == SessionState.ASIDE


async def test_in_asq_and_in_a_plan_only_present_intent_is_heard(ward: Ward) -> None:
    """Their prompts name danger by design. The same words outside of them are a card."""
    sam = await ward.enrol()
    await ward.presses_plan(sam)
    assert "What I can do alone" in (await ward.says(sam, DIE))[-1]
    assert await ward.flags(sam) == []
    card, question = await ward.says(sam, NOW), await ward.sessions(sam, "safety_plan")
    assert "nobody has confirmed" in card[0]
    assert question[0].state == SessionState.ASIDE
    assert [flag.level for flag in await ward.flags(sam)] == [Level.EMERGENCY]


async def test_a_plan_that_was_left_hours_ago_softens_nothing(ward: Ward) -> None:
    sam = await ward.enrol(evening=None)
    await ward.presses_plan(sam)
    await ward.passes(sam, 121)
    assert len(await ward.says(sam, DIE)) == 2
    assert [flag.level for flag in await ward.flags(sam)] == [Level.URGENT]


async def test_ordinary_words_cost_no_look_at_what_is_open(small_ward: Ward) -> None:
    sam = await small_ward.enrol()
    reads = 0
    read = small_ward.storage.read

    async def counted(work: object) -> object:
        nonlocal reads
        reads += 1
        return await read(work)  # type: ignore[arg-type]

    intake = small_ward.intake()
    intake._storage.read = counted  # type: ignore[method-assign, assignment]
    await small_ward.says(sam, "a quiet day")
    before = reads
    await small_ward.says(sam, "a quiet day")
    ordinary, before = reads - before, reads
    await small_ward.says(sam, DIE)
    assert reads - before > ordinary


async def test_no_answer_for_fifteen_minutes_is_a_refusal_and_urgent(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, BURDEN)
    assert await ward.passes(sam, 14) == []
    assert await ward.rules(sam) == [("crisis", Level.WATCH)]
    (told,) = await ward.passes(sam, 1)
    assert "You don't have to answer" in told
    assert ("no_answer", Level.URGENT) in await ward.rules(sam)


async def test_each_answer_gives_fifteen_minutes_more(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, BURDEN)
    await ward.passes(sam, 10)
    await ward.presses(sam, "No")
    await ward.passes(sam, 10)
    assert await ward.rules(sam) == [("crisis", Level.WATCH)]
    await ward.passes(sam, 5)
    assert ("no_answer", Level.URGENT) in await ward.rules(sam)


async def test_answering_all_ends_the_vigil(ward: Ward) -> None:
    sam = await ward.enrol(evening=None)
    await ward.says(sam, BURDEN)
    for _ in range(4):
        await ward.presses(sam, "No")
    await ward.passes(sam, 60)
    assert await ward.rules(sam) == [("crisis", Level.WATCH)]
    assert await ward.do(lambda unit: unit.find(Reminder, patient_id=sam)) == []


async def test_to_stop_the_questions_is_a_refusal_at_once_and_said_once(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, BURDEN)
    (told,) = await ward.presses(sam, "Stop here")
    assert "You don't have to answer" in told
    assert ("no_answer", Level.URGENT) in await ward.rules(sam)
    await ward.passes(sam, 30)
    assert len(await ward.flags(sam)) == 2


async def test_a_refusal_survives_a_restart_and_a_downtime_and_two_clocks_fire_it_once(
    ward: Ward, store: Store, second_store: Store
) -> None:
    """Law 5: it is a row; whoever looks next sees that it is due."""
    people = [await ward.enrol(evening=None) for _ in range(8)]
    for sam in people:
        await ward.says(sam, BURDEN)
    ward.clock.advance(timedelta(hours=30))

    async def drain(at: Store) -> None:
        while await at.write(lambda unit: vigils.fire(unit, ward.program, 3)):
            pass

    await asyncio.gather(*(drain(at) for at in (store, second_store) * 2))
    for sam in people:
        assert [rule for rule, _ in await ward.rules(sam)] == ["crisis", "no_answer"]


async def test_you_misunderstood_is_thanked_told_and_closes_nothing(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, NOW)
    (thanks,) = await ward.presses(sam, "You misunderstood")
    assert "Thank you" in thanks
    (flag,) = await ward.flags(sam)
    assert flag.closed_at is None
    assert flag.seen_at is None
    assert flag.ring_at is not None
    noted = await ward.do(lambda unit: unit.find(Audit, patient_id=sam, action="said_misunderstood"))
    notices = [row for row in await ward.queued(staff_id__not=None) if "misunderstood" in str(row.body)]
    assert len(noted) == len(notices) == 1


async def test_safe_for_now_closes_nothing_and_offers_what_waited(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, "/thought")
    await ward.says(sam, NOW)
    (thanks,) = await ward.presses(sam, "I'm safe for now")
    assert "stays open" in thanks
    (flag,) = await ward.flags(sam)
    assert flag.closed_at is None
    assert any(label.startswith("▶️ Go on") for label in await ward.buttons(sam))


async def test_whoever_has_not_consented_is_asked_one_question_and_no_measure(ward: Ward) -> None:
    sam = await ward.enrol(standing=Standing.INVITED)
    _, question = await ward.says(sam, DIE)
    assert "Are you safe right now?" in question
    assert await ward.sessions(sam, "asq") == []
    await ward.says(sam, "no")
    assert ("safety", Level.EMERGENCY) in await ward.rules(sam)


async def test_words_after_a_discharge_wake_no_vigil(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, BURDEN)
    await ward.change(sam, standing=Standing.DISCHARGED)
    await ward.passes(sam, 20)
    assert await ward.rules(sam) == [("crisis", Level.WATCH)]


async def test_a_watch_within_an_open_alert_is_kept_without_another_card(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, NOW)
    assert not any("added it" in text for text in await ward.says(sam, PULL))
    (flag,) = await ward.flags(sam)
    assert flag.body is not None
    assert flag.body["evidence"] == [NOW, PULL]


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ("always", "If no one answers in 15 minutes"),
        ("mon-fri 09:00-17:00", "within their hours"),
        ("tue-fri 09:00-17:00", "outside their hours until Tuesday, March 3, 9 am"),
    ],
)
async def test_whether_anyone_is_on_duty_is_said_only_where_the_program_has_hours(
    small_ward: Ward, hours: str, said: str
) -> None:
    small_ward.host = replace(
        small_ward.host, program=replace(small_ward.program, duty_hours=DutyHours.read(hours))
    )
    sam = await small_ward.enrol()
    card = (await small_ward.says(sam, DIE))[0]
    assert said in card
    assert ("their hours" in card) == (hours != "always")


@pytest.mark.parametrize(("cry", "asked"), [(DIE, WISHED), (SHAKES, "seizure, confusion")])
async def test_an_answer_that_is_rewritten_when_all_was_asked_is_asked_for_again(
    ward: Ward, cry: str, asked: str
) -> None:
    """ "No" to all of it is over; who makes it a "yes" a minute later must not meet a line about history."""
    sam = await ward.enrol()
    await ward.says(sam, cry)
    no = [await ward.inbound(sam, Said("no")) for _ in range(4 if cry == DIE else 1)]
    await ward.intake().receive(no)
    before = await ward._newest()
    await ward.intake().receive([replace(no[-1], key=b"edited", event=Edited("yes"))])
    _, question = await ward.said_since(sam, before)
    assert asked in question
    await ward.says(sam, "yes")
    answers = await ward.do(lambda unit: unit.find(Answer, patient_id=sam, order="id"))
    assert [row.body["value"] for row in answers] == [*["no"] * len(no), "yes"]


@pytest.mark.parametrize("edits", [1, 2])
async def test_in_an_emergency_an_answer_that_is_rewritten_brings_no_question(
    small_ward: Ward, edits: int
) -> None:
    """Help is called already: who to turn to, and that the words are kept, at each edit."""
    sam = await small_ward.enrol(evening=None)
    await small_ward.says(sam, SHAKES)
    answer = await small_ward.inbound(sam, Said("yes"))
    await small_ward.intake().receive([answer])
    assert ("safety", Level.EMERGENCY) in await small_ward.rules(sam)
    for number in range(edits):
        before = await small_ward._newest()
        coming = replace(answer, key=b"edit %d" % number, event=Edited("no"))
        await small_ward.intake().receive([coming])
        (said,) = await small_ward.said_since(sam, before)
        assert "kept your words" in said
        assert "A line: 1-800" in said
    await small_ward.sees(sam)
    before = await small_ward._newest()
    await small_ward.intake().receive([replace(answer, key=b"after", event=Edited("not now"))])
    why, asked = await small_ward.said_since(sam, before)
    assert "You changed an answer" in why
    assert "seizure" in asked


async def test_an_ordinary_answer_that_is_rewritten_is_kept_and_nothing_is_asked(small_ward: Ward) -> None:
    sam = await small_ward.enrol()
    said = await small_ward.inbound(sam, Said("we had soup"))
    await small_ward.intake().receive([said])
    before = await small_ward._newest()
    await small_ward.intake().receive([replace(said, key=b"edited", event=Edited("we had stew"))])
    (told,) = await small_ward.said_since(sam, before)
    assert "I saw your change" in told


@pytest.mark.parametrize("said", ["please", "are you there?", "/start"])
async def test_in_an_emergency_that_nobody_has_answered_no_greeting_comes(ward: Ward, said: str) -> None:
    """What is said next meets people to turn to and the truth, not a menu of exercises; until it is seen."""
    sam = await ward.enrol()
    await ward.says(sam, NOW)
    (told,) = await ward.says(sam, said)
    assert "A line: 1-800" in told
    assert "nobody has confirmed reading it yet" in told
    assert ("kept your words" in told) == (said != "/start")
    assert "📞 Please call me" in await ward.buttons(sam)
    await ward.sees(sam)
    (told,) = await ward.says(sam, said)
    assert "A line: 1-800" not in told


async def test_where_somebody_may_read_along_it_stays_an_ordinary_greeting(
    small_ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever picks up the phone after Hide, or while abuse is in question, learns nothing by writing."""
    beaten = "my boyfriend hits me"
    monkeypatch.setitem(HEARD, beaten, Concern(Level.EMERGENCY, Category.ABUSE, beaten))
    sam, kim = await small_ward.enrol(), await small_ward.enrol()
    await small_ward.says(sam, beaten)
    await small_ward.says(kim, NOW)
    await small_ward.presses_data(kim, "o:hide")
    for one in (sam, kim):
        (told,) = await small_ward.says(one, "hi")
        assert "alerted" not in told


async def test_within_an_emergency_less_of_the_same_gets_one_line_and_no_question(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, NOW)
    (line,) = await ward.says(sam, DIE)
    assert "added it" in line
    assert await ward.sessions(sam, "asq") == []


async def test_before_joining_go_on_opens_what_it_names_and_else_the_form(small_ward: Ward) -> None:
    """The one question about safety may be what is left; a form that was stopped is begun again."""
    sam = await small_ward.enrol(evening=None, standing=Standing.INVITED)
    await small_ward.says(sam, "/start")
    (form,) = await small_ward.sessions(sam, "enrolment")
    _, asked = await small_ward.says(sam, DIE)
    (safety,) = await small_ward.sessions(sam, "safety")
    assert await small_ward.presses_data(sam, f"o:resume:{safety.id:x}") == [asked]
    await small_ward.presses_data(sam, f"o:resume:{form.id:x}")
    await small_ward.says(sam, "/cancel")
    (again,) = await small_ward.presses_data(sam, f"o:resume:{form.id:x}")
    assert "1 of about" in again
    assert len(await small_ward.sessions(sam, "enrolment")) == 2
