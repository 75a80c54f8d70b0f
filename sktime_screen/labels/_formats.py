"""Files of labels in another format than a reader's: which it is, and the way."""

import codecs
import re

_ENOUGH = 65536
# What it is, and what to do with it.
_KNOWN = {
    "Excel": ("a workbook", "save the sheet as 'CSV UTF-8' and read that with load_label_csv"),
    "ZIP": ("an archive", "unpack it and pass the file of annotations in it"),
    "ELAN": ("an annotation file of ELAN", "read it with load_eaf"),
    "CVAT": ("an annotation file of CVAT", "read it with load_cvat"),
    "HTML": ("a web page", "open it in a browser, label, and pass the CSV that it saves"),
    "XML": ("XML of no kind that is known", "export as 'CVAT for video 1.1', or as a CSV file"),
    "JSON": ("JSON", "an export of Label Studio is read by load_label_studio"),
    "COCO": (
        "JSON as COCO defines it, of images without times",
        "export as 'CVAT for video 1.1' and read that with load_cvat, or write a CSV file with "
        "the columns video, time and label",
    ),
    "subtitles": (
        "a file of subtitles (SRT or WebVTT)",
        "write its lines as a CSV file with the columns video, start, end and label",
    ),
}


def check_format(path, expected=None):
    """Raise where a file of labels is in a known format that is not the reader's."""
    with open(path, "rb") as file:
        head = file.read(_ENOUGH)
    found = _format_of(head)
    if found not in (None, expected):
        what, way = _KNOWN[found]
        raise ValueError(f"{path!r} is {what}: {way}.")


def _format_of(head):
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
