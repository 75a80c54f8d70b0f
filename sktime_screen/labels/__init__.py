"""Labels in: load them from files of many programs, choose the frames to label, and write a page to
label them on."""

from ._cast_page import save_cast_page
from ._csv import load_label_csv
from ._cvat import load_cvat
from ._eaf import import_pympi, load_eaf
from ._extract import extract_frames
from ._face_images import cut_face_image
from ._file_lookup import make_relative
from ._folder import load_frame_folder
from ._frame_sources import find_distinct_frames
from ._label_page import save_label_page
from ._label_page_data import describe_frames
from ._label_server import LabelServer
from ._label_studio import FRAME_RATE, load_label_studio
from ._label_table import CLASS_COLUMNS, FRAME_COLUMNS, convert_classes, indicators, label_table
from ._partial_labels import make_partial_labels
from ._people import find_people
from ._review import make_review
from ._suggestions import RANDOM_STRATEGIES, find_labelled_frames, suggest_frames
from ._text_table import write_table
from ._ucf101 import load_ucf101

__all__ = [
    "CLASS_COLUMNS",
    "FRAME_COLUMNS",
    "FRAME_RATE",
    "RANDOM_STRATEGIES",
    "LabelServer",
    "convert_classes",
    "cut_face_image",
    "describe_frames",
    "extract_frames",
    "find_distinct_frames",
    "find_labelled_frames",
    "find_people",
    "import_pympi",
    "indicators",
    "label_table",
    "load_cvat",
    "load_eaf",
    "load_frame_folder",
    "load_label_csv",
    "load_label_studio",
    "load_ucf101",
    "make_partial_labels",
    "make_relative",
    "make_review",
    "save_cast_page",
    "save_label_page",
    "suggest_frames",
    "write_table",
]
