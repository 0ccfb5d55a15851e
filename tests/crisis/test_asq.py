"""Every way of answering ASQ that must alert does, at its level and at the answer itself."""

from datetime import UTC, datetime
from itertools import product

import pytest

from bot import flags
from bot.clock import SettableClock
from bot.concerns import Category, Level
from bot.rows import Answer as Kept
from dialogs.asked import Said
from dialogs.asq import Asq, asq
from dialogs.engine import Answer, Turn, accept, replay
from dialogs.facts import Facts
from dialogs.prompts import Identity, Input, Unclear
from tests.crisis.clinic import BURDEN, DIE, SHAKES, Ward
from tests.fakes import FakeStorage

AT = datetime(2026, 3, 3, tzinfo=UTC)
VECTORS = list(product(Said, repeat=5))
FIRST = Facts(counselor="Dana")
AGAIN = Facts(counselor="Dana", last={"wished": "no"})
LABELS = {"yes": "Yes", "no": "No", "rather_not": "I'd rather not say"}


def levels(turn: Turn[Asq]) -> set[tuple[str, Level]]:
    found = list(flags.raised(turn, flags.Thresholds()))
    assert all(one.category == Category.SUICIDE for one in found)
    return {(one.rule, one.level) for one in found}


@pytest.mark.parametrize("facts", [FIRST, AGAIN], ids=["first", "again"])
def test_each_of_the_243_vectors_alerts_as_asq_says(facts: Facts) -> None:
    """Any yes or refusal to the first four: urgent. A yes to the fifth: an emergency. All no: nothing, and
    the fifth is not asked. Each flag is there as soon as the answer is given."""
    for vector in VECTORS:
        answers: dict[Identity, Answer] = {}
        given: list[Said] = []
        for said in vector:
            turn = replay(asq, facts, answers)
            if turn.prompt is None or turn.prompt.key == "asq_alone":
                break
            answer = accept(turn, Input(AT, data=said.value))
            answers[(answer.key, answer.item)] = answer
            given.append(said)
            expected = set()
            if any(one is not Said.NO for one in given):
                expected.add(("asq", Level.URGENT))
            if len(given) == 5 and said is Said.YES:
                expected.add(("asq_now", Level.EMERGENCY))
            assert levels(replay(asq, facts, answers)) == expected, vector
        screen = vector[:4]
        assert len(given) == (4 if all(one is Said.NO for one in screen) else 5), vector


def test_only_the_fourth_item_changes_when_asq_is_asked_again() -> None:
    def keys(facts: Facts) -> list[str]:
        answers: dict[Identity, Answer] = {}
        found = []
        while (turn := replay(asq, facts, answers)).prompt is not None:
            found.append(turn.prompt.key)
            data = "yes" if turn.prompt.key.startswith("asq_wished") else turn.prompt.options[0]
            answer = accept(turn, Input(AT, data=data))
            answers[(answer.key, answer.item)] = answer
        return found

    first, again = keys(FIRST), keys(AGAIN)
    assert [a for a, b in zip(first, again, strict=True) if a != b] == ["asq_tried"]
    assert again[3] == "asq_tried_since"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("yes", Said.YES),
        ("yeah", Said.YES),
        ("Yes.", Said.YES),
        ("no", Said.NO),
        ("nope", Said.NO),
        ("skip", Said.RATHER_NOT),
        ("idk", Said.RATHER_NOT),
        ("I'd rather not say", Said.RATHER_NOT),
        ("rather not", Said.RATHER_NOT),
    ],
)
def test_typed_answers_are_read_and_no_answer_is_never_a_no(typed: str, meant: Said) -> None:
    turn = replay(asq, FIRST, {})
    assert accept(turn, Input(AT, text=typed, labels=LABELS)).value == meant


@pytest.mark.parametrize("typed", ["maybe", "sometimes", "not sure what you mean", "no and yes", "1", "🙂"])
def test_what_is_neither_yes_nor_no_is_asked_again(typed: str) -> None:
    with pytest.raises(Unclear):
        accept(replay(asq, FIRST, {}), Input(AT, text=typed, labels=LABELS))


async def test_each_vector_rings_the_counselor_when_the_bot_only_asked(clock: SettableClock) -> None:
    """Heard as a mere possibility, the answers decide: every positive vector rings, and only those."""
    for vector in VECTORS:
        ward = Ward(FakeStorage(clock), clock)
        await ward.opens()
        sam = await ward.enrol()
        await ward.says(sam, BURDEN)
        before = await ward.rung(sam)
        for said in vector:
            shown = await ward.presses(sam, LABELS[said])
            if "alone right now" in shown[-1] or "Thank you for going through" in shown[-1]:
                break
        worst = max((Level(flag.level) for flag in await ward.flags(sam)), key=lambda level: level.rank)
        positive = any(one is not Said.NO for one in vector[:4])
        acute = positive and vector[4] is Said.YES
        assert worst == (Level.EMERGENCY if acute else Level.URGENT if positive else Level.WATCH), vector
        assert (await ward.rung(sam) > before) == positive, vector


async def test_within_an_alert_that_rings_only_something_worse_rings_anew(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, DIE)
    assert await ward.rung(sam) == 1
    for answer in ("Yes", "Yes", "Yes", "No"):
        await ward.presses(sam, answer)
    assert await ward.rung(sam) == 1
    await ward.presses(sam, "Yes")
    assert await ward.rung(sam) == 2
    assert ("asq_now", Level.EMERGENCY) in await ward.rules(sam)


async def test_a_positive_answer_after_seen_rings_anew(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, DIE)
    await ward.sees(sam)
    await ward.presses(sam, "Yes")
    assert ("asq", Level.URGENT) in await ward.rules(sam)
    assert await ward.rung(sam) == 2


async def test_a_cry_for_help_answers_what_asks_about_it_with_yes(ward: Ward) -> None:
    """Its words are asked for, so they raise nothing themselves; they are no reason to ask again either."""
    sam = await ward.enrol()
    await ward.says(sam, BURDEN)
    await ward.says(sam, DIE)
    await ward.says(sam, DIE)
    answers = await ward.storage.read(lambda unit: unit.find(Kept, patient_id=sam, order="turn"))
    assert [answer.body["value"] for answer in answers] == [Said.YES, Said.YES]
    assert [rule for rule, _ in await ward.rules(sam)] == ["crisis", "asq"]


async def test_another_danger_than_the_one_asked_about_is_heard(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, BURDEN)
    texts = await ward.says(sam, SHAKES)
    assert "A seizure" in texts[0]
    assert not await ward.storage.read(lambda unit: unit.find(Kept, patient_id=sam))
