"""Videos to images: frame tables, lazy frame sequences, sampling and resizing."""

from ._class_folders import IMAGE_ENDINGS, list_class_images
from ._container import VideoError
from ._demuxing import read_image_size
from ._file_state import read_file_state
from ._frame_table import (
    as_frame_index,
    check_frame_index,
    check_frame_table,
    drop_repeated_videos,
    get_frame_times,
    is_frame_index,
    make_frame_index,
    resolve_videos,
    warn_of_overlaps,
)
from ._identity import ImageFiles, compute_image_keys, digest_file, digest_files
from ._preceding_frames import add_preceding_frames
from ._resizer import ImageResizer
from ._sampler import VideoFrameSampler, list_videos
from ._sequence import FrameSequence, iter_images_with_originals
from ._thumbnails import (
    IMAGE_TYPE,
    encode_image,
    find_shape,
    iter_images,
    make_thumbnails,
    shrink,
    split_rows_by_file,
)
from ._timeline import TIME_TOLERANCE
from ._timeline_reader import read_timeline

__all__ = [
    "IMAGE_ENDINGS",
    "IMAGE_TYPE",
    "TIME_TOLERANCE",
    "FrameSequence",
    "ImageFiles",
    "ImageResizer",
    "VideoError",
    "VideoFrameSampler",
    "add_preceding_frames",
    "as_frame_index",
    "check_frame_index",
    "check_frame_table",
    "compute_image_keys",
    "digest_file",
    "digest_files",
    "drop_repeated_videos",
    "encode_image",
    "find_shape",
    "get_frame_times",
    "is_frame_index",
    "iter_images",
    "iter_images_with_originals",
    "list_class_images",
    "list_videos",
    "make_frame_index",
    "make_thumbnails",
    "read_file_state",
    "read_image_size",
    "read_timeline",
    "resolve_videos",
    "shrink",
    "split_rows_by_file",
    "warn_of_overlaps",
]
