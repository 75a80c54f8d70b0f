"""Honest splits: groups of frames that belong together, folds that keep them so, and what they
say about a new video."""

from ._cross_validation import cross_validate_screen_time, measured_frames
from ._held_out_rows import cross_fitting_splits, held_out_rows
from ._shot_groups import shot_boundaries, shot_groups
from ._stratified_group_kfold import MultilabelStratifiedGroupKFold
from ._time_blocks import enough_time_blocks, time_blocks

__all__ = [
    "MultilabelStratifiedGroupKFold",
    "cross_fitting_splits",
    "cross_validate_screen_time",
    "enough_time_blocks",
    "held_out_rows",
    "measured_frames",
    "shot_boundaries",
    "shot_groups",
    "time_blocks",
]
