"""Reads meaning: text → `Concern | None`. The only place that does, and it needs no network."""

from bot.understanding.hearing import Hearing
from bot.understanding.screen import Screen

__all__ = ["Hearing", "Screen"]
