"""A fault of ours in the middle of a cry holds up nobody else, and the cry is not lost."""

from typing import Any

import pytest

from bot import attending, crisis, inbox, sos, turns
from bot.courier import Gone
from bot.direct import Direct
from bot.inbound import Edited, Event, Inbound, Pressed, Said
from bot.rows import Incoming, Outgoing, Receipt
from tests.crisis.clinic import DIE, VEILED, Model, Ward, listen
from tests.fakes import FakeStorage
from tests.reminders.clinic import MINUTE


def broken(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> list[bool]:
    """This function fails while the list holds anything."""
    works, fails = getattr(module, name), [True]

    def failing(*given: Any, **more: Any) -> Any:
        if fails:
            raise RuntimeError("a fault of ours")
        return works(*given, **more)

    monkeypatch.setattr(module, name, failing)
    return fails


@pytest.mark.parametrize("words", [DIE, VEILED])
async def test_a_cry_that_fails_is_kept_and_heard_later_and_others_go_on(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """Whether phrases hear it or the model; what its person writes next waits behind it."""
    await listen(ward, Model())
    fails = broken(monkeypatch, crisis, "hear")
    sam, kim = await ward.enrol(), await ward.enrol()
    batch: list[Inbound] = [
        await ward.inbound(one, Said(text)) for one, text in ((sam, words), (kim, "hello"))
    ]
    await ward.intake().receive(batch)
    assert len(await ward.said_since(kim, 0)) == 1
    assert await ward.flags(sam) == []
    assert await ward.intake().retry() == 1  # at once
    alarms = [row.body["text"] for row in await ward.queued(staff_id__not=None) if row.body]
    assert len([text for text in alarms if "that I can't show" in text and "P-" in text]) == 1
    fails.clear()
    ward.clock.advance(MINUTE)
    assert await ward.intake().retry() == 1
    assert "nobody has confirmed reading it yet" in (await ward.said_since(sam, 0))[0]
    assert await ward.rung(sam) == 1


async def test_an_apology_to_a_stranger_claims_to_have_kept_nothing(ward: Ward) -> None:
    coming = Inbound(b"from outside", 7777, 7777, ward.now, Said("hello"), 5)
    await ward.do(lambda unit: turns.apologise(unit, ward.host, coming))
    rows = await ward.do(lambda unit: unit.find(Outgoing, chat_hash=unit.digest(7777)))
    assert "kept it safe" not in str(rows)
    sam = await ward.enrol()
    mine = await ward.inbound(sam, Said("hello"))
    await ward.do(lambda unit: turns.apologise(unit, ward.host, mine))
    assert "kept it safe" in (await ward.said_since(sam, 0))[-1]


async def test_one_that_goes_on_failing_is_a_dead_letter_and_the_counselor_hears(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch, crisis, "hear")
    sam = await ward.enrol()
    await ward.says(sam, DIE)
    for _ in range(inbox.TRIES):
        ward.clock.advance(MINUTE)
        await ward.intake().retry()
    assert await ward.do(lambda unit: unit.count(Incoming, state=Receipt.DEAD)) == 1
    assert "A line: 1-800" in (await ward.said_since(sam, 0))[-1]
    assert await ward.noticed("dead_letter") == {"Dana"}


async def test_a_call_for_help_that_fails_before_its_turn_is_answered_by_it(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch, sos, "answer")
    sam = await ward.enrol()
    (said,) = await ward.says(sam, "/sos")
    assert "press what is going on" in said
    await ward.says(sam, "hekp")
    (said,) = await ward.hands_in(sam, Edited("help me"))
    assert "press what is going on" in said


class Past(Direct):
    """Keeps what is sent past the storage."""

    def __init__(self) -> None:
        super().__init__(None)  # type: ignore[arg-type]
        self.texts: list[str] = []

    async def send(self, key: str, chat: int, text: str) -> None:
        self.texts.append(text)


PRESSES = (Pressed("o:safe", "c"), Pressed("o:sos:using", "c"), Said("Yes."), Edited("no"))
"""Of somebody whose ASQ is open."""


@pytest.mark.parametrize("event", PRESSES)
async def test_a_press_that_fails_by_a_fault_of_ours_is_answered_by_what_is_stored(
    small_ward: Ward, monkeypatch: pytest.MonkeyPatch, event: Event
) -> None:
    """The storage is well, so nothing goes past it: help comes from there, once, and it is tried again."""
    small_ward.direct = past = Past()
    sam = await small_ward.enrol()
    await small_ward.says(sam, DIE)
    fails = broken(monkeypatch, attending, "take")
    (said,) = await small_ward.hands_in(sam, event)
    assert past.texts == []
    assert "A line: 1-800" in said
    assert "I'm trying again" in said
    before = await small_ward._newest()
    small_ward.clock.advance(MINUTE)
    assert await small_ward.intake().retry() == 1
    assert await small_ward.said_since(sam, before) == []
    fails.clear()
    small_ward.clock.advance(MINUTE)
    assert await small_ward.intake().retry() == 1
    assert len(await small_ward.said_since(sam, before)) == 1


@pytest.mark.parametrize("event", [*PRESSES, Said("/sos", command="sos")])
async def test_with_storage_gone_nothing_is_said_of_what_the_team_was_told_before(
    small_ward: Ward, event: Event
) -> None:
    """An alert was rung: of a press, and of a call for help, only that it reaches nobody is known."""
    assert isinstance(small_ward.storage, FakeStorage)
    small_ward.direct = past = Past()
    sam = await small_ward.enrol()
    await small_ward.says(sam, DIE)
    coming = await small_ward.inbound(sam, event)
    small_ward.storage.fail = OSError("disk I/O error")
    with pytest.raises(OSError, match="disk"):
        await small_ward.intake().receive([coming])
    assert past.texts
    for text in past.texts:
        assert "A line: 1-800" in text
        assert "nobody has been told" not in text
        assert "still stands" in text


class Sent:
    """A courier that keeps what it is given."""

    def __init__(self, refuses: tuple[str, ...] = ()) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.refuses = refuses

    async def deliver(self, body: dict[str, Any], *, message_id: int | None = None) -> int | None:
        self.bodies.append(body)
        if body["kind"] in self.refuses:
            raise Gone
        return 1


@pytest.mark.parametrize("event", [*PRESSES, Pressed("o:hide", "c")])
async def test_what_went_past_the_storage_goes_once_and_is_forgotten_once_it_is_taken(
    small_ward: Ward, event: Event
) -> None:
    """Telegram hands it over again and again. A process that runs for months keeps no key of it."""
    assert isinstance(small_ward.storage, FakeStorage)
    sent = Sent()
    small_ward.direct = Direct(sent)
    sam = await small_ward.enrol()
    await small_ward.says(sam, DIE)
    coming = await small_ward.inbound(sam, event)
    small_ward.storage.fail = OSError("disk I/O error")
    for _ in range(3):
        with pytest.raises(OSError, match="disk"):
            await small_ward.intake().receive([coming])
    assert len(sent.bodies) == 1
    small_ward.storage.fail = None
    await small_ward.intake().receive([coming])
    assert small_ward.direct._cards == {}


async def test_with_storage_gone_a_card_too_old_to_be_deleted_becomes_one_sign(small_ward: Ward) -> None:
    assert isinstance(small_ward.storage, FakeStorage)
    sent = Sent(refuses=("delete",))
    small_ward.direct = Direct(sent)
    sam = await small_ward.enrol()
    coming = await small_ward.inbound(sam, Pressed("o:hide", "c"))
    small_ward.storage.fail = OSError("disk I/O error")
    for _ in range(2):
        with pytest.raises(OSError, match="disk"):
            await small_ward.intake().receive([coming])
    _, edit = sent.bodies
    assert (edit["kind"], edit["message_id"], edit["text"]) == ("edit", coming.message_id, "✓")


@pytest.mark.parametrize(("event", "urgent"), [(Said("yes"), False), (Pressed("o:safe", "c"), True)])
async def test_a_short_answer_is_committed_with_the_others_and_a_press_before_them(
    small_ward: Ward, monkeypatch: pytest.MonkeyPatch, event: Event, urgent: bool
) -> None:
    """Nearly all that are typed answer an ordinary question."""
    sam = await small_ward.enrol()
    await small_ward.says(sam, DIE)
    coming = await small_ward.inbound(sam, event)
    write, before = small_ward.storage.write, list[bool]()

    async def watched(work: Any, *, urgent: bool = False) -> Any:
        before.append(urgent)
        return await write(work, urgent=urgent)

    monkeypatch.setattr(small_ward.storage, "write", watched)
    await small_ward.intake().receive([coming])
    assert before == [urgent]
