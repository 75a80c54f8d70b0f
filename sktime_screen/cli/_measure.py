"""``sktime-screen measure``."""

import contextlib
import functools
import os
import warnings
from pathlib import Path
from typing import Annotated

import typer

from .._defaults import CONFIDENCE_LEVEL, SAMPLING_RATE
from ._console import Steps, results_console, seconds_table
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
        typer.Option(
            min=0.001,
            metavar="NUMBER",
            help="How many frames a second to look at, with --portraits. A model has its own rate.",
        ),
    ] = None,
    report: _output("Write a report as one HTML file.") = None,
    csv: _output("Write the table of seconds as CSV.") = None,
    json: _output("Write seconds and appearances as JSON.") = None,
    subtitles: _output_of_each("Write who is on screen as subtitles, .vtt or .srt.") = None,
    eaf: _output_of_each("Write who is on screen as annotations for ELAN.") = None,
    cvat: _output_of_each("Write who is on screen as annotations for CVAT.") = None,
    label_studio: _output_of_each("Write who is on screen as predictions for Label Studio.") = None,
    labels: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="LABELS...",
            help="Labels of frames of these videos. If you or --ask chose the frames, the model "
            "learns the labels as well. If they are a random sample, drawn by `label --strategy "
            "blocks`, they correct the seconds and make the intervals valid.",
        ),
    ] = None,
    ask: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="NUMBER",
            help="Also write a page to label so many frames of each video: those that would teach "
            "the model most.",
        ),
    ] = None,
    save_model: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the model that has learned --labels as well. FILE may be that of --model.",
        ),
    ] = None,
    cache_dir: CacheDir = CACHE_DIR,
    no_cache: NoCache = False,
    quiet: Quiet = False,
    debug: Debug = False,
):
    """Measure how long each character is on screen in videos.

    Give a model that `train` wrote or, for actors, portraits. Portraits need no labels, but there
    are no intervals without labels to test them.

    A few labels of the same video help more than anything else: --ask 10 writes a page on which you
    label ten of its frames, and says how to measure again with these labels.

    If a video cannot be measured, the others still are, and the exit code is 1.

    Subtitles and annotations are one file for each video. For several videos, name a folder.
    """
    from ..report import ScreenTimeReport, find_deciding_faces
    from ..video import drop_repeated_videos
    from ._ask import ask_for_labels, name_page
    from ._model import get_learned, load_model, set_up_features
    from ._next_command import suggest_training

    _check_options(model, portraits, rate, labels, ask, save_model)
    # A video may be named twice, spelled in two ways.
    paths = [os.fspath(video) for video in drop_repeated_videos(videos)]
    page = None if ask is None else name_page(paths)
    check_csv(csv)
    video_files = plan_video_files(
        paths, subtitles=subtitles, eaf=eaf, cvat=cvat, label_studio=label_studio
    )
    read = [*videos, *(labels or [])]
    check_outputs(
        *(report, csv, json, page, *(path for _, _, path in video_files)),
        inputs=[*read, *([model] if model else [])],
    )
    check_outputs(save_model, inputs=read)
    console = results_console()
    steps = Steps(console, quiet)
    folder = find_feature_folder(cache_dir, no_cache, steps)
    if model is None:
        fitted = _know_portraits(portraits, paths, rate or SAMPLING_RATE, folder, quiet, steps)
    else:
        fitted = load_model(model)
        if hasattr(fitted[-2], "judge_faces"):
            steps.say(FACES_ARE_PRIVATE)
    set_up_features(fitted, folder, verbose=not quiet)
    if ask:
        get_learned(model, fitted)  # Without the labels so far nothing more can be learned.
    sample = None
    if labels:
        fitted, sample, model = _use_labels(labels, paths, fitted, model, save_model, steps)
        set_up_features(fitted, folder, verbose=not quiet)
    aggregator = fitted[-1]
    find_faces = report and functools.partial(find_deciding_faces, background=aggregator.background)
    found, left_out = _predict_videos(fitted, paths, sample is not None, find_faces, steps)
    faces, probabilities = found.pop("faces", None), found["X"]
    measured = dict(list(probabilities.groupby("video", sort=False)))
    estimate = _estimate(aggregator, found, sample, left_out, steps)
    _print_seconds(estimate, console, steps)
    for note in left_out:
        steps.say(note)

    full_report = ScreenTimeReport(
        estimate,
        aggregator.appearances(probabilities),
        aggregator.co_appearances(probabilities),
        probabilities=probabilities,
        pipeline=fitted,
        validation=getattr(fitted, "made_with_", {}).get("validation"),
        next_command=report and suggest_training(fitted, model, f"{report.stem}-labels.csv"),
        faces=faces,
    )
    outputs = [
        (csv, lambda path: write_csv(path, estimate)),
        (json, full_report.save_json),
        (report, full_report.save),
    ]
    outputs += [
        (path, functools.partial(write_video_file, kind, aggregator, measured[video]))
        for video, kind, path in video_files
        if video in measured
    ]
    written = [write_file(path, write, steps) for path, write in outputs if path is not None]
    if page is not None:
        again = labels if labels and (sample is not None or model != save_model) else []
        ask_for_labels(page, ask, fitted, probabilities, model, again, steps)
    if not all(written) or left_out:
        raise typer.Exit(1)


