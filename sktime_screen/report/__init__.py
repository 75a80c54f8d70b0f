"""Answers out: plots of who was on screen when."""

from ._timeline import TimelineDisplay

__all__ = ["TimelineDisplay"]
