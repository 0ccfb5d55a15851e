"""What we ask, and what answers mean. Pure: no input or output, no clock, no chance.

`CATALOGUE` is the explicit list of dialogs, by name. A name is for ever: sessions are stored under it.
"""

from collections.abc import Mapping
from typing import Any

from dialogs import (
    asq,
    changes,
    check_in,
    enrolment,
    riding_out,
    safety,
    safety_plan,
    thought_record,
    trigger_followup,
    trigger_log,
    using,
)
from dialogs.prompts import Dialog

_DIALOGS: tuple[Dialog[Any], ...] = (
    enrolment.enrolment,
    check_in.check_in,
    thought_record.thought_record,
    trigger_log.trigger_log,
    trigger_followup.trigger_followup,
    asq.asq,
    safety.safety,
    safety_plan.safety_plan,
    safety_plan.plan_line,
    riding_out.riding_out,
    using.used,
    using.using_now,
    *changes.CHANGES.values(),
)

CATALOGUE: Mapping[str, Dialog[Any]] = {dialog.name: dialog for dialog in _DIALOGS}
