"""What every test may ask for, and the two rules that hold for all of them.

A database, a migrated one, a browser: from the fixtures. What a machine lacks makes a test skip with a
sentence that says so; with REQUIRE_ALL=1, as in CI, a test that did not run is a test that failed. And
nobody leaves a process or a file behind.

The fixtures live in `tests/fixtures/`, one noun a module.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

# python-telegram-bot warns, and warnings are errors, until it is told that durations are timedeltas.
os.environ.setdefault("PTB_TIMEDELTA", "1")
# As in a bot, before anybody imports numpy: threads of several test processes would spin against one another.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

pytest_plugins = [
    "tests.fixtures.browser",
    "tests.fixtures.databases",
    "tests.fixtures.files",
    "tests.fixtures.machines",
    "tests.fixtures.processes",
]


def required(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip, or a failure that was expected, into a failure where everything is required."""
    if report.outcome != "skipped" or os.environ.get("REQUIRE_ALL", "") in ("", "0"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else getattr(report, "wasxfail", "")
    report.outcome = "failed"
    report.longrepr = f"REQUIRE_ALL is set, and {report.nodeid} did not run to its end: {reason}"
    if hasattr(report, "wasxfail"):
        del report.wasxfail


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    required(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    required(report)
    return report
