"""What we ask, and what answers mean. Pure: no input or output, no clock, no chance.

`CATALOGUE` is the explicit list of dialogs, by name. A name is for ever: sessions are stored under it.
"""

from collections.abc import Mapping
from typing import Any

from dialogs import changes, check_in, enrolment, thought_record, trigger_followup, trigger_log
from dialogs.prompts import Dialog

_DIALOGS: tuple[Dialog[Any], ...] = (
    enrolment.enrolment,
    check_in.check_in,
    thought_record.thought_record,
    trigger_log.trigger_log,
    trigger_followup.trigger_followup,
    changes.change_morning,
    changes.change_evening,
    changes.change_quiet,
    changes.change_zone,
    changes.change_name,
)

CATALOGUE: Mapping[str, Dialog[Any]] = {dialog.name: dialog for dialog in _DIALOGS}
