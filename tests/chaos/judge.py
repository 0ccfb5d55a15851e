"""The judge: what people were told, by the local Telegram's own ledger, against what `export` says is kept.

Every function gives findings; none means innocence. That it can find something is proved by building faults
into Handrail on purpose (`faults`, `test_controls.py`).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.crisis import RULES
from bot.sandbox import Call, LocalTelegram
from bot.sessions import MARK
from tests.chaos.clinic import Clinic, Person
from tests.chaos.patients import SKIP, UNASKED, Diary, Talk

Json = dict[str, Any]
_SENDS = ("sendMessage", "sendPhoto", "sendDocument")
QUIET_FROM, QUIET_TO = 22, 7
"""Hours, in the clinic's zone: what is seeded has the quiet hours that everybody begins with."""
_EXPECTED = ("message is not modified", "query is too old", "terminated by other getUpdates", "Conflict")
"""Refusals that a bot which sends again whatever may not have arrived, and is killed, cannot avoid."""

_LOUD = ("alarm.no_channel",)
"""Errors that are no fault here: a clinic under test has no channel outside Telegram to ring."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be. `rule` is the promise that was broken."""

    rule: str
    who: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule} [{self.who}] {self.what}"


def judge(clinic: Clinic, diaries: Sequence[Diary], exports: Mapping[str, Json]) -> list[Finding]:
    """All that is wrong, once everything is quiet."""
    found: list[Finding] = []
    for diary in diaries:
        export = exports[diary.code]
        found += [Finding("nobody meets silence", diary.code, trouble) for trouble in diary.troubles]
        found += answers(diary, export)
        found += words(diary, export)
        found += records(diary, export)
        found += flags(diary, export)
        found += alerts(clinic.tg, clinic.staff, diary.code, export)
        found += nudges(clinic.tg, diary, export, clinic.kills)
        found += order(clinic.tg, diary)
    found += [Finding("all drains", "database", f"{n} rows: {name}") for name, n in clinic.left().items()]
    found += [
        Finding("no call is refused", "telegram", f"{call.method}: {call.result}")
        for call in clinic.tg.refused
        if not any(expected in str(call.result) for expected in _EXPECTED)
    ]
    found += [
        Finding("no error in the log", "log", line)
        for line in clinic.log.read_text().splitlines()
        if (" ERROR " in line or "Traceback" in line) and not any(event in line for event in _LOUD)
    ]
    return found


def answers(diary: Diary, export: Json) -> Iterator[Finding]:
    """Each answer whose reply was seen is kept once, in order, and stands unless it was taken back."""
    kept: dict[str, list[Json]] = defaultdict(list)
    for row in export["answers"]:
        kept[row["session"]].append(row)
    for session in kept.keys() - diary.talks.keys():
        yield Finding("nothing is made up", diary.code, f"{len(kept[session])} answers of unknown {session}")
    for session, talk in diary.talks.items():
        rows = kept[session]
        said, stored = [given.said for given in talk.given], [row["value"] for row in rows]
        if len(rows) != len(talk.given) or not all(map(means, said, stored)):
            yield Finding(
                "an answer is kept once", diary.code, f"{talk.dialog} {session}: {said} != {stored}"
            )
            continue
        yield from _standing(diary, talk, rows)


def _standing(diary: Diary, talk: Talk, rows: Sequence[Json]) -> Iterator[Finding]:
    later: set[tuple[str, str | None]] = set()
    for given, row in zip(reversed(talk.given), reversed(rows), strict=True):
        identity = (row["key"], row["item"])
        if row["superseded"] != (given.taken_back or identity in later):
            yield Finding(
                "an answer stands until it is taken back",
                diary.code,
                f"{talk.dialog} {talk.session} {identity}: superseded is {row['superseded']}",
            )
        later.add(identity)


def means(said: str | frozenset[str], value: object) -> bool:
    """Whether this is what was said: the data of a button, a number, words or ticks."""
    match value:
        case None:
            return said == SKIP
        case bool():
            return said == ("yes" if value else "no")
        case int():
            return said == str(value)
        case list():
            return said == frozenset(value) and len(value) == len(said)
        case _:
            return said == value


def words(diary: Diary, export: Json) -> Iterator[Finding]:
    """Words that were no answer are kept once each."""
    said, kept = Counter(diary.words), Counter(row["text"] for row in export["messages"])
    for text in said.keys() | kept.keys():
        if said[text] != kept[text]:
            what = f"said {said[text]} times, kept {kept[text]} times: {text}"
            yield Finding("free words are kept once", diary.code, what)
    if [row["text"] for row in export["messages"]] != diary.words and said == kept:
        yield Finding("one patient, one order", diary.code, "free words are kept in another order")


def records(diary: Diary, export: Json) -> Iterator[Finding]:
    """A dialog that was seen to end has its record, one; a cancelled or unfinished one has none."""
    kept = Counter(row["session"] for row in export["records"])
    for session, talk in diary.talks.items():
        # The last words of a dialog that Handrail opened look like those that it says after a silence.
        doubtful = talk.dialog == UNASKED and talk.state == "done" and not kept[session]
        if kept[session] != (talk.state == "done") and not doubtful:
            what = f"{talk.dialog} {session} is {talk.state} and has {kept[session]} records"
            what += f"; ended by {talk.ended_by}" if talk.ended_by else ""
            yield Finding("a finished dialog has one record", diary.code, what)


