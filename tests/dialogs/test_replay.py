"""The laws of replay, as they stand at the top of dialogs/engine.py."""

import asyncio
import inspect
import json
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs import CATALOGUE
from dialogs.engine import (
    Answer,
    BrokenDialog,
    Dialog,
    Moved,
    Turn,
    accept,
    before,
    expected,
    foresee,
    freeze,
    rehearse,
    replay,
    walk,
    without,
)
from dialogs.facts import Facts
from dialogs.prompts import Choice, Identity, Input, Json, Many, Prompt, Say, Scale, Text, YesNo, dialog

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
SAM = Facts(name="Sam", today=date(2026, 3, 3))
Answers = dict[Identity, Answer]


class Weather(StrEnum):
    SUN = "sun"
    RAIN = "rain"
    SNOW = "snow"


@dataclass(frozen=True)
class Day:
    mood: int
    weather: Mapping[Weather, int]
    note: str | None = None


@dialog("day")
async def day(facts: Facts) -> Day:
    await Say("hello")
    mood = await Scale("mood", 0, 10)
    if mood <= 2:
        await Say("heavy")
    seen = await Many("seen", Weather)
    liked = {w: await Scale("liked", 0, 10, item=w) for w in seen}
    return Day(mood, liked, await Text("note").or_skip())


def typed(text: str) -> Input:
    return Input(at=NOON, text=text)


def pressed(data: str, *ticks: str) -> Input:
    return Input(at=NOON, data=data, ticks=ticks)


def told(dialog: Dialog[Any], *said: Input, answers: Answers | None = None) -> tuple[Turn[Any], Answers]:
    """Give these to the open prompts, one after the other."""
    answers = dict(answers or {})
    for one in said:
        answer = accept(replay(dialog, SAM, answers), one)
        answers[answer.key, answer.item] = answer
    return replay(dialog, SAM, answers), answers


def all_told() -> Answers:
    said = (typed("7"), pressed("+done", "sun", "snow"), typed("9"), typed("4"), typed("Cold hands."))
    return told(day, *said)[1]


def asked(turn: Turn[Any]) -> Identity | None:
    return None if turn.prompt is None else turn.prompt.identity


def script(name: str, *prompts: Prompt[Any]) -> Dialog[tuple[Any, ...]]:
    """A dialog that asks these prompts in turn."""

    async def ask(facts: Facts) -> tuple[Any, ...]:
        return tuple([await prompt for prompt in prompts])

    return Dialog(name, ask, tuple)


# --- law 1: a pure function


def test_the_same_facts_and_answers_give_the_same_turn() -> None:
    turn, answers = told(day, typed("7"))
    assert replay(day, SAM, answers) == turn
    assert replay(day, SAM, dict(reversed(answers.items()))) == turn


def test_a_dialog_ends_with_its_result() -> None:
    turn = replay(day, SAM, all_told())
    assert turn.done
    assert turn.result == Day(7, {Weather.SUN: 9, Weather.SNOW: 4}, "Cold hands.")
    assert turn.answers["liked"] == {"sun": 9, "snow": 4}


def test_exactly_one_of_prompt_and_result_is_there_at_every_turn() -> None:
    answers = all_told()
    for kept in range(len(answers) + 1):
        turn = replay(day, SAM, dict(list(answers.items())[:kept]))
        assert (turn.prompt is None) == (turn.result is not None)


# --- law 2: keyed, never positional


def test_a_prompt_that_is_added_in_front_disturbs_no_other() -> None:
    """An answer is matched by its key, so only the new prompt is asked."""
    old = script("d", Scale("mood", 0, 10), Text("note"))
    new = script("d", Scale("sleep", 0, 12), Text("note"), Scale("mood", 0, 10))
    _, answers = told(old, typed("7"), typed("Fine."))
    turn = replay(new, SAM, answers)
    assert asked(turn) == ("sleep", None)
    assert told(new, typed("8"), answers=answers)[0].result == (8, "Fine.", 7)


