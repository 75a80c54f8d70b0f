"""Labels in: CSV files and class folders."""

from ._csv import load_label_csv
from ._folder import load_frame_folder

__all__ = ["load_frame_folder", "load_label_csv"]
