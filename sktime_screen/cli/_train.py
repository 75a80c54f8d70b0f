"""``sktime-screen train``."""

import warnings
from pathlib import Path
from typing import Annotated

import typer

from ._console import Steps, figures_table, one_line, results_console
from ._options import (
    CACHE_DIR,
    Backbone,
    Background,
    CacheDir,
    Debug,
    Head,
    HeadName,
    ImageSize,
    Labels,
    NoCache,
    Quiet,
    Rate,
    Seed,
    Video,
    check_outputs,
    feature_folder,
)


def train(
    labels: Labels,
    model: Annotated[
        Path,
        typer.Option(
            help="The model to write: a pickle, or, if it ends in .skops, a file that can be "
            "loaded without running code (needs sktime_screen[skops])."
        ),
    ],
    video: Video = None,
    rate: Rate = 1.0,
    background: Background = None,
    validation: Annotated[
        bool,
        typer.Option(help="Whether to measure how good it is on videos or stretches held out."),
    ] = True,
    head: Head = HeadName.map,
    image_size: ImageSize = None,
    backbone: Backbone = None,
    cache_dir: CacheDir = CACHE_DIR,
    no_cache: NoCache = False,
    seed: Seed = 0,
    quiet: Quiet = False,
    debug: Debug = False,
):
    """Learn characters from labelled frames, and write a model that measures videos."""
    from ._model import save_model

    check_outputs(model, inputs=labels if video is None else [*labels, video])
    console = results_console()
    steps = Steps(console, quiet)
    folder = feature_folder(cache_dir, no_cache)
    X, y, pipeline = labelled_pipeline(
        labels, video, rate, background, head, image_size, backbone, folder, seed, quiet
    )
    n_videos = X["video"].nunique()
    steps.say(f"{len(X)} labelled frames of {n_videos} video{'s' * (n_videos != 1)}")
    _warn_of_constant(y)
    # Features once, for the model and for every fold of its validation.
    features = pipeline[:-2].fit_transform(X)
    figures = None
    if validation:
        with steps.step("Validating"):
            figures = validated(pipeline[-2:], features, y, seed)
    with steps.step("Training"):
        pipeline[-2:].fit(features, y)
        save_model(model, pipeline, figures)
    if figures is not None:
        console.print(figures_table(figures, VALIDATION_TITLE))
    steps.say(f"Model: {model}. Then: sktime-screen measure VIDEO --model {model}")


def _warn_of_constant(y):
    """Warn of characters of whom labels teach nothing."""
    for name, shown in y.items() if y.ndim == 2 else ():
        if shown.nunique() == 1:
            warnings.warn(
                f"{name!r} is in {'every' if shown.iloc[0] else 'no'} labelled frame: nothing can "
                f"be learned of it from these.",
                stacklevel=2,
            )


VALIDATION_TITLE = "What to expect on frames held out"


def labelled_pipeline(
    labels, video, rate, background, head, image_size, backbone, folder, seed, quiet
):
    """Load labels and make the pipeline that is to learn from them."""
    from ..recipes import recommended_pipeline
    from ._labels import find_background, load_labels

    X, y = load_labels(labels, video, rate)
    pipeline = recommended_pipeline(
        rate=rate,
        head=head,
        image_size=image_size,
        backbone=backbone,
        memory=folder,
        background=find_background(background, y),
        random_state=seed,
        verbose=int(not quiet),
    )
    pipeline[-1].set_params(random_state=seed)
    return X, y, pipeline


def validated(learned, features, y, seed):
    """Validate what is learned from features, where there are enough labels for that."""
    from ..model_selection import cross_validate_screen_time

    try:
        return cross_validate_screen_time(learned, features, y, random_state=seed)
    except ValueError as error:
        warnings.warn(
            f"No validation, the model is trained all the same: {one_line(error)}", stacklevel=2
        )
        return None
