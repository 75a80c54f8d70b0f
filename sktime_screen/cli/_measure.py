"""``sktime-screen measure``."""

import contextlib
import functools
import os
import warnings
from pathlib import Path
from typing import Annotated

import typer

from .._defaults import SAMPLING_RATE
from ._console import Steps, one_line, results_console, seconds_table
from ._options import (
    CACHE_DIR,
    FACES_ARE_PRIVATE,
    CacheDir,
    Debug,
    MaybeModel,
    NoCache,
    Portraits,
    Quiet,
    Videos,
    check_outputs,
    find_feature_folder,
)
from ._result_files import (
    check_csv,
    plan_video_files,
    write_csv,
    write_file,
    write_video_file,
)

_CONFIDENCE_LEVEL = 0.9


def _output(what, metavar="FILE"):
    return Annotated[Path | None, typer.Option(metavar=metavar, help=what)]


def _output_of_each(what):
    return _output(what, "FILE|FOLDER")


def measure(
    videos: Videos,
    model: MaybeModel = None,
    portraits: Portraits = None,
    rate: Annotated[
        float | None,
        typer.Option(min=0.001, help="Frames a second, with --portraits; a model has its own."),
    ] = None,
    report: _output("Write a report as one HTML file.") = None,
    csv: _output("Write the table of seconds as CSV.") = None,
    json: _output("Write seconds and appearances as JSON.") = None,
    subtitles: _output_of_each("Write appearances as subtitles, .vtt or .srt.") = None,
    eaf: _output_of_each("Write appearances as annotations for ELAN.") = None,
    cvat: _output_of_each("Write appearances as annotations for CVAT.") = None,
    label_studio: _output_of_each("Write appearances as predictions for Label Studio.") = None,
    labels: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="LABELS...",
            help="Labels of a random sample of these videos' frames, as `label --strategy blocks` "
            "chooses them. They correct the seconds and make the intervals valid.",
        ),
    ] = None,
    cache_dir: CacheDir = CACHE_DIR,
    no_cache: NoCache = False,
    quiet: Quiet = False,
    debug: Debug = False,
):
    """Measure how long each character is on screen in videos.

    Characters are known from a model that `train` wrote, or, for actors, from portraits: these need
    no labels, and give no intervals unless --labels tests them.

    If a video cannot be measured, the others still are, and the exit code is 1.

    Subtitles and annotations are a file a video: with several videos, name a folder for them.
    """
    import numpy as np

    from ..report import ScreenTimeReport
    from ..video import resolve_videos
    from ._label import suggest_training
    from ._model import load_model, set_up_features

    if (model is None) == (portraits is None):
        raise typer.BadParameter(
            "give a model that `train` wrote, or a folder of portraits", param_hint="--model"
        )
    if rate is not None and model is not None:
        raise typer.BadParameter("a model samples at its own rate", param_hint="--rate")
    # A video may be named twice, spelled in two ways.
    _, first = np.unique(resolve_videos(videos), return_index=True)
    paths = [os.fspath(videos[number]) for number in sorted(first)]
    check_csv(csv)
    video_files = plan_video_files(
        paths, subtitles=subtitles, eaf=eaf, cvat=cvat, label_studio=label_studio
    )
    check_outputs(
        *(report, csv, json, *(path for _, _, path in video_files)),
        inputs=[*videos, *([model] if model else []), *(labels or [])],
    )
    console = results_console()
    steps = Steps(console, quiet)
    folder = find_feature_folder(cache_dir, no_cache, steps)
    if model is None:
        fitted = _know_portraits(portraits, paths, rate or SAMPLING_RATE, folder, quiet, steps)
    else:
        fitted = load_model(model)
    set_up_features(fitted, folder, verbose=not quiet)
    aggregator = fitted[-1]
    sample = None
    if labels:
        sample = _load_sample(labels, paths, fitted)
    found = _predict_videos(fitted, paths, sample is not None, steps)
    strangers = found.pop("strangers", None)
    probabilities = found["X"]
    estimate = aggregator.estimate(
        labelled=sample, confidence_level=_CONFIDENCE_LEVEL, random_state=0, **found
    )
    if strangers is not None:
        estimate.attrs["notes"] += _describe_strangers(strangers, steps)
    appearances = aggregator.appearances(probabilities)
    title = "Screen time"
    if estimate["low"].notna().any():
        title += f", with intervals of {100 * _CONFIDENCE_LEVEL:g} %"
    console.print(seconds_table(estimate, title))
    if estimate.attrs["intervals"]:
        steps.say(estimate.attrs["intervals"])

    full_report = ScreenTimeReport(
        estimate,
        appearances,
        aggregator.co_appearances(probabilities),
        probabilities=probabilities,
        pipeline=fitted,
        validation=getattr(fitted, "made_with_", {}).get("validation"),
        next_command=report and suggest_training(fitted, model, f"{report.stem}-labels.csv"),
    )
    outputs = [
        (csv, lambda path: write_csv(path, estimate)),
        (json, full_report.save_json),
        (report, full_report.save),
    ]
    measured = dict(list(probabilities.groupby("video", sort=False)))
    outputs += [
        (path, functools.partial(write_video_file, kind, aggregator, measured[video]))
        for video, kind, path in video_files
        if video in measured
    ]
    written = [write_file(path, write, steps) for path, write in outputs if path is not None]
    if not all(written) or len(measured) < len(paths):
        raise typer.Exit(1)


