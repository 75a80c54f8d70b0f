"""Videos to images: frame tables, lazy frame sequences, sampling and resizing."""

from ._container import VideoError
from ._file_state import file_state
from ._frame_table import (
    as_frame_index,
    check_frame_table,
    frame_index,
    is_frame_index,
    resolved_videos,
)
from ._identity import ImageFiles, file_digest, image_keys
from ._resizer import ImageResizer
from ._sampler import VideoFrameSampler
from ._sequence import FrameSequence
from ._thumbnails import rows_by_file, thumbnails
from ._timeline import TIME_TOLERANCE
from ._timeline_reader import read_timeline
from ._video import image_size

__all__ = [
    "TIME_TOLERANCE",
    "FrameSequence",
    "ImageFiles",
    "ImageResizer",
    "VideoError",
    "VideoFrameSampler",
    "as_frame_index",
    "check_frame_table",
    "file_digest",
    "file_state",
    "frame_index",
    "image_keys",
    "image_size",
    "is_frame_index",
    "read_timeline",
    "resolved_videos",
    "rows_by_file",
    "thumbnails",
]
