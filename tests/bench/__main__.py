"""`python -m tests.bench`: Handrail beside what people would otherwise write.

--users 1 100 1000      sizes of the crowd
--repeats 3             rounds; all bots run once in each (without it 3, and 2 of a crowd of 1,000)
--only NAME …           some bots (handrail floor-aiohttp aiogram-redis …)
--thought 10 --trip 0.04  seconds of thought before each step, and to Telegram and back
--sides NAME …          some sides (starting standing due fan_out thought growth processes flood)
--scale 0.1             smaller sides
--skip-race --skip-sides  only the other part
--json FILE             what was measured;  --compare FILE  beside what was measured then
--readme                write the tables into the README
"""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

import orjson

from tests.bench import figures, race, sides
from tests.bench.clinic import ROOT

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"


def main() -> None:
    asking = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    asking.add_argument("--users", type=int, nargs="+", default=[1, 100, 1000])
    asking.add_argument("--repeats", type=int)
    asking.add_argument("--times", type=int)
    asking.add_argument("--only", nargs="+", choices=[entrant.name for entrant in race.ENTRANTS])
    asking.add_argument("--thought", type=float, default=0.0)
    asking.add_argument("--trip", type=float, default=0.0)
    asking.add_argument("--sides", nargs="+", choices=list(sides.SIDES), default=list(sides.SIDES))
    asking.add_argument("--skip-race", action="store_true")
    asking.add_argument("--skip-sides", action="store_true")
    asking.add_argument("--scale", type=float, default=1.0)
    asking.add_argument("--json", type=Path)
    asking.add_argument("--compare", type=Path)
    asking.add_argument("--readme", action="store_true")
    given = asking.parse_args()
    then = orjson.loads(given.compare.read_bytes()) if given.compare else {}
    found: dict[str, Any] = {}
    tables, beside = [], []
    if not given.skip_race:
        lines = race.summed(asyncio.run(_race(given)))
        found["race"] = race.as_json(lines)
        tables.append(race.table(lines))
        beside.append(_compared(then, found))
    if not given.skip_sides:
        measured = asyncio.run(sides.measure(given.sides, given.scale))
        found["sides"] = figures.as_json(measured)
        tables.append(figures.table(measured))
        beside.append(figures.compared(then.get("sides", []), measured))
    text = "\n\n".join(tables)
    _print(text)
    if given.json:
        given.json.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    if given.compare:
        _print("\n\n".join(beside))
    if given.readme:
        _into_readme(text)


async def _race(given: argparse.Namespace) -> list[race.Heat]:
    heats = []
    for users in given.users:
        repeats = given.repeats or race.repeats(users)
        for turn in range(repeats):
            for entrant in race.ENTRANTS:
                if given.only and entrant.name not in given.only:
                    continue
                times = given.times or race.times(users)
                one = await race.heat(entrant, users, times, thought=given.thought, trip=given.trip)
                heats.append(one)
                sys.stderr.write(
                    f"{turn + 1}/{repeats} {users:5} {entrant.name:17} {one.rate:7.0f}/s"
                    f"  {one.cpu:6.0f} µs  p50 {one.p50:6.1f}  p99 {one.p99:7.1f} ms"
                    f"  {one.calls:.2f} calls  lost {one.lost}\n"
                )
    return heats


def _compared(then: dict[str, Any], now: dict[str, Any]) -> str:
    """How each bot's cost against the yardstick has moved: times are the machine's, ratios are ours."""
    before = {(line["entrant"], line["users"]): line for line in then.get("race", [])}
    rows = ["| bot | users | ratio then | now |", "|---|--:|--:|--:|"]
    for line in now.get("race", []):
        old = before.get((line["entrant"], line["users"]))
        if old and old["ratio"] and line["ratio"]:
            rows.append(f"| {line['entrant']} | {line['users']} | {old['ratio']:.2f} | {line['ratio']:.2f} |")
    return "\n".join(rows)


def _into_readme(text: str) -> None:
    path = ROOT / "README.md"
    whole = path.read_text("utf-8")
    head, _, rest = whole.partition(BEGIN)
    _, found, tail = rest.partition(END)
    if not found:
        sys.exit(f"README.md has no {BEGIN} … {END}.")
    path.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}", "utf-8")


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n\n")


if __name__ == "__main__":
    main()