def test_a_prompt_that_is_removed_disturbs_no_other() -> None:
    old = script("d", Scale("sleep", 0, 12), Text("note"))
    _, answers = told(old, typed("8"), typed("Fine."))
    assert replay(script("d", Text("note")), SAM, answers).result == ("Fine.",)


def test_the_items_of_a_key_are_answers_of_their_own() -> None:
    turn, _ = told(day, typed("7"), pressed("+done", "sun", "rain"), typed("9"))
    assert asked(turn) == ("liked", "rain")


# --- law 3: renamed


def test_a_renamed_prompt_finds_its_old_answer() -> None:
    _, answers = told(script("d", Scale("mood", 0, 10)), typed("7"))
    renamed = script("d", Scale("mood_now", 0, 10, renamed="mood"))
    assert replay(renamed, SAM, answers).result == (7,)
    assert asked(replay(script("d", Scale("mood_now", 0, 10)), SAM, answers)) == ("mood_now", None)


def test_a_renamed_prompt_finds_the_old_answers_of_its_items() -> None:
    _, answers = told(script("d", Scale("liked", 0, 10, item="sun")), typed("7"))
    assert replay(script("d", Scale("fond", 0, 10, item="sun", renamed="liked")), SAM, answers).result == (7,)


def test_the_new_answer_counts_before_the_one_under_the_old_name() -> None:
    renamed = script("d", Scale("mood_now", 0, 10, renamed="mood"))
    _, answers = told(script("d", Scale("mood", 0, 10)), typed("7"))
    step = replay(renamed, SAM, answers).trail[0]
    opened = without(answers, step)
    assert asked(replay(renamed, SAM, opened)) == ("mood_now", None)
    answer = accept(replay(renamed, SAM, opened), typed("3"))
    assert replay(renamed, SAM, {**answers, (answer.key, None): answer}).result == (3,)


# --- law 4: what is asked again


def test_an_answer_that_no_longer_parses_is_asked_again() -> None:
    class Fewer(StrEnum):
        SUN = "sun"

    _, answers = told(script("d", Choice("sky", Weather)), pressed("snow"))
    assert asked(replay(script("d", Choice("sky", Fewer)), SAM, answers)) == ("sky", None)


def test_an_option_that_is_added_leaves_old_answers_as_they_are() -> None:
    class More(StrEnum):
        FOG = "fog"
        SNOW = "snow"

    _, answers = told(script("d", Choice("sky", Weather)), pressed("snow"))
    assert replay(script("d", Choice("sky", More)), SAM, answers).result == (More.SNOW,)


@pytest.mark.parametrize(
    "changed",
    [Scale("mood", 0, 100), Scale("mood", 1, 10), Text("mood"), YesNo("mood"), Choice("mood", Weather)],
)
def test_an_answer_to_a_prompt_whose_spec_changed_is_asked_again(changed: Prompt[Any]) -> None:
    _, answers = told(script("d", Scale("mood", 0, 10)), typed("7"))
    assert asked(replay(script("d", changed), SAM, answers)) == ("mood", None)


def test_a_skipped_prompt_that_may_no_longer_be_skipped_is_asked_again() -> None:
    _, answers = told(script("d", Text("note").or_skip()), pressed("+skip"))
    assert replay(script("d", Text("note").or_skip()), SAM, answers).result == (None,)
    assert asked(replay(script("d", Text("note")), SAM, answers)) == ("note", None)


def test_an_answer_about_another_is_asked_again_when_that_changes() -> None:
    about = script("d", Text("thought"), Scale("belief", 0, 100, about=("thought",)), Text("note"))
    _, answers = told(about, typed("I fail."), typed("90"), typed("Later."))
    answers = without(answers, replay(about, SAM, answers).trail[0])
    turn, answers = told(about, typed("I failed once."), answers=answers)
    assert asked(turn) == ("belief", None)
    assert told(about, typed("40"), answers=answers)[0].result == ("I failed once.", 40, "Later.")


