"""Nothing personal before consent, a kind end for every refusal, no reminder in quiet hours."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.enrolment import Consent, Outcome, enrolment
from dialogs.facts import Facts
from dialogs.hours import Quiet
from tests.dialogs.talk import TODAY, talk

PERSONAL = {"signature", "name", "phone", "location", "contact_name", "contact_phone", "zone", "medication"}
CLOCKS = st.times().map(lambda at: at.isoformat("minutes")[:5])


def test_nothing_personal_is_asked_before_the_last_consent() -> None:
    keys = talk(enrolment).keys
    last = max(keys.index(item) for item in Consent)
    assert set(keys[: last + 1]) == {"welcome", "adult", *Consent}
    assert keys[0] == "welcome"


@pytest.mark.parametrize("item", Consent)
def test_each_no_ends_kindly_and_is_recorded(item: Consent) -> None:
    """The record says which item was refused, and holds no personal detail."""
    done = talk(enrolment, **{item.value: False})
    said = done.result
    assert said.outcome is Outcome.DECLINED
    assert said.declined is item
    assert said.consents[item] is False
    assert said.end == "end_declined"
    assert not PERSONAL & set(done.keys)


def test_someone_under_18_is_asked_nothing_more() -> None:
    done = talk(enrolment, adult=False)
    assert done.keys[-1] == "adult"
    assert done.result.outcome is Outcome.UNDER_AGE
    assert done.result.end == "end_under_age"


def test_all_consents_stand_in_the_record_of_who_joins() -> None:
    said = talk(enrolment).result
    assert said.outcome is Outcome.ENROLLED
    assert said.consents == dict.fromkeys(Consent, True)
    assert said.on == TODAY


def test_keeping_ones_words_to_oneself_is_no_reason_to_stop() -> None:
    said = talk(enrolment, share_words=False).result
    assert said.outcome is Outcome.ENROLLED
    assert said.share_words is False


def test_what_can_be_skipped_is_unknown_not_refused() -> None:
    skipped = dict.fromkeys(("phone", "location", "contact_name", "morning", "evening", "medication"))
    said = talk(enrolment, **skipped).result
    assert said.phone is None
    assert said.voicemail_safe is None
    assert said.contact is None
    assert said.morning is None
    assert said.takes_medication is None


def test_a_zone_is_found_by_the_clock_when_no_town_is_told() -> None:
    said = talk(enrolment, zone=None, clock=330).result
    assert said.zone == "Asia/Kolkata"
    assert said.zone_from_clock


def test_a_clock_that_nobody_has_falls_back_to_the_programs_zone() -> None:
    said = talk(enrolment, Facts(today=TODAY, zone="America/Denver"), zone=None, clock=-690).result
    assert said.zone == "America/Denver"


@given(CLOCKS, CLOCKS, CLOCKS, CLOCKS, st.booleans())
def test_no_reminder_lies_in_quiet_hours(
    morning: str, evening: str, start: str, end: str, reminder_first: bool
) -> None:
    """Whatever the person chose, and whichever of the two they let give way."""
    said = talk(
        enrolment,
        morning=morning,
        evening=evening,
        quiet_from=start,
        quiet_to=end,
        reminder_first=reminder_first,
    ).result
    quiet = Quiet(said.quiet_from, said.quiet_to) if said.quiet_from and said.quiet_to else None
    for wanted, kept in ((morning, said.morning), (evening, said.evening)):
        assert kept in (None, time.fromisoformat(wanted))
        assert quiet is None or kept is None or kept not in quiet
        assert not reminder_first or kept is not None
