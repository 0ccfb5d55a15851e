"""A thousand people who think for ten seconds before each step, and 40 ms to Telegram and back.

They begin at a chance moment and think for a chance time, so that steps arrive as people come, not as the bot
is ready. A reply's time runs from the press at the crowd until the reply is there. With a webhook that holds
one trip, half of it to the bot and half back. With getUpdates it holds up to two: what comes while a call is
on its way waits for the next.
"""

from pathlib import Path

from tests.bench import race
from tests.bench.figures import Figure, scaled

USERS = 1_000
THOUGHT = 10.0
TRIP = 0.040
P99 = 2 * TRIP + 0.015
ENTRANTS = ("handrail", "handrail-webhook")


async def measure(folder: Path, scale: float) -> list[Figure]:
    users, thought = scaled(USERS, scale), max(0.5, THOUGHT * min(1.0, scale))
    figures = []
    for entrant in race.ENTRANTS:
        if entrant.name not in ENTRANTS:
            continue
        heat = await race.heat(entrant, users, 1, thought=thought, trip=TRIP)
        how = entrant.shown.rpartition(", ")[2]
        figures.append(
            Figure(
                f"{users:,} users, {thought:.0f} s of thought, {TRIP * 1e3:.0f} ms to Telegram and back, "
                f"{how}: p50, p99, in trips, without a reply",
                f"{heat.p50:.0f}, {heat.p99:.0f} ms, {heat.p50 / TRIP / 1e3:.1f} to "
                f"{heat.p99 / TRIP / 1e3:.1f}, {heat.lost}",
                f"p99 ≤ {P99 * 1e3:.0f} ms, 0",
                heat.p99 <= P99 * 1e3 and not heat.lost,
            )
        )
    return figures