def test_giving_the_same_answer_again_asks_nothing_again() -> None:
    about = script("d", Text("thought"), Scale("belief", 0, 100, about=("thought",)))
    turn, answers = told(about, typed("I fail."), typed("90"))
    again = without(answers, turn.trail[0])
    assert told(about, typed("I fail."), answers=again)[0].result == ("I fail.", 90)


def test_an_answer_about_items_depends_on_its_own_item_only() -> None:
    items = script(
        "d",
        *(Scale("was", 0, 10, item=w) for w in ("sun", "rain")),
        *(Scale("is", 0, 10, item=w, about=("was",)) for w in ("sun", "rain")),
        Scale("sum", 0, 20, about=("was",)),
    )
    turn, answers = told(items, *map(typed, "1234"), typed("5"))
    changed = without(answers, turn.trail[1])
    turn, answers = told(items, typed("9"), answers=changed)
    assert asked(turn) == ("is", "rain")
    assert asked(told(items, typed("8"), answers=answers)[0]) == ("sum", None)


def test_renaming_a_prompt_leaves_those_about_it_alone() -> None:
    old = script("d", Text("thought"), Scale("belief", 0, 100, about=("thought",)))
    new = script("d", Text("idea", renamed="thought"), Scale("belief", 0, 100, about=("idea",)))
    _, answers = told(old, typed("I fail."), typed("90"))
    assert replay(new, SAM, answers).result == ("I fail.", 90)


# --- laws 5 and 6: editing


def test_changing_an_early_answer_keeps_the_later_ones() -> None:
    answers = all_told()
    opened = without(answers, replay(day, SAM, answers).trail[0])
    assert asked(replay(day, SAM, opened)) == ("mood", None)
    turn, _ = told(day, typed("2"), answers=opened)
    assert turn.result == Day(2, {Weather.SUN: 9, Weather.SNOW: 4}, "Cold hands.")


def test_items_no_longer_ticked_stay_out_and_come_back_when_ticked_again() -> None:
    answers = all_told()
    step = replay(day, SAM, answers).trail[1]
    fewer, fewer_answers = told(day, pressed("+done", "snow"), answers=without(answers, step))
    assert fewer.result == Day(7, {Weather.SNOW: 4}, "Cold hands.")
    assert ("liked", "sun") in fewer_answers
    again, _ = told(day, pressed("+done", "sun", "snow"), answers=without(fewer_answers, fewer.trail[1]))
    assert again.result == Day(7, {Weather.SUN: 9, Weather.SNOW: 4}, "Cold hands.")


def test_many_yields_in_catalogue_order_whatever_the_order_of_ticks() -> None:
    turn, _ = told(day, typed("7"), pressed("+done", "snow", "rain", "sun"), *map(typed, "123"), typed("x"))
    assert list(turn.answers["seen"]) == list(Weather)
    assert list(turn.answers["liked"]) == ["sun", "rain", "snow"]


def test_back_returns_through_every_step_to_the_first() -> None:
    answers: Mapping[Identity, Answer] = all_told()
    met = []
    while (step := before(turn := replay(day, SAM, answers))) is not None:
        answers = without(answers, step)
        met.append(asked(replay(day, SAM, answers)))
    assert met == [("note", None), ("liked", "snow"), ("liked", "sun"), ("seen", None), ("mood", None)]
    assert turn.trail == ()


# --- Say


def test_what_is_only_said_leads_the_next_prompt_and_is_gone_after_its_answer() -> None:
    turn, answers = told(day)
    assert [say.key for say in turn.says] == ["hello"]
    turn, answers = told(day, typed("1"))
    assert [say.key for say in turn.says] == ["heavy"]
    turn, _ = told(day, pressed("+done"), answers=answers)
    assert turn.says == ()


def test_an_old_answer_under_a_key_that_now_only_says_something_is_no_answer() -> None:
    _, answers = told(script("d", Text("note")), typed("Fine."))
    turn = replay(script("d", Say("note"), Scale("mood", 0, 10)), SAM, answers)
    assert [say.key for say in turn.says] == ["note"]
    assert asked(turn) == ("mood", None)


