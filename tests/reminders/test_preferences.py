"""Settings, as they are pressed and typed; and what /privacy promises."""

import pytest

from bot import outbox
from bot.rows import Audit, Consent, Flag, Session, Standing
from bot.unit import Unit
from tests.reminders.clinic import Clinic, utc


async def press_label(clinic: Clinic, id: int, part: str) -> str | None:
    """Press the button of the newest message whose label holds this."""
    data = next(data for label, data in (await clinic.buttons(id)).items() if part in label)
    return await clinic.press(id, data)


async def test_the_screen_has_a_button_for_everything_and_none_is_dead(clinic: Clinic) -> None:
    sam = await clinic.enrol(morning="08:00", evening="19:00")
    await clinic.send(sam, "/settings")
    buttons = list((await clinic.buttons(sam)).values())
    assert len(buttons) >= 10
    for data in buttons:
        rows = len(await clinic.queued())
        toast = await clinic.press(sam, data)
        assert toast or len(await clinic.queued()) > rows, data


@pytest.mark.parametrize(
    ("said", "local_time"), [("9:30 am", "09:30"), ("08:00", "08:00"), ("noon", "12:00")]
)
async def test_a_new_time_can_be_typed_or_pressed(clinic: Clinic, said: str, local_time: str) -> None:
    sam = await clinic.enrol(morning="07:30")
    await clinic.press(sam, "o:settings:morning")
    await clinic.send(sam, said)
    due = (await clinic.waiting(sam))["morning"]
    wanted = f"2026-03-03T{int(local_time[:2]) + 5:02}:{local_time[3:]}"
    assert due == utc(wanted)


async def test_a_reminder_is_switched_off_and_set_again(clinic: Clinic) -> None:
    sam = await clinic.enrol(morning="08:00", evening="19:00")
    await clinic.press(sam, "o:settings:morning:off")
    assert list(await clinic.waiting(sam)) == ["evening"]
    await clinic.press(sam, "o:settings:morning")
    await press_label(clinic, sam, "9 am")
    assert (await clinic.waiting(sam))["morning"] == utc("2026-03-03T14:00")


@pytest.mark.parametrize("yes", [True, False])
async def test_a_time_inside_the_quiet_hours_is_asked_about_where_it_is_set(
    clinic: Clinic, yes: bool
) -> None:
    sam = await clinic.enrol(evening="19:00")
    await clinic.press(sam, "o:settings:evening")
    await clinic.send(sam, "22:30")
    assert (await clinic.waiting(sam))["evening"] == utc("2026-03-03T00:00")  # nothing is changed unasked
    await press_label(clinic, sam, "Yes" if yes else "No")
    patient = await clinic.patient(sam)
    if yes:
        assert (await clinic.waiting(sam))["evening"] == utc("2026-03-03T03:30")
        assert (patient.quiet_from, patient.quiet_to) == ("23:30", "07:00")
    else:
        assert (await clinic.waiting(sam))["evening"] == utc("2026-03-03T00:00")
        assert (patient.quiet_from, patient.quiet_to) == ("22:00", "07:00")


@pytest.mark.parametrize("yes", [True, False])
async def test_quiet_hours_around_a_reminder_are_asked_about_too(clinic: Clinic, yes: bool) -> None:
    sam = await clinic.enrol(morning="08:00", evening="19:00")
    await clinic.press(sam, "o:settings:quiet")
    await clinic.send(sam, "10 pm")
    await clinic.send(sam, "10 am")
    await press_label(clinic, sam, "Yes" if yes else "No")
    patient = await clinic.patient(sam)
    if yes:
        assert (patient.quiet_from, patient.quiet_to) == ("22:00", "08:00")
        assert set(await clinic.waiting(sam)) == {"morning", "evening"}
    else:
        assert (patient.quiet_from, patient.quiet_to) == ("22:00", "10:00")
        assert set(await clinic.waiting(sam)) == {"evening"}


async def test_quiet_hours_that_end_where_they_begin_are_none(clinic: Clinic) -> None:
    sam = await clinic.enrol(evening="23:00", quiet=("00:00", "06:00"))
    await clinic.press(sam, "o:settings:quiet")
    await clinic.send(sam, "10 pm")
    await clinic.send(sam, "22:00")
    clinic.clock.set(utc("2026-03-03T04:00"))
    await clinic.tick()
    assert len(await clinic.went_out()) == 1


async def test_a_new_zone_takes_the_reminders_along(clinic: Clinic) -> None:
    sam = await clinic.enrol(evening="19:00")
    await clinic.press(sam, "o:settings:zone")
    await clinic.send(sam, "Portland, Oregon")
    assert (await clinic.patient(sam)).time_zone == "America/Los_Angeles"
    assert (await clinic.waiting(sam))["evening"] == utc("2026-03-03T03:00")


async def test_a_new_name_and_the_switches_are_kept(clinic: Clinic) -> None:
    sam = await clinic.enrol()
    await clinic.press(sam, "o:settings:name")
    await clinic.send(sam, "Alex <b>&")
    for data in ("o:settings:discreet:on", "o:settings:discreet:on", "o:settings:medication:on"):
        assert await clinic.press(sam, data)
    patient = await clinic.patient(sam)
    assert (patient.name, patient.discreet) == ("Alex <b>&", True)
    assert patient.profile == {"takes_medication": True}
    noted = await clinic.do(lambda unit: unit.find(Audit, patient_id=sam, action="contact_changed"))
    assert [line.detail for line in noted] == ["name"]