def _know_portraits(portraits, paths, rate, folder, quiet, steps):
    """Return a pipeline that knows persons from their portraits."""
    from ..recipes import recommended_pipeline

    steps.say(FACES_ARE_PRIVATE)
    pipeline = recommended_pipeline(
        head="faces", rate=rate, portraits=portraits, memory=folder, verbose=int(not quiet)
    )
    with steps.step(f"Portraits: {portraits}"):
        # Any frame will do to learn how faces stand in a table.
        return pipeline.fit(pipeline[0].sample(_find_readable(paths)[:1])[:1])


def _describe_strangers(strangers, steps):
    """Say for how long there are faces of people without portraits."""
    durations = strangers.index.get_level_values("duration").to_numpy()
    seconds = (strangers * durations).groupby(level="video", sort=False).sum()
    notes = [
        f"Faces of people without portraits are seen for {of_video:.1f} s in {str(video)!r}: "
        f"`sktime-screen cast` shows who they are."
        for video, of_video in seconds[seconds > 0].items()
    ]
    for note in notes:
        steps.say(note)
    return notes


def _load_sample(labels, paths, fitted):
    """Return labelled frames of the videos as ``estimate`` takes them."""
    from ._labels import load_labels, match_labels, name_videos_as_given

    X, y = load_labels(labels, _find_readable(paths), rate=fitted[0].rate)
    X = name_videos_as_given(X, paths)
    if not X["video"].isin(paths).any():
        raise ValueError(
            f"No label in {', '.join(f'{str(path)!r}' for path in labels)} belongs to the measured "
            f"videos. They belong to {sorted(X['video'].unique())[:3]}."
        )
    return X, match_labels(fitted[-1], y, labels)


def _find_readable(paths):
    """Return the videos that can be read; the others are told of when they are measured."""
    from ..video import VideoError, read_timeline

    readable = []
    for path in paths:
        with contextlib.suppress(OSError, VideoError):
            read_timeline(path)
            readable.append(path)
    return readable or paths


def _predict_videos(fitted, paths, labelled, steps):
    """Return what `estimate` takes of all videos but those that fail with a warning."""
    import pandas as pd

    from ._model import predict_frames

    found = []
    for number, path in enumerate(paths, start=1):
        try:
            with steps.step(f"Video {number} of {len(paths)}: {path}"):
                frames = fitted[0].sample([path])
                found.append(predict_frames(fitted, frames, labelled=labelled))
        except (OSError, ValueError) as error:
            if len(paths) == 1:
                raise
            warnings.warn(f"Left out '{path}': {one_line(error)}", stacklevel=2)
    if not found:
        raise ValueError(f"None of the {len(paths)} videos could be measured.")
    return {name: pd.concat([of_video[name] for of_video in found]) for name in found[0]}