def test_what_is_said_at_the_end_comes_with_the_result() -> None:
    turn = replay(script("d", Say("bye")), SAM, {})
    assert turn.done
    assert [say.key for say in turn.says] == ["bye"]


# --- law 7: broken dialogs name themselves, and quote nobody


@pytest.mark.parametrize(
    "twice",
    [
        (Scale("mood", 0, 10), Scale("mood", 0, 10)),
        (Scale("mood", 0, 10), Text("mood")),
        (Scale("mood", 0, 10, item="a"), Scale("mood", 0, 10, item="a")),
        (Say("mood"), Scale("sleep", 0, 10), Say("mood")),
        (Say("mood"), Scale("mood", 0, 10)),
    ],
)
def test_asking_one_key_and_item_twice_is_broken(twice: tuple[Prompt[Any], ...]) -> None:
    broken = script("weather", *twice)
    with pytest.raises(BrokenDialog, match="weather asked mood"):
        told(broken, typed("7"), typed("7"))


def test_awaiting_anything_but_a_prompt_is_broken() -> None:
    async def sleepy(facts: Facts) -> None:
        await asyncio.sleep(0)

    with pytest.raises(BrokenDialog, match="sleepy"):
        replay(Dialog("sleepy", sleepy, type(None)), SAM, {})


def test_a_script_that_raises_is_broken_at_the_prompt_after_which_it_did() -> None:
    async def brittle(facts: Facts) -> int:
        words = await Text("note")
        return int(words)

    with pytest.raises(BrokenDialog) as broken:
        told(Dialog("brittle", brittle, int), typed("my secret"))
    assert str(broken.value) == "brittle raised ValueError after note"


def test_a_script_that_never_ends_is_broken() -> None:
    async def endless(facts: Facts) -> None:
        n = 0
        while True:
            n += 1
            await Scale("n", 0, 10, item=str(n))

    with pytest.raises(BrokenDialog, match="without end"):
        expected(Dialog("endless", endless, type(None)), SAM, {})


def test_no_coroutine_is_left_behind() -> None:
    """Each replay closes its own: nothing of a script hangs in memory until it is collected."""
    made: list[Coroutine[Any, Any, None]] = []

    async def ask(facts: Facts) -> None:
        await Text("note")

    def watched(facts: Facts) -> Coroutine[Any, Any, None]:
        made.append(ask(facts))
        return made[-1]

    replay(Dialog("watched", watched, type(None)), SAM, {})
    assert [inspect.getcoroutinestate(each) for each in made] == [inspect.CORO_CLOSED]


# --- progress, records, rehearsal


def test_progress_counts_from_one_and_ends_at_its_total() -> None:
    answers: Answers = {}
    seen = []
    for said in (typed("7"), pressed("+done", "sun", "rain"), typed("1"), typed("2"), typed("x")):
        seen.append(expected(day, SAM, answers))
        _, answers = told(day, said, answers=answers)
    assert seen == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    assert expected(day, SAM, answers) == (5, 5)


def test_a_record_freezes_to_plain_values() -> None:
    @dataclass(frozen=True)
    class Inner:
        on: date

    @dataclass(frozen=True)
    class Outer:
        at: time
        sky: Weather
        liked: Mapping[Weather, int]
        inner: Inner
        seen: tuple[Weather, ...]
        note: str | None

    record = Outer(
        time(8, 30), Weather.SUN, {Weather.RAIN: 3}, Inner(date(2026, 3, 3)), (Weather.SNOW,), None
    )
    assert freeze(record) == {
        "at": "08:30",
        "sky": "sun",
        "liked": {"rain": 3},
        "inner": {"on": "2026-03-03"},
        "seen": ["snow"],
        "note": None,
    }
    assert type(freeze(record)["sky"]) is str


def test_what_cannot_be_kept_cannot_be_frozen() -> None:
    @dataclass(frozen=True)
    class Odd:
        thing: object

    with pytest.raises(TypeError):
        freeze(Odd(object()))