async def test_how_the_team_reaches_somebody_is_changed_and_taken_away_by_them(clinic: Clinic) -> None:
    sam = await clinic.enrol(profile={"phone": "1", "voicemail_safe": True, "share_words": True})
    await clinic.send(sam, "/settings")
    await press_label(clinic, sam, "How my team reaches me")
    await press_label(clinic, sam, "My number")
    await clinic.send(sam, "+1 555 0177 <b>")
    await press_label(clinic, sam, "No voicemail")
    await clinic.press(sam, "o:settings:location")
    await clinic.send(sam, "12 Main St")
    await clinic.press(sam, "o:settings:contact")
    await clinic.send(sam, "Jo & Kim")
    await press_label(clinic, sam, "Brother or sister")
    await clinic.send(sam, "+1 555 0188")
    kept = (await clinic.patient(sam)).profile
    assert kept == {
        "phone": "+1 555 0177 <b>",
        "voicemail_safe": False,
        "location": "12 Main St",
        "contact": {"name": "Jo & Kim", "phone": "+1 555 0188", "relation": "sibling"},
        "share_words": True,
    }
    await clinic.press(sam, "o:settings:reach")
    assert "12 Main St" in (await clinic.last(sam))["text"]
    for what in ("phone", "location", "contact", "contact"):
        assert await clinic.press(sam, f"o:settings:reach:{what}:off")
    kept = (await clinic.patient(sam)).profile
    assert kept == {"share_words": True} | dict.fromkeys(("phone", "voicemail_safe", "location", "contact"))
    noted = await clinic.do(lambda unit: unit.find(Audit, patient_id=sam, action="contact_changed"))
    assert [line.detail for line in noted] == ["phone", "location", "contact"] * 2


async def test_one_change_is_asked_at_a_time_and_leaves_nothing_unfinished(clinic: Clinic) -> None:
    sam = await clinic.enrol()
    for what in ("morning", "evening", "quiet", "zone", "name"):
        await clinic.press(sam, f"o:settings:{what}")
    open_now = await clinic.do(lambda unit: unit.find(Session, patient_id=sam, state=("open", "aside")))
    assert [session.dialog for session in open_now] == ["change_name"]


async def test_help_names_every_command_and_the_lines(clinic: Clinic) -> None:
    sam = await clinic.enrol()
    await clinic.send(sam, "/help")
    text = (await clinic.last(sam))["text"]
    assert "/checkin" in text
    assert "/sos" in text
    assert clinic.program.lines["en"][0] in text


async def a_consent(clinic: Clinic, id: int, item: str) -> None:
    def work(unit: Unit) -> None:
        unit.add(Consent(id=unit.new_id(), patient_id=id, item=item, given=True, version="1", at=unit.now))

    await clinic.do(work)


async def test_words_are_shared_or_not_by_a_switch_that_is_kept_on_file(clinic: Clinic) -> None:
    sam = await clinic.enrol(profile={"share_words": True, "phone": "1"})
    await a_consent(clinic, sam, "share_words")
    await clinic.send(sam, "/privacy")
    await clinic.press(sam, "o:privacy:words:off")
    await clinic.press(sam, "o:privacy:words:off")
    assert (await clinic.patient(sam)).profile == {"share_words": False, "phone": "1"}
    kept = await clinic.do(lambda unit: unit.find(Consent, patient_id=sam))
    assert [(c.given, c.revoked_at is None) for c in kept] == [(True, False), (False, True)]


async def test_taking_consent_back_stops_what_waits_to_be_told_unless_a_life_is_in_danger(
    clinic: Clinic,
) -> None:
    sam = await clinic.enrol()
    assert clinic.dana is not None
    dana = clinic.dana
    await a_consent(clinic, sam, "part_2")

    def waits(unit: Unit, level: str) -> None:
        flag = Flag(
            id=unit.new_id(),
            patient_id=sam,
            rule="craving",
            level=level,
            category="craving",
            cause=level,
            at=unit.now,
        )
        unit.add(flag)
        to = outbox.to_staff(dana)
        assert to is not None
        outbox.say(unit, to, level, flag_id=flag.id)

    for level in ("watch", "urgent"):
        await clinic.do(lambda unit, level=level: waits(unit, level))  # type: ignore[misc]
    await clinic.press(sam, "o:privacy:withdraw")
    patient = await clinic.patient(sam)
    assert patient.standing == Standing.ENROLLED  # the first press only asks
    await clinic.press(sam, f"o:privacy:withdraw:{patient.code}")
    assert (await clinic.patient(sam)).standing == Standing.DISCHARGED
    assert await clinic.waiting(sam) == {}
    consents = await clinic.do(lambda unit: unit.find(Consent, patient_id=sam, revoked_at=None))
    assert consents == []
    left = await clinic.queued(staff_id=dana.id, state="queued")
    texts = [row.body["text"] for row in left if row.body]
    assert "urgent" in texts
    assert "watch" not in texts
    assert sum(text.startswith(f"<b>{patient.code}</b>") for text in texts) == 1  # who left is said once
    noted = await clinic.do(lambda unit: unit.find(Audit, patient_id=sam))
    assert "consent_withdrawn" in [note.action for note in noted]
