"""The person's own coping list, ranked by what worked: learned from their follow-ups, from nobody else's."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from bot.rows import Patient, Record
from bot.unit import Unit
from dialogs.choices import Coping, Worked

_POINTS = {Worked.NO: 0, Worked.A_LITTLE: 1, Worked.A_LOT: 2}


def ranked(unit: Unit, patient: Patient) -> tuple[Coping, ...]:
    """What helped at least once, the best first."""
    rows = unit.find(Record, patient_id=patient.id, dialog="trigger_followup")
    return rank(row.body.get("worked") or {} for row in rows)


def rank(followups: Iterable[Mapping[str, str]]) -> tuple[Coping, ...]:
    """By how much it helped on average; then by how often it was tried, then as the catalogue lists."""
    tries: dict[Coping, list[int]] = defaultdict(list)
    for worked in followups:
        for way, how in worked.items():
            if way in set(Coping) and how in set(Worked):
                tries[Coping(way)].append(_POINTS[Worked(how)])
    order = {way: place for place, way in enumerate(Coping)}
    helped = [way for way, points in tries.items() if any(points)]
    return tuple(
        sorted(helped, key=lambda way: (-sum(tries[way]) / len(tries[way]), -len(tries[way]), order[way]))
    )
