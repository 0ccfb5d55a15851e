"""The safety plan: made in six steps, changed line by line, one press away, shared by consent only."""

from bot import coping, staff
from bot.rows import Audit, Consent
from dialogs.choices import Coping
from tests.crisis.clinic import DIE, Ward

STEPS = (
    "not sleeping\n- coffee at night",
    "walk",
    "my sister's kitchen",
    "Ana 555",
    "Dana",
    "Leo keeps the pills",
)


async def make(ward: Ward, sam: int, share: str = "No, keep") -> None:
    await ward.presses_plan(sam)
    for words in STEPS:
        await ward.says(sam, words)
    await ward.presses(sam, share)


async def test_a_plan_is_shown_whole_in_one_press_from_a_card(ward: Ward) -> None:
    sam = await ward.enrol()
    await make(ward, sam)
    await ward.says(sam, DIE)
    (shown,) = await ward.presses(sam, "🛟 My safety plan")
    places = [shown.index(line) for line in ("• not sleeping", "• coffee at night", "• walk", "• Ana 555")]
    assert places == sorted(places)
    assert "A line: 1-800" in shown


async def test_without_a_plan_the_card_offers_to_make_one_later(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, DIE)
    (offer,) = await ward.presses(sam, "🛟 Make a safety plan")
    assert "numbers come first" in offer


async def test_half_a_plan_is_shown_too(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.presses_plan(sam)
    await ward.says(sam, STEPS[0])
    (shown,) = await ward.says(sam, "/plan")
    assert "• coffee at night" in shown
    assert any(label.startswith("▶️ Go on") for label in await ward.buttons(sam))


async def test_each_line_can_be_changed_taken_out_and_added(ward: Ward) -> None:
    sam = await ward.enrol()
    await make(ward, sam)
    for step, press, then, words in (
        ("signs", "coffee", "Write it anew", "pacing"),
        ("signs", "not sleeping", "Take it out", None),
        ("people", "➕", None, "Leo"),
    ):
        await ward.says(sam, "/plan")
        await ward.presses(sam, "✏️")
        await ward.presses(sam, f"o:plan:step:{step}")
        await ward.presses(sam, press)
        if then:
            await ward.presses(sam, then)
        if words:
            await ward.says(sam, words)
        ward.clock.advance(ward.program.silence / 200)
    (shown,) = await ward.says(sam, "/plan")
    assert "• pacing" in shown
    assert "coffee" not in shown
    assert "not sleeping" not in shown
    assert "• Ana 555\n• Leo" in shown


async def test_nobody_on_the_team_reads_a_plan_that_was_not_shared(ward: Ward) -> None:
    sam = await ward.enrol()
    await make(ward, sam)
    dana = ward.dana
    assert dana is not None
    toast = await ward.do(lambda unit: staff.PRESSES["plan"](unit, ward.host, dana, f"P-{1001}"))
    assert toast is not None
    assert not [row for row in await ward.queued(staff_id=dana.id) if "walk" in str(row.body)]


async def test_sharing_is_a_consent_each_look_is_audited_and_it_can_be_taken_back(ward: Ward) -> None:
    sam = await ward.enrol()
    await make(ward, sam, "Yes, share it")
    dana = ward.dana
    assert dana is not None
    code = (await ward.patient(sam)).code
    (consent,) = await ward.do(lambda unit: unit.find(Consent, patient_id=sam, item="share_plan"))
    assert consent.given
    assert await ward.do(lambda unit: staff.PRESSES["plan"](unit, ward.host, dana, code)) is None
    shown = [row for row in await ward.queued(staff_id=dana.id) if "• walk" in str(row.body)]
    assert [row.body["protect"] for row in shown if row.body] == [True]
    await ward.says(sam, "/plan")
    await ward.presses(sam, "🔒")
    assert await ward.do(lambda unit: staff.PRESSES["plan"](unit, ward.host, dana, code)) is not None
    actions = [row.action for row in await ward.do(lambda unit: unit.find(Audit, patient_id=sam))]
    assert actions == ["plan_shared", "plan_viewed", "plan_unshared"]
    told = [r for r in await ward.queued(staff_id=dana.id) if "has shared their" in str(r.body)]
    assert len(told) == 1


def test_the_list_is_ranked_by_what_worked_and_holds_nothing_that_never_did() -> None:
    followups = [
        {"called": "a_lot", "moved": "a_little", "ate": "no"},
        {"called": "a_little", "moved": "a_little", "breathed": "a_lot", "ate": "no"},
        {"gone": "a_lot", "waited": "who knows"},
    ]
    assert coping.rank(followups) == (Coping.BREATHED, Coping.CALLED, Coping.MOVED)
