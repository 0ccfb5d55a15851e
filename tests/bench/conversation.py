"""What every bot in the bench talks about: twelve steps, four of them texts of about twelve words.

Handrail asks it as two free messages and a check-in, in its own words. The peers ask the same, in words
and with buttons of the same size, step by step from `QUESTIONS`.
"""

from dataclasses import dataclass

TEXTS = (
    "walked along the river this morning and the light was really lovely there",
    "my sister called and we talked about her garden for almost an hour",
    "cooking a proper meal and going to bed early helped me this week",
    "tomorrow there is group at ten and afterwards lunch with an old friend",
)


@dataclass(frozen=True, slots=True)
class Step:
    """What the person does: writes `text`, or presses the button whose data ends in `:press`."""

    text: str | None = None
    press: str | None = None


STEPS = (
    Step(text=TEXTS[0]),
    Step(text=TEXTS[1]),
    Step(press="checkin"),
    Step(press="7"),
    Step(press="3"),
    Step(press="no"),
    Step(press="8"),
    Step(press="+done"),
    Step(press="taken"),
    Step(text=TEXTS[2]),
    Step(text=TEXTS[3]),
    Step(press="no"),
)
_SCALE = tuple(str(n) for n in range(11))
_NAVIGATION = ("back", "skip", "cancel")
_MENU = ("checkin", "thought", "trigger", "history", "settings", "sos")
QUESTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Thank you. I've kept that, and your counselor can read it. What would you like to do?", _MENU),
    ("Thank you. I've kept that, and your counselor can read it. What would you like to do?", _MENU),
    (
        "Hi Sam. Good that you're here.\n\nHow is your mood right now, from 0 (the worst) to 10 (the best)?"
        "\n\n<i>1 of about 9</i>",
        (*_SCALE, "cancel"),
    ),
    (
        "Something is going right today.\n\nHow strong is the pull to use right now, from 0 (none) to 10 (as "
        "strong as it gets)?\n\n<i>2 of about 9</i>",
        (*_SCALE, "back", "cancel"),
    ),
    (
        "A quiet pull, and you noticed it.\n\nSince yesterday, did you drink or use?\n\n<i>3 of about 9</i>",
        ("yes", "no", "back", "cancel"),
    ),
    (
        "That is one more day you made for yourself.\n\nAbout how many hours did you sleep last night?"
        "\n\n<i>4 of about 9</i>",
        (*_SCALE, "11", "12", *_NAVIGATION),
    ),
    (
        "Your body got some rest.\n\nWhich of these fit right now? Tap what fits, then Done. "
        "None is fine too.\n\n<i>5 of about 9</i>",
        ("hungry", "angry", "lonely", "tired", "+done", "back", "cancel"),
    ),
    (
        "None of those right now.\n\nHow did it go with your medication today?\n\n<i>6 of about 9</i>",
        ("taken", "later", "missed", *_NAVIGATION),
    ),
    (
        "You got through another day, with all that was in it.\n\nWhat helped, even a little?"
        "\n\n<i>7 of about 9</i>",
        _NAVIGATION,
    ),
    ("Thank you.\n\nIs there anything else that you want to note down?\n\n<i>8 of about 9</i>", _NAVIGATION),
    ("Would you like your counselor to call you?\n\n<i>9 of about 9</i>", ("yes", "no", "back", "cancel")),
    ("That is your check-in for today. Thank you for taking the time; see you tomorrow.", _MENU),
)
"""What the bot says after each step, and the buttons below it."""


def data(option: str) -> str:
    """Callback data of a peer's button, about as long as Handrail's."""
    return f"a:1a2b3c4d5e6f7a8b:{option}"


def press(buttons: list[str], option: str) -> str | None:
    """The button that somebody looks for, among the data of those that are there."""
    return next((button for button in buttons if button.rpartition(":")[2] == option), None)
