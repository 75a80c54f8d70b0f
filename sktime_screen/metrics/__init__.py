"""How far off measured screen time is: metrics, and the same as scorers."""

from ._scorers import appearance_overlap_scorer, screen_time_error_scorer
from ._screen_time_metrics import (
    appearance_overlap,
    errors_by_film,
    film_lengths,
    screen_time_error,
)

__all__ = [
    "appearance_overlap",
    "appearance_overlap_scorer",
    "errors_by_film",
    "film_lengths",
    "screen_time_error",
    "screen_time_error_scorer",
]
