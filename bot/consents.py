"""What somebody agreed to: item by item, in the words they saw, under the version of those words.

Consent in writing stays readable, single items of it can be given or taken back, and words that change are
another consent (42 CFR 2.31). The versions stand in `content/consents.toml`, each with a mark of its words,
so that nobody changes the words and keeps the version: `problem` says when somebody did.
"""

import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from bot.program import Program
from bot.rows import Consent, Patient, Record
from bot.unit import Unit
from bot.wording import Wording
from dialogs import enrolment
from dialogs.engine import Turn
from dialogs.prompts import Facts

FILE = "consents.toml"
SHARE_WORDS = "share_words"
SHARE_PLAN = "share_plan"
REFUSABLE = (SHARE_WORDS, SHARE_PLAN)
"""What can be refused, taken back and given again by itself; anything else ends Handrail's work."""
_ASKED = (*(item.value for item in enrolment.Consent), SHARE_WORDS)
_WORDS = {
    "enrolment": (*_ASKED, "adult", "signature"),
    "privacy": ("words_ask",),
    "plans": ("share_ask",),
    "safety_plan": ("plan_share",),
}
_WORDING = "wording"


def version(root: Path) -> str:
    """The version of the words that are asked now."""
    return _newest(root)[0]


def problem(wording: Wording) -> str:
    """What is wrong with the version of the words as they stand; "" when it is right."""
    if not (wording.root / FILE).exists():
        return ""
    name, kept = _newest(wording.root)
    now = mark(wording)
    if now == kept:
        return ""
    return f'the consent no longer has the words of version {name}: add one with words = "{now}"'


def mark(wording: Wording) -> str:
    """Sixteen hex digits that change with any word of the consent, in any language."""
    found = [
        (language, file, name, " ".join(source.split()))
        for (language, file), page in sorted(wording.pages.items())
        for name, source in sorted(page.sources.items())
        if any(name == item or name.startswith(f"{item}__") for item in _WORDS.get(file, ()))
    ]
    return sha256(repr(found).encode()).hexdigest()[:16]


def give(unit: Unit, program: Program, patient: Patient, item: str, given: bool) -> None:
    """Write down a yes or a no under today's version; what it replaces stays on file, taken back."""
    for earlier in unit.find(Consent, patient_id=patient.id, item=item, revoked_at=None):
        unit.change(earlier, revoked_at=unit.now)
    unit.add(
        Consent(
            id=unit.new_id(),
            patient_id=patient.id,
            item=item,
            given=given,
            version=program.consent_version,
            at=unit.now,
        )
    )


def standing(unit: Unit, patient: Patient, item: str) -> Consent | None:
    """The yes that counts now; None when there is none."""
    return unit.one(Consent, patient_id=patient.id, item=item, given=True, revoked_at=None, order="-at")


def keep_wording(unit: Unit, program: Program, patient: Patient, turn: Turn[Any], facts: Facts) -> None:
    """Keep the words that were agreed to with the record of it, as they were shown."""
    record = unit.one(Record, patient_id=patient.id, dialog=turn.dialog.name, order="-at")
    if record is None:
        return
    shown = {
        step.prompt.key: program.words.prompt(
            patient.language,
            turn.dialog.name,
            step.prompt,
            Turn(turn.dialog, turn.trail[:place], (), step.prompt),
            facts,
        )
        for place, step in enumerate(turn.trail)
        if step.prompt.key in _ASKED
    }
    unit.change(record, body={**record.body, _WORDING: shown})


def wording_of(unit: Unit, patient: Patient) -> Mapping[str, str]:
    """The words that somebody agreed to, HTML, by item, in the order of asking; empty when none were kept."""
    record = unit.one(Record, patient_id=patient.id, dialog=enrolment.enrolment.name, order="-at")
    kept: Mapping[str, str] = record.body.get(_WORDING, {}) if record else {}
    return {item: kept[item] for item in _ASKED if item in kept}


def _newest(root: Path) -> tuple[str, str]:
    versions = tomllib.loads((root / FILE).read_text(encoding="utf-8"))["version"]
    return str(versions[-1]["name"]), str(versions[-1]["words"])
