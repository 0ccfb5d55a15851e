"""Ticks come at moments that people keep too."""

from bot.schedule import Schedule


async def test_ticks_fall_on_round_seconds() -> None:
    """A reminder at seven is asked for at seven, not up to a tick later."""

    async def tick() -> None: ...

    schedule = Schedule()
    schedule.every(2.0, tick)
    schedule.every(5.0, tick)
    schedule.start()
    try:
        jobs = schedule._scheduler.get_jobs()
    finally:
        schedule.stop()
    by_step = {job.trigger.interval.total_seconds(): job.next_run_time.timestamp() for job in jobs}
    assert {step: at % step for step, at in by_step.items()} == {2.0: 0.0, 5.0: 0.0}
