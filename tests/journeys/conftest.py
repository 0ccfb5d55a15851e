"""A clinic on each database; most journeys need only one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.journeys.clinic import Clinic, built_once, opened

__all__ = ["built_once"]


@pytest.fixture
async def clinic(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Clinic]:
    async with opened(sqlite_url, monkeypatch) as clinic:
        yield clinic


@pytest.fixture
async def each_clinic(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Clinic]:
    """A clinic on SQLite, and one on PostgreSQL."""
    async with opened(database_url, monkeypatch) as clinic:
        yield clinic
