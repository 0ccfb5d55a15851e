"""Whatever comes in whatever order, on each storage: a flag is one, is held on to, and never softens.

What is tried, and what holds after each step, stands in `machine`; `controls` proves that it can fail.
"""

from __future__ import annotations

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.alerts.machine import over
from tests.fixtures.effort import tried
from tests.fixtures.machines import Opener, of_dictionaries


def test_over_rows_of_dictionaries_many_ways() -> None:
    run_state_machine_as_test(over(of_dictionaries), settings=tried(60, 30))


@pytest.mark.parametrize("opener", ["sqlite", "postgresql"], indirect=True)
def test_over_each_database(opener: Opener) -> None:
    run_state_machine_as_test(over(opener), settings=tried(5, 20))
