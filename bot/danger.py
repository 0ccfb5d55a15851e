"""The dialogs about danger, and the questions about it in any other: known by these names, in one place."""

ASQ = "asq"
SAFETY = "safety"
PLAN = "safety_plan"
PLAN_LINE = "plan_line"
RIDING_OUT = "riding_out"
USED = "used"
USING = "using_now"
LOOK_IN = "trigger_followup"
LAPSE = "lapse_"
"""So begin the keys of the questions that follow "I used", in whatever dialog they stand."""

ASKING = (ASQ, SAFETY)
"""Dialogs of safety questions: to stop one is a refusal, and their very name tells what was said."""
PLANNING = (*ASKING, PLAN, PLAN_LINE)
"""Dialogs whose answers name danger by design: there only present intent is heard."""
_ABOUT = (*PLANNING, RIDING_OUT, USED, USING, LOOK_IN)


def is_about(dialog: str, key: str) -> bool:
    """Whether somebody who is asked this, there, may be in danger."""
    return dialog in _ABOUT or key.startswith(LAPSE)
