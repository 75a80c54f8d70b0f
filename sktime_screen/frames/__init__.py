"""Videos to pictures: frame tables, lazy frame sequences, sampling and resizing."""

from ._container import VideoError
from ._file_state import file_state
from ._identity import PictureFiles, file_digest, picture_keys
from ._progress import progress
from ._resizer import ImageResizer
from ._sampler import VideoFrameSampler
from ._sequence import FrameSequence
from ._shots import shot_boundaries, shot_groups
from ._stratified import MultilabelStratifiedGroupKFold
from ._table import as_frame_index, check_frame_table, frame_index, is_frame_index, resolved_films
from ._time_blocks import time_blocks
from ._timeline import TIME_TOLERANCE
from ._timeline_reader import read_timeline

__all__ = [
    "TIME_TOLERANCE",
    "FrameSequence",
    "ImageResizer",
    "MultilabelStratifiedGroupKFold",
    "PictureFiles",
    "VideoError",
    "VideoFrameSampler",
    "as_frame_index",
    "check_frame_table",
    "file_digest",
    "file_state",
    "frame_index",
    "is_frame_index",
    "picture_keys",
    "progress",
    "read_timeline",
    "resolved_films",
    "shot_boundaries",
    "shot_groups",
    "time_blocks",
]
