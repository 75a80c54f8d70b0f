"""Recognise files of labels, and point to the reader for each format."""

import codecs
import os
import re

_HEAD_BYTES = 65536
# What the file is, and what to do with it.
_KNOWN = {
    "Excel": ("a workbook", "save the sheet as 'CSV UTF-8' and load that with load_label_csv"),
    "ZIP": ("an archive", "unpack it and load the file of annotations in it"),
    "ELAN": ("an annotation file of ELAN", "load it with load_eaf"),
    "CVAT": ("an annotation file of CVAT", "load it with load_cvat"),
    "HTML": ("a web page", "open it in a browser, label, and load the CSV file that it saves"),
    "XML": ("XML of an unknown kind", "export as 'CVAT for video 1.1', or as a CSV file"),
    "JSON": ("JSON", "load an export of Label Studio with load_label_studio"),
    "COCO": (
        "a COCO file, which has images without times",
        "export as 'CVAT for video 1.1' and load that with load_cvat, or write a CSV file with "
        "the columns video, time and label",
    ),
    "subtitles": (
        "a file of subtitles (SRT or WebVTT)",
        "write a CSV file with the columns video, start, end and label",
    ),
}


def check_label_file(path, expected=None):
    """Return the path of a file of labels; raise if it is missing or has another format."""
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"No such file: {path!r} (looked in {os.getcwd()!r}).")
    with open(path, "rb") as file:
        found = _recognise_format(file.read(_HEAD_BYTES))
    if found not in (None, expected):
        description, advice = _KNOWN[found]
        raise ValueError(f"{path!r} is {description}: {advice}.")
    return path


def _recognise_format(head):
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "Excel"
    if head.startswith(b"PK\x03\x04"):
        return "Excel" if re.search(rb"xl/|opendocument\.spreadsheet", head) else "ZIP"
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = head.decode("utf-16" if wide else "utf-8", "ignore").lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        for name, mark in [("ELAN", "<ANNOTATION_DOCUMENT"), ("CVAT", "<annotations")]:
            if mark in text:
                return name
        return "HTML" if re.match(r"<(!doctype )?html", text, re.IGNORECASE) else "XML"
    if re.match(r"[\[{]\s*[\[{\"\]}]", text):
        keys = set(re.findall(r'"(info|licenses|images|annotations|categories)"\s*:', text))
        return "COCO" if text.startswith("{") and len(keys) > 1 else "JSON"
    if text.startswith("WEBVTT") or re.match(r"\d+\s+[\d:]+[,.]\d+\s+-->", text):
        return "subtitles"
    return None
