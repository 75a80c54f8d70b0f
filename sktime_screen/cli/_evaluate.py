"""``sktime-screen evaluate``."""

import os
import warnings

import typer

from .._defaults import SAMPLING_RATE
from ._console import Steps, figures_table, results_console
from ._options import (
    CACHE_DIR,
    FACES_ARE_PRIVATE,
    Backbone,
    Background,
    CacheDir,
    Debug,
    Head,
    HeadName,
    ImageSize,
    Labels,
    MaybeModel,
    NoCache,
    Portraits,
    Quiet,
    Rate,
    Seed,
    Video,
    find_feature_folder,
    refuse_options,
)
from ._train import VALIDATION_TITLE, explain_validation, load_labels_and_pipeline


def evaluate(
    ctx: typer.Context,
    labels: Labels,
    model: MaybeModel = None,
    video: Video = None,
    rate: Rate = SAMPLING_RATE,
    background: Background = None,
    head: Head = HeadName.map,
    image_size: ImageSize = None,
    backbone: Backbone = None,
    portraits: Portraits = None,
    cache_dir: CacheDir = CACHE_DIR,
    no_cache: NoCache = False,
    seed: Seed = 0,
    quiet: Quiet = False,
    debug: Debug = False,
):
    """Test how often a model is right, with labels.

    With --model, this model is compared with the labels. Without, models are trained on some of
    the labels and tested on the others: on other videos or, with one video, on other parts of it.
    """
    from ..metrics import sum_video_lengths
    from ..model_selection import cross_validate_screen_time, evaluate_frames
    from ..video import make_frame_index
    from ._label_files import load_labels, match_labels
    from ._model import load_model, set_up_features

    console = results_console()
    steps = Steps(console, quiet)
    if model is None:
        folder = find_feature_folder(cache_dir, no_cache, steps)
        if portraits is not None:
            steps.say(FACES_ARE_PRIVATE)
        X, y, pipeline = load_labels_and_pipeline(
            labels,
            video,
            rate,
            background,
            head=head,
            image_size=image_size,
            backbone=backbone,
            portraits=portraits,
            memory=folder,
            random_state=seed,
            verbose=int(not quiet),
        )
        features = pipeline[:-2].fit_transform(X)
        with steps.step("Validating"):
            figures = cross_validate_screen_time(
                pipeline[-2:], features, y, random_state=seed, verbose=not quiet
            )
        console.print(figures_table(figures, VALIDATION_TITLE))
        steps.say(explain_validation(X["video"].nunique()))
        return
    refuse_options(
        ctx,
        *("background", "head", "image_size", "backbone", "portraits", "seed"),
        because="it is for training, and --model is trained: leave out one of them",
    )
    fitted = load_model(model)
    folder = find_feature_folder(cache_dir, no_cache, steps)
    set_up_features(fitted, folder, verbose=not quiet)
    X, y = load_labels(labels, video, rate)
    y = match_labels(fitted[-1], y, labels)
    aggregator, index = fitted[-1], make_frame_index(X)
    _warn_of_learned(aggregator, index)
    characters = [name for name in aggregator.class_names_ if name != aggregator.background]
    figures = evaluate_frames(
        fitted, X, y, index, sum_video_lengths(index), characters, aggregator.background
    )
    console.print(figures_table(figures, f"{model} against {len(X)} labelled frames"))


def _warn_of_learned(aggregator, index):
    """Warn where the model has learned from the frames it is to be measured on."""
    if aggregator._calibration is None:
        return
    learned, asked = (_moments(index) for index in (aggregator._calibration.frames, index))
    known = asked.isin(learned)
    if known.any():
        warnings.warn(
            f"The model has learned from {known.sum()} of these {len(index)} frames, so these "
            f"figures are too good. `evaluate` without --model tests on held-out frames.",
            stacklevel=2,
        )


def _moments(index):
    import pandas as pd

    videos = index.get_level_values("video").map(os.path.basename)
    return pd.MultiIndex.from_arrays([videos, index.get_level_values("time")])