def test_a_rehearsal_reports_only_sessions_that_would_move() -> None:
    old = script("d", Scale("mood", 0, 10), Text("note"))
    _, answers = told(old, typed("7"))
    assert rehearse(old, SAM, answers, ("note", None)) is None
    added = script("d", Scale("mood", 0, 10), Text("new"), Text("note"))
    assert rehearse(added, SAM, answers, ("note", None)) == Moved("d", ("note", None), ("new", None))
    shorter = script("d", Scale("mood", 0, 10))
    assert rehearse(shorter, SAM, answers, ("note", None)) == Moved("d", ("note", None), None)
    renamed = script("d", Scale("mood", 0, 10), Text("words", renamed="note"))
    assert rehearse(renamed, SAM, answers, ("note", None)) is None
    broken = script("d", Scale("mood", 0, 10), Scale("mood", 0, 10))
    assert rehearse(broken, SAM, answers, ("note", None)) == Moved("d", ("note", None), None, broken=True)


# --- all dialogs of the catalogue, under any answers


def any_answers(dialog: Dialog[Any], facts: Facts, data: st.DataObject) -> Answers:
    """A whole conversation with answers that hypothesis picks from the samples."""

    def guess(turn: Turn[Any]) -> Json:
        assert turn.prompt is not None
        samples = turn.prompt.samples + ((None,) if turn.prompt.optional else ())
        return data.draw(st.sampled_from(samples))

    turn = walk(dialog, facts, {}, guess)
    return {step.prompt.identity: step.stored for step in turn.trail}


some_dialog = st.sampled_from(sorted(CATALOGUE.values(), key=lambda d: d.name))
some_facts = st.builds(
    Facts,
    name=st.just("Sam"),
    today=st.just(date(2026, 3, 3)),
    takes_medication=st.sampled_from((None, True, False)),
    day_number=st.integers(1, 30),
)


@settings(max_examples=25, deadline=None)
@given(some_dialog, some_facts, st.data())
def test_progress_never_passes_its_total(dialog: Dialog[Any], facts: Facts, data: st.DataObject) -> None:
    answers = any_answers(dialog, facts, data)
    so_far: Answers = {}
    for position, (identity, answer) in enumerate(answers.items(), 1):
        now, total = expected(dialog, facts, so_far)
        assert now == position <= total
        assert foresee(dialog, facts, so_far) == (replay(dialog, facts, so_far), total)
        so_far[identity] = answer
    assert expected(dialog, facts, so_far) == (len(answers), len(answers))


@settings(max_examples=25, deadline=None)
@given(some_dialog, some_facts, st.data())
def test_any_answer_can_be_changed_and_the_dialog_goes_on(
    dialog: Dialog[Any], facts: Facts, data: st.DataObject
) -> None:
    """Take any answer out, give any other: no answer before it is lost, and an end is still reached."""
    answers = any_answers(dialog, facts, data)
    turn = replay(dialog, facts, answers)
    at = data.draw(st.integers(0, len(turn.trail) - 1))
    step = turn.trail[at]
    opened = replay(dialog, facts, without(answers, step))
    assert opened.prompt == step.prompt
    assert opened.trail == turn.trail[:at]

    def guess(turn: Turn[Any]) -> Json:
        assert turn.prompt is not None
        return data.draw(st.sampled_from(turn.prompt.samples))

    assert walk(dialog, facts, without(answers, step), guess).done


@settings(max_examples=25, deadline=None)
@given(some_dialog, some_facts, st.data())
def test_answers_survive_storage(dialog: Dialog[Any], facts: Facts, data: st.DataObject) -> None:
    """Answers, facts and records are plain JSON: what comes back is the same conversation."""
    answers = any_answers(dialog, facts, data)
    kept = (Answer(*json.loads(json.dumps(answer))) for answer in answers.values())
    restored = {(answer.key, answer.item): answer for answer in kept}
    again = Facts.from_json(json.loads(json.dumps(facts.to_json())))
    assert replay(dialog, again, restored) == replay(dialog, facts, answers)
    json.dumps(freeze(replay(dialog, facts, answers).result))
