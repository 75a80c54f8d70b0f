"""Labels in: CSV files, class folders and lists of films."""

from ._csv import load_label_csv
from ._folder import load_frame_folder
from ._ucf101 import load_ucf101

__all__ = ["load_frame_folder", "load_label_csv", "load_ucf101"]