def _check_options(model, portraits, rate, labels, ask, save_model):
    """Refuse options that lack others, or make no difference beside them."""
    if (model is None) == (portraits is None):
        raise typer.BadParameter(
            "give either a model that `train` wrote, or --portraits", param_hint="--model"
        )
    if rate is not None and model is not None:
        raise typer.BadParameter("a model samples at its own rate", param_hint="--rate")
    if model is None and (ask or save_model):
        raise typer.BadParameter(
            "--ask and --save-model need a model: portraits do not learn labels",
            param_hint="--model",
        )
    if save_model and not labels:
        raise typer.BadParameter(
            "there is nothing to learn: add --labels", param_hint="--save-model"
        )


def _know_portraits(portraits, paths, rate, folder, quiet, steps):
    """Return a pipeline that knows persons from their portraits."""
    from ..recipes import recommended_pipeline

    steps.say(FACES_ARE_PRIVATE)
    pipeline = recommended_pipeline(
        head="faces", rate=rate, portraits=portraits, memory=folder, verbose=int(not quiet)
    )
    with steps.step(f"Learning the portraits in {portraits}"):
        # Any frame will do to learn how faces stand in a table.
        return pipeline.fit(pipeline[0].sample(_find_readable(paths)[:1])[:1])


def _estimate(aggregator, found, sample, left_out, steps):
    """Return the seconds, with notes of what they leave out."""
    strangers, small = (found.pop(name, None) for name in ("strangers", "small_faces"))
    estimate = aggregator.estimate(
        labelled=sample, confidence_level=CONFIDENCE_LEVEL, random_state=0, **found
    )
    if strangers is not None:
        estimate.attrs["notes"] += [*small, *_describe_strangers(strangers, steps)]
    estimate.attrs["notes"] += left_out
    return estimate


def _print_seconds(estimate, console, steps):
    title = "Screen time"
    if estimate["low"].notna().any():
        title += f", with intervals of {100 * CONFIDENCE_LEVEL:g} %"
    console.print(seconds_table(estimate, title))
    if estimate.attrs["intervals"]:
        steps.say(estimate.attrs["intervals"])


def _describe_strangers(strangers, steps):
    """Say for how long there are faces of people without portraits."""
    durations = strangers.index.get_level_values("duration").to_numpy()
    seconds = (strangers * durations).groupby(level="video", sort=False).sum()
    notes = [
        f"People without a portrait show their faces for {of_video:.1f} s in {str(video)!r}: "
        f"`sktime-screen cast` shows who they are."
        for video, of_video in seconds[seconds > 0].items()
    ]
    for note in notes:
        steps.say(note)
    return notes


def _use_labels(labels, paths, fitted, model, save_model, steps):
    """Return the pipeline that has learned labels, those that were drawn, and its file."""
    from ._model import get_learned
    from ._model import save_model as keep

    learned, sample = _learn_or_sample(labels, paths, fitted, model, steps)
    if save_model and learned is fitted:
        warnings.warn(
            f"{save_model} was not written: these labels are a random sample, which corrects "
            f"the seconds and which the model does not learn.",
            stacklevel=3,
        )
    elif save_model:
        model = save_model
        files = [*getattr(fitted, "made_with_", {}).get("labels", []), *labels]
        keep(model, learned, labels=files, learned=get_learned(model, learned))
        steps.say(f"Model: {model}")
    return learned, sample, model


def _learn_or_sample(labels, paths, fitted, model, steps):
    """Return the model, which has learned labels that were chosen, and those that were drawn."""
    from ._model import learn_more

    X, y = _load_own_labels(labels, paths, fitted)
    if model is None:
        return fitted, (X, y)
    drawn = (X["inclusion"].notna() if "inclusion" in X else X["time"].isna()).to_numpy()
    if not drawn.all():
        with steps.step(f"Learning {(~drawn).sum()} labels beside those of {model}"):
            fitted = learn_more(model, fitted, X[~drawn], y[~drawn])
    return fitted, (X[drawn], y[drawn]) if drawn.any() else None


def _load_own_labels(labels, paths, fitted):
    """Return labelled frames of the videos, by the names of the paths, and their labels."""
    from ._label_files import load_labels, match_labels, name_videos_as_given

    X, y = load_labels(labels, _find_readable(paths), rate=fitted[0].rate)
    X = name_videos_as_given(X, paths)
    if not X["video"].isin(paths).any():
        raise ValueError(
            f"The labels in {', '.join(f'{str(path)!r}' for path in labels)} are of other videos "
            f"than those measured: of {sorted(X['video'].unique())[:3]}."
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


def _predict_videos(fitted, paths, labelled, find_faces, steps):
    """Return what `estimate` takes of all videos, and notes of those that failed."""
    from ..screentime import predict_videos

    numbers = {path: number for number, path in enumerate(paths, start=1)}

    def watch(path):
        return steps.step(f"Video {numbers[path]} of {len(paths)}: {path}")

    return predict_videos(fitted[:-1], paths, labelled=labelled, find_faces=find_faces, watch=watch)
