"""Answers and labels out: files for other programs."""

from ._cvat_writer import save_cvat
from ._eaf_writer import save_eaf
from ._estimates import json_text, save_csv, save_json, save_srt, save_vtt, vtt_text
from ._label_csv_writer import save_label_csv
from ._label_studio_writer import save_label_studio
from ._tables import APPEARANCES, ESTIMATE, check_columns, video_lengths, video_names

__all__ = [
    "APPEARANCES",
    "ESTIMATE",
    "check_columns",
    "json_text",
    "save_csv",
    "save_cvat",
    "save_eaf",
    "save_json",
    "save_label_csv",
    "save_label_studio",
    "save_srt",
    "save_vtt",
    "video_lengths",
    "video_names",
    "vtt_text",
]
