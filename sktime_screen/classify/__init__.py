"""Features or pictures to classes: who is in each frame, and how sure that is."""

from ._dense import KerasDenseClassifier
from ._fine_tuned import FineTunedCNNClassifier

__all__ = ["FineTunedCNNClassifier", "KerasDenseClassifier"]
