"""The files that `measure` writes."""

import os
import warnings
from pathlib import Path

import typer

from ._console import one_line

# Milliseconds, and 0.001 %: nobody measures more finely.
_DECIMALS = dict.fromkeys(("seconds", "low", "high", "first_seen", "last_seen"), 3) | {
    "share": 5,
    "confidence": 3,
    "novelty": 3,
}
_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
# The ending of the files in a folder, by format.
_ENDINGS = {"subtitles": ".vtt", "eaf": ".eaf", "cvat": ".xml", "label_studio": ".json"}


def check_csv(path):
    """Refuse a workbook, which CSV under another name would not be."""
    if path is not None and path.suffix.lower() in _WORKBOOKS:
        raise typer.BadParameter(
            f"cannot write the workbook {path}: name a .csv file, which spreadsheet programs open",
            param_hint="--csv",
        )


def plan_video_files(videos, **outputs):
    """Return (video, kind, path) of each file that holds one video; folders are made."""
    from ..export import find_subtitle_format

    planned = []
    for kind, path in outputs.items():
        if path is None:
            continue
        files = _name_video_files(kind, path, videos)
        if kind == "subtitles":
            for file in files.values():
                find_subtitle_format(file)
        planned += [(video, kind, file) for video, file in files.items()]
    return planned


def _name_video_files(kind, path, videos):
    """Return the file of each video: the path itself, or files in the folder that it names."""
    if len(videos) == 1 and not path.is_dir():
        return {videos[0]: path}
    if path.suffix and not path.is_dir():
        raise typer.BadParameter(
            f"{path} can be of one video only, but {len(videos)} are measured: name a folder",
            param_hint=f"--{kind.replace('_', '-')}",
        )
    path.mkdir(exist_ok=True)
    return {video: path / f"{name}{_ENDINGS[kind]}" for video, name in _name_apart(videos).items()}


def _name_apart(videos):
    """Return a name without folders for each video, as short as tells them apart."""
    common = os.path.commonpath([Path(video).absolute().parent for video in videos])
    whole = {video: os.path.relpath(video, common).replace(os.sep, "_") for video in videos}
    for names in ({video: Path(video).stem for video in videos}, whole):
        if len({name.casefold() for name in names.values()}) == len(videos):
            return names
    return whole


def write_file(path, write, steps):
    """Write a file; one that cannot be written does not lose the others."""
    try:
        write(path)
    except (OSError, ValueError, ImportError) as error:
        warnings.warn(f"{path} was not written: {one_line(error)}", stacklevel=2)
        return False
    steps.say(f"Written: {path}")
    return True


def write_csv(path, estimate):
    """Write the table of seconds."""
    from ..labels import write_table

    write_table(path, estimate.round(_DECIMALS))


def write_video_file(kind, aggregator, probabilities, path):
    """Write what another program shows of one video."""
    from .. import export

    if kind == "subtitles":
        export.save_subtitles(path, aggregator.appearances(probabilities))
        return
    X = probabilities.index.to_frame(index=False)
    shown = _find_shown(aggregator, probabilities)
    if kind == "label_studio":
        rate = _find_frame_rate(X["video"].iloc[0])
        export.save_label_studio(path, X, shown, predictions=True, frame_rate=rate)
    else:
        {"eaf": export.save_eaf, "cvat": export.save_cvat}[kind](path, X, shown)


def _find_shown(aggregator, probabilities):
    """Return a table of who is seen, a 0/1 column a character."""
    import pandas as pd

    from .._targets import indicator_table

    predicted = aggregator.predict(probabilities)
    if aggregator.multilabel_:
        predicted = pd.DataFrame(predicted, columns=aggregator.class_names_)
    shown = indicator_table(predicted, background=aggregator.background).astype(int)
    shown.columns = shown.columns.map(str)
    return shown


def _find_frame_rate(video):
    """Return the frames per second of a video."""
    from ..video import read_timeline

    timeline = read_timeline(video)
    return round(len(timeline) / (timeline.length - timeline.times[0]), 3)
