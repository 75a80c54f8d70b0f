"""How far off measured screen time is: metrics, and the same as scorers."""

from ._scorers import find_final_step, neg_screen_time_error_scorer, temporal_iou_scorer
from ._screen_time_metrics import (
    compute_errors_by_video,
    screen_time_error,
    sum_video_lengths,
    temporal_iou,
)

__all__ = [
    "compute_errors_by_video",
    "find_final_step",
    "neg_screen_time_error_scorer",
    "screen_time_error",
    "sum_video_lengths",
    "temporal_iou",
    "temporal_iou_scorer",
]
