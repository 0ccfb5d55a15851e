"""The safety plan: one press away, changed line by line, shared with the counselor only by consent.

The plan is what the newest finished `safety_plan` came to, with every line changed since; while the first one
is still being made, it is what has been answered so far, because half a plan helps in a hard hour too.
Sharing is a consent of its own: given, shown and taken back here, and every look is written to the audit.
"""

from collections.abc import Callable, Mapping

from bot import alerts, consents, conversations, danger, outbox, people, sessions
from bot.host import Host
from bot.inbound import Inbound
from bot.outbox import Button, Buttons, Lane
from bot.program import Program
from bot.rows import Answer, Patient, Record, Staff
from bot.unit import Unit
from dialogs.safety_plan import PlanLine, Step, lines_of

Handler = Callable[[Unit, Host, Patient, Inbound, list[str]], str | None]
Plan = Mapping[str, list[str]]
_LABEL = 40


def of(unit: Unit, patient: Patient) -> Plan | None:
    """The plan as it stands now: lines by step; None while there is none."""
    base = unit.one(Record, patient_id=patient.id, dialog=danger.PLAN, order="-at")
    steps: dict[str, list[str]] = {step.value: [] for step in Step}
    if base is None:
        left = sessions.unfinished(unit, patient, danger.PLAN)
        for row in unit.find(Answer, session_id=left.id, superseded_at=None) if left else ():
            step = row.key.removeprefix("plan_")
            if step in steps and isinstance(row.body["value"], str):
                steps[step] = list(lines_of(row.body["value"]))
        if not any(steps.values()):
            return None
        return steps
    steps = {step.value: list(base.body.get(step) or ()) for step in Step}
    changed = unit.find(Record, patient_id=patient.id, dialog=danger.PLAN_LINE, order="at", at__ge=base.at)
    for change in changed:
        line = PlanLine(Step(change.body["step"]), change.body["number"], change.body["words"])
        steps[line.step] = line.applied(steps[line.step])
    return steps


def is_shared(unit: Unit, patient: Patient) -> bool:
    return consents.standing(unit, patient, consents.SHARE_PLAN) is not None


