"""Placeholder."""
from typing import Any
async def measure() -> dict[str, Any]:
    return {}
def table(m: dict[str, Any]) -> str:
    return ""
