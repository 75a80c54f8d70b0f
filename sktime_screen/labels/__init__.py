"""Labels in and out: CSV, class folders, CVAT, Label Studio, ELAN, pictures, a page to label on;
and which frames to label."""

from ._csv import load_label_csv
from ._cvat import load_cvat, save_cvat
from ._eaf import load_eaf, save_eaf
from ._extract import extract_frames
from ._folder import load_frame_folder
from ._label_page import write_label_page
from ._label_studio import load_label_studio
from ._save_csv import save_label_csv
from ._save_label_studio import save_label_studio
from ._suggestions import suggest_frames
from ._ucf101 import load_ucf101

__all__ = [
    "extract_frames",
    "load_cvat",
    "load_eaf",
    "load_frame_folder",
    "load_label_csv",
    "load_label_studio",
    "load_ucf101",
    "save_cvat",
    "save_eaf",
    "save_label_csv",
    "save_label_studio",
    "suggest_frames",
    "write_label_page",
]