def plan(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """`/plan` and its buttons: `o:plan[:make|change|step:STEP|line:STEP:N|add:STEP|share[:yes]|unshare]`."""
    match args:
        case ["make"]:
            _make(unit, host, patient, inbound)
        case ["change"]:
            _say(unit, host, patient, "which_step", _step_buttons(host, patient))
        case ["step", step] if step in set(Step):
            _show_step(unit, host, patient, Step(step))
        case ["line", step, number] if step in set(Step):
            _change_line(unit, host, patient, f"{step}:{number}")
        case ["add", step] if step in set(Step):
            _change_line(unit, host, patient, step)
        case ["share"]:
            _offer_to_share(unit, host, patient)
        case ["share", "yes"]:
            who = share(unit, host.program, patient)
            block = "shared" if who else "nobody_to_share"
            _say(unit, host, patient, block, after(host.program, patient), who=who.name if who else "")
        case ["unshare"]:
            _unshare(unit, host, patient)
        case _:
            show(unit, host, patient, inbound)
    return None


def show(unit: Unit, host: Host, patient: Patient, inbound: Inbound) -> None:
    """The whole plan in one message, or the offer to make one; at once, like a card, and once."""
    steps, cause = of(unit, patient), f"plan:{inbound.key.hex()}"
    if steps is None:
        make = [[_button(host.program, patient, "button_make", "o:plan:make")]]
        outbox.say(unit, people.address(patient), _words(host, patient, "no_plan"), make, cause=cause)
        return
    shared = is_shared(unit, patient)
    outbox.say(
        unit,
        people.address(patient),
        _words(
            host,
            patient,
            "plan",
            steps=_named(host, patient.language, steps),
            crisis=host.program.lines_in(patient.language),
            shared_with=_counselor(unit, patient) if shared else "",
        ),
        _plan_buttons(unit, host, patient, shared=shared),
        lane=Lane.ALERT,
        cause=cause,
    )


def after(program: Program, patient: Patient) -> list[list[Button]]:
    """Where to go from a plan that was made or changed."""
    return [
        [_button(program, patient, "button_whole", "o:plan")],
        [_button(program, patient, "button_change", "o:plan:change")],
        [(program.words.plain(patient.language, "navigation", "menu"), "o:menu")],
    ]


def share(unit: Unit, program: Program, patient: Patient) -> Staff | None:
    """Consent to let the counselor read the plan, tell them that they can, and write both down, once.

    The counselor who now can; None while there is nobody to share it with.
    """
    counselor = people.counselor_of(unit, patient)
    to = outbox.to_staff(counselor) if counselor else None
    if counselor is None or to is None:
        return None
    if not is_shared(unit, patient):
        consents.give(unit, program, patient, consents.SHARE_PLAN, True)
        people.note(unit, "patient", "plan_shared", patient_id=patient.id, staff_id=counselor.id)
        text = program.words.text(alerts.LANGUAGE, "plans", "staff_told", code=patient.code)
        outbox.say(unit, to, text, [[_staff_button(program, patient)]], lane=Lane.NOTICE)
    return counselor


def staff_buttons(unit: Unit, program: Program, patient: Patient) -> list[list[Button]]:
    """What stands under a patient's page for those who may read the plan."""
    return [[_staff_button(program, patient)]] if is_shared(unit, patient) else []


def show_to_staff(unit: Unit, host: Host, staff: Staff, code: str) -> str | None:
    """The plan of a patient who shared it, for those who answer for them; a message that is not forwarded."""
    patient = unit.one(Patient, code=code.strip().upper())
    to = outbox.to_staff(staff)
    steps = of(unit, patient) if patient is not None else None
    if patient is None or to is None or steps is None or not people.answers_for(staff, patient):
        return host.program.words.plain(alerts.LANGUAGE, "plans", "staff_not_shared")
    if not is_shared(unit, patient):
        return host.program.words.plain(alerts.LANGUAGE, "plans", "staff_not_shared")
    people.note(unit, staff.code, "plan_viewed", patient_id=patient.id, staff_id=staff.id)
    text = host.program.words.text(
        alerts.LANGUAGE,
        "plans",
        "staff_plan",
        code=patient.code,
        steps=_named(host, alerts.LANGUAGE, steps),
    )
    outbox.say(unit, to, text, protect=True)
    return None


def _make(unit: Unit, host: Host, patient: Patient, inbound: Inbound) -> None:
    left = sessions.unfinished(unit, patient, danger.PLAN)
    if left is not None:
        conversations.go_on(unit, host, patient, left)
    elif of(unit, patient) is None:
        conversations.begin(unit, host, patient, danger.PLAN)
    else:
        show(unit, host, patient, inbound)


def _change_line(unit: Unit, host: Host, patient: Patient, topic: str) -> None:
    """One line is asked about at a time: an earlier one that was left unanswered is given up."""
    left = sessions.unfinished(unit, patient, danger.PLAN_LINE)
    if left is not None:
        sessions.cancel(unit, left)
    conversations.begin(unit, host, patient, danger.PLAN_LINE, topic=topic)


def _show_step(unit: Unit, host: Host, patient: Patient, step: Step) -> None:
    lines = (of(unit, patient) or {}).get(step.value, [])
    rows = [[(_cut(line), f"o:plan:line:{step}:{at}")] for at, line in enumerate(lines, 1)]
    rows.append([_button(host.program, patient, "button_add", f"o:plan:add:{step}")])
    rows.append([_button(host.program, patient, "button_whole", "o:plan")])
    name = host.program.words.plain(patient.language, "plans", f"step__{step}")
    _say(unit, host, patient, "which_line", rows, name=name)


def _offer_to_share(unit: Unit, host: Host, patient: Patient) -> None:
    who = _counselor(unit, patient)
    if not who:
        _say(unit, host, patient, "nobody_to_share", after(host.program, patient))
        return
    buttons = [
        [_button(host.program, patient, "button_share_yes", "o:plan:share:yes")],
        [_button(host.program, patient, "button_share_no", "o:plan")],
    ]
    _say(unit, host, patient, "share_ask", buttons, who=who)


def _unshare(unit: Unit, host: Host, patient: Patient) -> None:
    while (consent := consents.standing(unit, patient, consents.SHARE_PLAN)) is not None:
        unit.change(consent, revoked_at=unit.now)
        people.note(unit, "patient", "plan_unshared", patient_id=patient.id)
    _say(unit, host, patient, "unshared", after(host.program, patient))


def _plan_buttons(unit: Unit, host: Host, patient: Patient, *, shared: bool) -> Buttons:
    words, language = host.program.words, patient.language
    who = _counselor(unit, patient)
    rows = [[_button(host.program, patient, "button_change", "o:plan:change")]]
    left = sessions.unfinished(unit, patient, danger.PLAN)
    if left is not None:
        title = words.plain(language, danger.PLAN, "title")
        rows.insert(0, [(words.plain(language, "menu", "go_on", title=title), f"o:resume:{left.id:x}")])
    elif shared:
        rows.append([_button(host.program, patient, "button_unshare", "o:plan:unshare")])
    elif who:
        rows.append([(words.plain(language, "plans", "button_share", who=who), "o:plan:share")])
    rows.append(
        [
            (words.plain(language, "crisis", "button_ground"), "o:ground"),
            (words.plain(language, "menu", "open_sos"), "o:sos"),
        ]
    )
    return rows


def _step_buttons(host: Host, patient: Patient) -> Buttons:
    return [[_button(host.program, patient, f"step__{step}", f"o:plan:step:{step}")] for step in Step]


def _named(host: Host, language: str, steps: Plan) -> list[tuple[str, list[str]]]:
    words = host.program.words
    return [(words.plain(language, "plans", f"step__{step}"), steps[step.value]) for step in Step]


def _staff_button(program: Program, patient: Patient) -> Button:
    label = program.words.plain(alerts.LANGUAGE, "plans", "staff_button")
    return label, f"s:plan:{patient.code}"


def _counselor(unit: Unit, patient: Patient) -> str:
    counselor = people.counselor_of(unit, patient)
    return counselor.name if counselor else ""


def _cut(line: str) -> str:
    return line if len(line) <= _LABEL else line[: _LABEL - 1] + "…"


def _button(program: Program, patient: Patient, block: str, data: str) -> Button:
    return program.words.plain(patient.language, "plans", block), data


def _words(host: Host, patient: Patient, block: str, **context: object) -> str:
    return host.program.words.text(patient.language, "plans", block, **context)


def _say(unit: Unit, host: Host, patient: Patient, block: str, buttons: Buttons, **context: object) -> None:
    outbox.say(unit, people.address(patient), _words(host, patient, block, **context), buttons)


COMMANDS: Mapping[str, Handler] = {"plan": plan}
OPENS: Mapping[str, Handler] = {"plan": plan}
