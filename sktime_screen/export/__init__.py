"""Labels and results out: every file format that other programs read."""

from ._cvat_writer import save_cvat
from ._eaf_writer import save_eaf
from ._label_csv_writer import save_label_csv
from ._label_studio_writer import save_label_studio
from ._result_json import format_json
from ._result_tables import (
    APPEARANCES,
    ESTIMATE,
    check_columns,
    infer_video_lengths,
    shorten_video_names,
)
from ._subtitles_writer import find_subtitle_format, format_vtt, save_subtitles

__all__ = [
    "APPEARANCES",
    "ESTIMATE",
    "check_columns",
    "find_subtitle_format",
    "format_json",
    "format_vtt",
    "infer_video_lengths",
    "save_cvat",
    "save_eaf",
    "save_label_csv",
    "save_label_studio",
    "save_subtitles",
    "shorten_video_names",
]
