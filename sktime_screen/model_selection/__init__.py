"""Honest splits: groups of frames that belong together, folds that keep them so, and what they
say about a new video."""

from ._cross_fitting import make_cross_fitting_splits
from ._cross_validation import cross_validate_screen_time, evaluate_frames
from ._held_out_rows import hold_out_rows
from ._model_comparison import compare_pipelines
from ._shot_groups import shot_boundaries, shot_groups
from ._stratified_group_kfold import MultilabelStratifiedGroupKFold
from ._time_blocks import make_time_blocks, time_blocks

__all__ = [
    "MultilabelStratifiedGroupKFold",
    "compare_pipelines",
    "cross_validate_screen_time",
    "evaluate_frames",
    "hold_out_rows",
    "make_cross_fitting_splits",
    "make_time_blocks",
    "shot_boundaries",
    "shot_groups",
    "time_blocks",
]