def flags(diary: Diary, export: Json) -> Iterator[Finding]:
    """What calls for a flag has raised it, once a session."""
    called: dict[str, set[str]] = defaultdict(set)
    for row in export["answers"]:
        match row["key"], row["value"]:
            case "craving" | "urge", int(strength) if strength >= 8:
                called["craving"].add(row["session"])
            case "used", True:
                called["lapse"].add(row["session"])
            case "call" | "lapse_call", True:
                called["call_me"].add(row["session"])
    raised = Counter(row["rule"] for row in export["flags"])
    for rule in ("craving", "lapse", "call_me"):
        if raised[rule] != len(called[rule]):
            what = f"{rule}: {raised[rule]} flags for {len(called[rule])} sessions"
            yield Finding("a flag is raised once", diary.code, what)
    # A cry within an alert that rings already, as one after safety questions does, is added to that one.
    heard = raised["crisis"] or (diary.cries and any(raised[rule] for rule in RULES))
    if bool(heard) != bool(diary.cries) or raised["crisis"] > diary.cries:
        yield Finding("danger is heard", diary.code, f"{diary.cries} cries, {raised['crisis']} crisis flags")


def alerts(tg: LocalTelegram, staff: Iterable[Person], code: str, export: Json) -> Iterator[Finding]:
    """Every flag reached a member of staff, and the alert names the patient."""
    members = {person.telegram_id for person in staff}
    rang = {
        data.rpartition(":")[2]
        for call in delivered(tg)
        if call.params["chat_id"] in members and code in call.params.get("text", "")
        for data in presses(call)
    }
    for flag in export["flags"]:
        if flag["id"] not in rang:
            yield Finding("every flag's alert arrives", code, f"{flag['rule']} of {flag['at']}")


def nudges(tg: LocalTelegram, diary: Diary, export: Json, kills: int) -> Iterator[Finding]:
    """No reminder twice. One that was begun is lost only where a kill may have come between, or where
    something happened to its own call: it may have arrived then, for all that Handrail knows."""
    tried = [
        (data.rpartition(":")[2], call)
        for call in tg.calls
        if call.method in _SENDS and call.params.get("chat_id") == diary.telegram_id
        for data in presses(call)
        if data.startswith("o:snooze:30:")
    ]
    sent = [(nudge, call) for nudge, call in tried if call.status == 200]
    for nudge, times in Counter(nudge for nudge, _ in sent).items():
        if times > 1:
            yield Finding("no reminder twice", diary.code, f"nudge {nudge} was sent {times} times")
    for _, call in sent:
        if "o:checkin" in presses(call) and (call.at.hour >= QUIET_FROM or call.at.hour < QUIET_TO):
            yield Finding("no reminder in quiet hours", diary.code, f"at {call.at:%H:%M}")
    evenings = [call.at.date() for _, call in sent if "o:checkin" in presses(call)]
    for day, times in Counter(evenings).items():
        if times > 1:
            yield Finding("no reminder twice", diary.code, f"{times} on {day}")
    begun = sum(row["outcome"] in ("sent", "asked") for row in export["nudges"])
    arrived = len({nudge for nudge, _ in sent})
    lost = len({nudge for nudge, _ in tried}) - arrived
    if arrived > begun or begun - arrived > kills + lost:
        what = f"{begun} begun, {arrived} arrived, {lost} lost in the air"
        yield Finding("a reminder that is due is sent", diary.code, what)
    slots = Counter((row["kind"], row["local_date"]) for row in export["nudges"] if row["kind"] == "evening")
    for slot, times in slots.items():
        if times > 1:
            yield Finding("no reminder twice", diary.code, f"{slot} was written down {times} times")


def order(tg: LocalTelegram, diary: Diary) -> Iterator[Finding]:
    """The questions of a session arrive in the order in which they were asked, the first time."""
    asked: dict[str, int] = {}
    for call in delivered(tg):
        if call.params["chat_id"] != diary.telegram_id:
            continue
        for data in presses(call):
            kind, _, rest = data.partition(":")
            session, _, turn = rest.removeprefix(MARK).partition(":")
            number = turn.partition(":")[0]
            if kind not in ("a", "n") or not number.isdecimal():
                continue
            if int(number) > asked.get(session, 0) + 1:
                what = f"turn {number} of {session} came after turn {asked.get(session, 0)}"
                yield Finding("one patient, one order", diary.code, what)
            asked[session] = max(asked.get(session, 0), int(number))


def delivered(tg: LocalTelegram) -> Iterator[Call]:
    """Messages that appeared in a chat, whether or not the bot ever heard so."""
    return (call for call in tg.calls if call.method in _SENDS and call.status == 200)


def presses(call: Call) -> list[str]:
    markup = call.params.get("reply_markup") or {}
    if isinstance(markup, str):
        markup = json.loads(markup)
    return [
        b["callback_data"] for row in markup.get("inline_keyboard", []) for b in row if "callback_data" in b
    ]
