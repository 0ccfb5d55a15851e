"""Whether a part of Handrail still moves: its own clock and sender, and the pulse of what is beside it.

Standing still is judged by the machine's running time and not by the calendar: moving the clock, or a
clock that is wrong, is no standstill.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot import channels, outbox, rota
from bot.outbox import Lane
from bot.program import Program
from bot.rows import Pulse
from bot.unit import Unit

STILL = 120.0
"""Seconds without a sign of life."""
_LANGUAGE = "en"


class Watch:
    """Notes when a value last changed. `seconds` runs on whatever the calendar does."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._seen: dict[str, tuple[Any, float]] = {}

    def still(self, name: str, value: object) -> bool:
        """Show what `name` is now; True when it has been just that for two minutes."""
        now = self._seconds()
        before = self._seen.get(name)
        if before is None or before[0] != value:
            self._seen[name] = (value, now)
            return False
        return now - before[1] >= STILL


def look(unit: Unit, watch: Watch, parts: tuple[str, ...]) -> dict[str, datetime]:
    """Those of these parts whose pulse stands still, and since when. One that never lived is not missed."""
    pulses = [pulse for part in parts if (pulse := unit.one(Pulse, name=part)) is not None]
    return {pulse.name: pulse.at for pulse in pulses if watch.still(pulse.name, pulse.at)}


def tell(unit: Unit, program: Program, still: Mapping[str, datetime]) -> None:
    """Tell supervisors and the second channel, once for each time that a part stops."""
    for part, at in still.items():
        key = f"{part}:{int(at.timestamp())}"
        text = program.words.text(_LANGUAGE, "oncall", "standstill", part=part)
        for staff in rota.supervisors(rota.available(unit, program)):
            to = outbox.to_staff(staff)
            if to is not None:
                outbox.say(unit, to, text, lane=Lane.ALERT, cause=f"standstill:{key}:{staff.id}")
        channels.alarm(unit, program, channels.Why.STANDSTILL, key, reason=part)
