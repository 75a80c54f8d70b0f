"""Features to classes: who is in each frame, and how sure that is."""

from ._dense import KerasDenseClassifier

__all__ = ["KerasDenseClassifier"]
