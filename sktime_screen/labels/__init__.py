"""Labels in: CSV, class folders, CVAT, Label Studio, ELAN; which frames to label, and a page to
label them on."""

from ._csv import load_label_csv
from ._cvat import load_cvat
from ._eaf import import_pympi, load_eaf
from ._extract import extract_frames
from ._file_lookup import as_seen_from
from ._folder import load_frame_folder
from ._label_page import save_label_page
from ._label_studio import FRAME_RATE, load_label_studio
from ._label_table import CLASS_COLUMNS, FRAME_COLUMNS, as_classes, indicators, label_table
from ._sources import first_of_frames
from ._suggestions import AT_RANDOM, labelled_rows, suggest_frames
from ._text_table import write_table
from ._ucf101 import load_ucf101

__all__ = [
    "AT_RANDOM",
    "CLASS_COLUMNS",
    "FRAME_COLUMNS",
    "FRAME_RATE",
    "as_classes",
    "as_seen_from",
    "extract_frames",
    "first_of_frames",
    "import_pympi",
    "indicators",
    "label_table",
    "labelled_rows",
    "load_cvat",
    "load_eaf",
    "load_frame_folder",
    "load_label_csv",
    "load_label_studio",
    "load_ucf101",
    "save_label_page",
    "suggest_frames",
    "write_table",
]
