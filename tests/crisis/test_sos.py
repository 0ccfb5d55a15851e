"""/sos: each need its own short way, and what is pressed there is heard like words."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from bot import inbox, typed
from bot.concerns import Level
from bot.inbound import Edited, Inbound, Medium, Said, Showed
from bot.rows import Answer, Message, Outgoing, SessionState, Staff
from tests.crisis.clinic import Ward
from tests.reminders.clinic import WORDS

WAYS = "press what is going on"
PRESSED = [
    ("Thoughts of suicide", Level.URGENT, "wished you were dead"),
    ("Overdose", Level.EMERGENCY, None),
    ("Withdrawal", Level.URGENT, "seizure, confusion"),
    ("Someone is hurting me", Level.URGENT, "Are you in danger right now"),
]


async def test_who_asks_for_help_waits_for_no_turn_before(ward: Ward) -> None:
    """An earlier message of theirs is still waiting; help comes all the same, and once."""
    sam = await ward.enrol()
    earlier = await ward.inbound(sam, Said("a heron stood there"))
    await ward.do(lambda unit: inbox.keep(unit, [earlier]))
    assert WAYS in (await ward.says(sam, "/sos"))[-1]
    said = await ward.hands_in(sam, Showed(Medium.VOICE))
    assert ["hear voice notes" in text for text in said] == [True]
    before = await ward._newest()
    assert await ward.intake().retry() == 3
    after = await ward.said_since(sam, before)
    assert not [text for text in after if WAYS in text or "hear voice notes" in text]


@pytest.mark.parametrize(
    "word", ["help", "HELP ME!!!", "🆘 sos", "I need help...", "Please call me", "It’s an emergency"]
)
async def test_the_bare_word_brings_what_the_command_does(ward: Ward, word: str) -> None:
    """On a bad day nobody looks for a slash: a word for help brings it, before its turn, and is kept."""
    sam = await ward.enrol()
    (said,) = await ward.says(sam, word)
    assert WAYS in said
    kept = await ward.do(lambda unit: unit.find(Message, patient_id=sam))
    assert [row.text for row in kept] == [word]
    await ward.says(sam, "/checkin")
    (said,) = await ward.says(sam, word)
    assert WAYS in said
    (session,) = await ward.sessions(sam, "check_in")
    assert session.state == SessionState.OPEN


@pytest.mark.parametrize("word", ["help me", "/sos"])
async def test_so_does_a_message_that_becomes_such_a_word(ward: Ward, word: str) -> None:
    sam = await ward.enrol()
    await ward.says(sam, "hekp")
    (said,) = await ward.hands_in(sam, Edited(word))
    assert WAYS in said


async def test_where_words_are_asked_for_it_is_the_answer_too(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.presses_plan(sam)
    shown, question = await ward.says(sam, "911")
    assert WAYS in shown
    answers = await ward.do(lambda unit: unit.find(Answer, patient_id=sam))
    assert [row.body["value"] for row in answers] == ["911"]
    assert WAYS not in question


async def test_a_word_for_help_within_a_sentence_is_none(small_ward: Ward) -> None:
    sam = await small_ward.enrol()
    for words in ("my sister asked for help with her car", "no help needed", "helpful"):
        assert WAYS not in " ".join(await small_ward.says(sam, words))


async def test_of_the_team_such_a_word_is_their_work(small_ward: Ward) -> None:
    """They read what they can do here, as after any words of theirs that nothing waits for."""
    dana = small_ward.dana
    assert dana is not None
    assert dana.chat is not None
    before = await small_ward._newest()
    coming = Inbound(b"of the team", dana.chat, dana.chat, small_ward.now, Said("call me"), 7)
    await small_ward.intake().receive([coming])
    (row,) = await small_ward.queued(staff_id=dana.id, id__gt=before)
    assert row.body is not None
    assert "Here is what I can do for you" in row.body["text"]
    assert any(data.startswith("s:caseload") for line in row.body["buttons"] for _, data in line)


@pytest.mark.parametrize("talk", ["1-800.HELP", "9-8-8", "The Line"])
async def test_a_number_is_a_word_for_help_however_its_country_writes_it(
    small_ward: Ward, monkeypatch: pytest.MonkeyPatch, talk: str
) -> None:
    plain = WORDS.plain

    def elsewhere(language: str, file: str, block: str, /, **context: object) -> str:
        return plain(language, file, block, **context).replace("|988|", f"|{talk}|")

    words = SimpleNamespace(plain=elsewhere, text=WORDS.text)
    program = replace(small_ward.program, words=words)
    for said in (talk, talk.upper(), f"{talk.lower()}!"):
        assert typed.means(program, None, typed.HELP, said)
    assert not typed.means(program, None, typed.HELP, "988")


async def test_a_voice_note_gets_its_line_and_the_open_question_again(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, "/checkin")
    line, question = await ward.hands_in(sam, Showed(Medium.VOICE))
    assert "hear voice notes" in line
    assert "How is your mood" in question


@pytest.mark.parametrize(("label", "level", "asked"), PRESSED)
async def test_a_need_that_is_danger_brings_its_card_its_alert_and_its_question(
    ward: Ward, label: str, level: Level, asked: str | None
) -> None:
    sam = await ward.enrol()
    await ward.says(sam, "/sos")
    shown = await ward.presses(sam, label)
    assert "nobody has confirmed reading it yet" in shown[0]
    assert [flag.level for flag in await ward.flags(sam)] == [level]
    assert await ward.rung(sam) == 1
    assert (asked in shown[-1]) if asked else len(shown) == 1


@pytest.mark.parametrize(
    ("topic", "answer", "level"),
    [
        ("Withdrawal", "Yes", Level.EMERGENCY),
        ("Withdrawal", "No", Level.URGENT),
        ("Withdrawal", "I'd rather", Level.URGENT),
        ("Someone", "Yes", Level.EMERGENCY),
        ("Someone", "No", Level.URGENT),
    ],
)
async def test_the_safety_question_decides(small_ward: Ward, topic: str, answer: str, level: Level) -> None:
    sam = await small_ward.enrol()
    await small_ward.says(sam, "/sos")
    await small_ward.presses(sam, topic)
    await small_ward.presses(sam, answer)
    assert max(await small_ward.flags(sam), key=lambda flag: Level(flag.level).rank).level == level


async def test_a_phone_that_may_be_watched_rings_at_no_single_press(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, "/sos")
    await ward.presses(sam, "Someone is hurting me")
    rows = await ward.storage.read(lambda unit: unit.find(Outgoing, patient_id=sam, order="id"))
    [card] = [row.body for row in rows if row.body and "Is this phone safe" in row.body.get("text", "")]
    pressed = [data for row in card["buttons"] for _, data in row]
    assert pressed[0] == "o:hide"
    await ward.presses(sam, "o:call")
    assert [flag.rule for flag in await ward.flags(sam)] == ["crisis"]


async def test_riding_out_a_craving_is_looked_in_on_after_twenty_minutes(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, "/sos")
    for label in ("🌊 A craving", "6", "Walk or move", "No one right now"):
        await ward.presses(sam, label)
    assert await ward.passes(sam, 19) == []
    (asked,) = await ward.passes(sam, 1)
    assert "How are you now?" in asked
    assert "peaked at 6" in (await ward.presses(sam, "Tell how I am"))[-1]
    assert await ward.rules(sam) == []


@pytest.mark.parametrize("what", [["Opioids"], ["Alcohol", "Benzos"], ["Skip"]])
async def test_silence_after_opioids_a_mix_or_what_nobody_knows_is_urgent(
    ward: Ward, what: list[str]
) -> None:
    sam = await ward.enrol()
    await using(ward, sam, what)
    assert len(await ward.passes(sam, 20)) == 1
    assert await ward.passes(sam, 14) == []
    (told,) = await ward.passes(sam, 1)
    assert "haven't heard from you" in told
    assert await ward.rules(sam) == [("lapse", Level.WATCH), ("silent", Level.URGENT)]
    assert await ward.passes(sam, 60) == []


async def test_a_single_word_after_the_look_in_is_a_sign_of_life(ward: Ward) -> None:
    sam = await ward.enrol(evening=None)
    await using(ward, sam, ["Opioids"])
    await ward.passes(sam, 20)
    await ward.says(sam, "k")
    await ward.passes(sam, 40)
    assert await ward.rules(sam) == [("lapse", Level.WATCH)]


@pytest.mark.parametrize(
    ("body", "level", "help"),
    [
        ("Very sleepy", Level.EMERGENCY, "Call 911 now"),
        ("Something else feels wrong", Level.URGENT, "call 911"),
    ],
)
async def test_danger_at_the_look_in_brings_help_and_rings(
    ward: Ward, body: str, level: Level, help: str
) -> None:
    sam = await ward.enrol(evening=None)
    await using(ward, sam, ["Opioids"])
    await ward.passes(sam, 20)
    asked = await ward.presses(sam, "Tell how I am")
    assert "How is your body right now" in asked[-1]
    assert help in (await ward.presses(sam, body))[0]
    assert ("lapse_body", level) in await ward.rules(sam)
    assert await ward.rung(sam) == 2


async def test_thoughts_of_suicide_at_the_look_in_lead_to_asq(ward: Ward) -> None:
    sam = await ward.enrol(evening=None)
    await using(ward, sam, ["Cannabis"])
    await ward.passes(sam, 20)
    for label in ("Tell how I am", "I feel okay", "Yes, alone", "Yes"):
        shown = await ward.presses(sam, label)
    assert "988" in shown[0]
    assert "wished you were dead" in shown[-1]
    assert ("lapse_thoughts", Level.URGENT) in await ward.rules(sam)


async def test_whoever_opens_the_look_in_and_answers_nothing_is_looked_for(ward: Ward) -> None:
    """A press alone is what somebody who nods off leaves behind."""
    sam = await ward.enrol(evening=None)
    await using(ward, sam, ["Opioids"])
    await ward.passes(sam, 20)
    await ward.presses(sam, "Tell how I am")
    await ward.passes(sam, 14)
    assert await ward.rules(sam) == [("lapse", Level.WATCH)]
    await ward.passes(sam, 1)
    assert ("no_answer", Level.URGENT) in await ward.rules(sam)


async def test_whoever_said_how_they_are_may_leave_the_rest_of_the_look_in(ward: Ward) -> None:
    sam = await ward.enrol(evening=None)
    await using(ward, sam, ["Opioids"])
    await ward.passes(sam, 20)
    for label in ("Tell how I am", "I feel okay", "No, someone", "No"):
        await ward.presses(sam, label)
    await ward.passes(sam, 60)
    assert await ward.rules(sam) == [("lapse", Level.WATCH)]


async def test_silence_after_one_thing_that_stops_no_breath_is_no_alarm(ward: Ward) -> None:
    sam = await ward.enrol(evening=None)
    await using(ward, sam, ["Cannabis"])
    await ward.passes(sam, 20)
    await ward.passes(sam, 60)
    assert await ward.rules(sam) == [("lapse", Level.WATCH)]


async def test_whoever_falls_silent_at_the_first_question_is_looked_for(ward: Ward) -> None:
    sam = await ward.enrol(evening=None)
    await ward.says(sam, "/sos")
    await ward.presses(sam, "I'm using right now")
    await ward.passes(sam, 20)
    await ward.passes(sam, 15)
    assert await ward.rules(sam) == [("silent", Level.URGENT)]


async def test_i_used_is_the_lapse_flow_and_the_counselor_sees_it(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, "/sos")
    assert "How is your body right now?" in (await ward.presses(sam, "I used"))[-1]
    await ward.presses(sam, "I feel okay")
    assert await ward.rules(sam) == [("lapse", Level.WATCH)]


async def test_feeling_hopeless_is_seen_by_the_counselor(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, "/thought")
    await ward.says(sam, "alone at home")
    await ward.says(sam, "hopeless")
    assert ("hopeless", Level.WATCH) in await ward.rules(sam)


async def using(ward: Ward, sam: int, what: list[str]) -> None:
    await ward.says(sam, "/sos")
    for label in ("I'm using right now", "No, someone", "No", *what):
        await ward.presses(sam, label)
    if what != ["Skip"]:
        await ward.presses(sam, "Done")


@pytest.mark.parametrize("thoughts", ["Yes", "I'd rather not say"])
async def test_thoughts_of_suicide_after_use_lead_to_asq_at_once(ward: Ward, thoughts: str) -> None:
    sam = await ward.enrol()
    await ward.says(sam, "/sos")
    for label in ("I used", "I feel okay", "Earlier today", "Skip", "Skip", thoughts):
        shown = await ward.presses(sam, label)
    help_first, question = shown[-2:]
    assert "988" in help_first
    assert "wished you were dead" in question


@pytest.mark.parametrize(
    ("body", "level"),
    [("Very sleepy", Level.EMERGENCY), ("Shaking", Level.EMERGENCY), ("Something else", Level.URGENT)],
)
@pytest.mark.parametrize("opened", ["/sos", "/checkin", "/trigger"])
async def test_whoever_feels_unwell_after_use_is_looked_in_on_and_looked_for(
    small_ward: Ward, opened: str, body: str, level: Level
) -> None:
    """However they told it. What is said by a person whose alert is open reaches those whom it rang."""
    ways = {"/sos": ["I used"], "/checkin": ["5", "5", "Yes"], "/trigger": ["5", "Yes"]}
    sam = await small_ward.enrol(evening=None)
    await small_ward.says(sam, opened)
    for label in (*ways[opened], body):
        (*_, end) = await small_ward.presses(sam, label)
    assert "I will ask you in about 20 minutes" in end
    assert "ask your team to check on you" in end
    await small_ward.sees(sam)
    (asked,) = await small_ward.passes(sam, 20)
    assert "How are you now?" in asked
    (told,) = await small_ward.passes(sam, 15)
    assert "haven't heard from you" in told
    assert {("lapse_body", level), ("silent", Level.URGENT)} <= set(await small_ward.rules(sam))


async def test_a_look_in_that_finds_somebody_unwell_is_followed_by_another(small_ward: Ward) -> None:
    sam = await small_ward.enrol(evening=None)
    await using(small_ward, sam, ["Opioids"])
    await small_ward.passes(sam, 20)
    for label in ("Tell how I am", "Very sleepy"):
        await small_ward.presses(sam, label)
    (asked,) = await small_ward.passes(sam, 20)
    assert "How are you now?" in asked
    assert any("haven't heard from you" in text for text in await small_ward.passes(sam, 15))


@pytest.mark.parametrize("answers", [["Very sleepy"], ["I feel okay", "Earlier", "Skip", "Skip", "Yes"]])
async def test_danger_after_use_is_an_alert_like_any_other_to_whoever_says_they_are_safe(
    small_ward: Ward, answers: list[str]
) -> None:
    sam = await small_ward.enrol()
    await small_ward.says(sam, "/sos")
    for label in ("I used", *answers):
        await small_ward.presses(sam, label)
    (thanks,) = await small_ward.presses(sam, "I'm safe for now")
    assert "stays open" in thanks
    assert "that you said" in thanks


async def test_whoever_falls_silent_in_the_middle_of_what_is_asked_after_use_is_looked_for(
    small_ward: Ward,
) -> None:
    sam = await small_ward.enrol(evening=None)
    await small_ward.says(sam, "/checkin")
    for label in ("5", "5", "Yes", "I feel okay", "Right now", "Opioids", "Done"):
        await small_ward.presses(sam, label)
    assert len(await small_ward.passes(sam, 20)) == 1
    assert any("haven't heard from you" in text for text in await small_ward.passes(sam, 15))


async def test_whoever_takes_it_back_is_not(small_ward: Ward) -> None:
    """ "Right now" was a slip of the finger."""
    sam = await small_ward.enrol(evening=None)
    await small_ward.says(sam, "/sos")
    for label in ("I used", "I feel okay", "Right now", "‹ Back", "Yesterday"):
        await small_ward.presses(sam, label)
    for label in ("Opioids", "Done", "Skip", "No", "A hard", "Call someone", "Not today"):
        await small_ward.presses(sam, label)
    assert await small_ward.passes(sam, 20) == []
    assert await small_ward.passes(sam, 15) == []


async def test_where_nobody_can_be_reached_nobody_is_promised(small_ward: Ward) -> None:
    """Neither by the short way for using right now, nor by what is said to somebody who feels unwell."""
    sam = await small_ward.enrol()
    await small_ward.do(lambda unit: [unit.change(one, blocked_at=unit.now) for one in unit.find(Staff)])
    for labels in (
        ("I'm using right now", "No, someone", "No", "Opioids", "Done"),
        ("I used", "Very sleepy"),
    ):
        await small_ward.says(sam, "/sos")
        said = " ".join([text for label in labels for text in await small_ward.presses(sam, label)])
        assert "how you are" in said
        assert "ask one person to check on you too" in said
        assert "ask your team" not in said
        assert "will see" not in said
        assert "can't reach anyone" in said
