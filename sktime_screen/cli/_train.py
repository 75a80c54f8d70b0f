"""``sktime-screen train``."""

import warnings
from pathlib import Path
from typing import Annotated

import typer

from .._defaults import SAMPLING_RATE
from ._console import Steps, figures_table, one_line, results_console
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
    NoCache,
    Portraits,
    Quiet,
    Rate,
    Seed,
    Video,
    check_outputs,
    find_feature_folder,
)


def train(
    labels: Labels,
    model: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="The model to write: a pickle or, if it ends in .skops, a file that runs no code "
            "when it is loaded (needs the extra `skops`).",
        ),
    ],
    video: Video = None,
    rate: Rate = SAMPLING_RATE,
    background: Background = None,
    incomplete: Annotated[
        bool,
        typer.Option(
            "--incomplete",
            help="The labels say who is on screen, and not who is not: beside the class of a "
            "frame, and where a cell is empty, others may be on screen as well.",
        ),
    ] = False,
    validation: Annotated[
        bool,
        typer.Option(help="Whether to test how often it is right on held-out frames."),
    ] = True,
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
    """Train a model on labelled frames. `measure` measures videos with it."""
    from ._model import save_model

    check_outputs(model, inputs=labels if video is None else [*labels, video])
    console = results_console()
    steps = Steps(console, quiet)
    folder = find_feature_folder(cache_dir, no_cache, steps)
    if portraits is not None:
        steps.say(FACES_ARE_PRIVATE)
    X, y, pipeline = load_labels_and_pipeline(
        labels,
        video,
        rate,
        background,
        incomplete=incomplete,
        head=head,
        image_size=image_size,
        backbone=backbone,
        # As text, since a file of skops takes no paths.
        portraits=portraits and str(portraits),
        memory=folder,
        random_state=seed,
        verbose=int(not quiet),
    )
    n_videos = X["video"].nunique()
    steps.say(f"{len(X)} labelled frames of {n_videos} video{'s' * (n_videos != 1)}")
    _warn_of_constant(y)
    # Features once, for the model and for every fold of its validation.
    features = pipeline[:-2].fit_transform(X)
    with steps.step("Training"):
        pipeline[-2:].fit(features, y)
        save_model(model, pipeline, labels=labels, learned=(X, y))
    figures = None
    if validation:
        steps.say(f"The model is in {model}. Ctrl+C ends the validation early.")
        with steps.step("Validating"):
            figures = validate(pipeline[-2:], features, y, seed, quiet)
    if figures is not None:
        save_model(model, pipeline, figures, labels, (X, y))
        console.print(figures_table(figures, VALIDATION_TITLE))
        steps.say(explain_validation(n_videos))
    steps.say(f"Model: {model}. Then: sktime-screen measure VIDEO --model {model} --ask 10")


def _warn_of_constant(y):
    """Warn of characters of whom labels teach nothing."""
    for name, shown in y.items() if y.ndim == 2 else ():
        if shown.nunique() == 1:
            warnings.warn(
                f"{name!r} is in {'every' if shown.any() else 'no'} labelled frame, so it cannot "
                f"be learned from these labels.",
                stacklevel=2,
            )


VALIDATION_TITLE = "What to expect on held-out frames"


def explain_validation(n_videos):
    """Say what the figures of held-out frames tell of the next video."""
    shuffled = "The rows `shuffled` are too good: those frames are neighbours of labelled ones."
    if n_videos > 1:
        return shuffled
    return (
        f"{shuffled} The others are about other parts of this video. On another video the model is "
        f"right less often, unless it learns some frames of that one too: `measure --ask 10` asks "
        f"for them."
    )


def load_labels_and_pipeline(
    labels,
    video,
    rate,
    background,
    *,
    incomplete=False,
    **options,
):
    """Load labels and make the recommended pipeline, with its options, to learn from them."""
    from ..labels import make_partial_labels
    from ..recipes import recommended_pipeline
    from ._label_files import find_background, load_labels

    X, y = load_labels(labels, video, rate, missing="keep" if incomplete else "drop")
    background = find_background(background, y)
    if incomplete and y.ndim == 1:
        y, background = make_partial_labels(y, background=background), None
    return X, y, recommended_pipeline(rate=rate, background=background, **options)


def validate(learned, features, y, seed, quiet):
    """Validate what is learned from features, where there are enough labels for that."""
    from ..model_selection import cross_validate_screen_time

    try:
        return cross_validate_screen_time(
            learned, features, y, random_state=seed, verbose=not quiet
        )
    except ValueError as error:
        warnings.warn(f"No validation, but the model is trained: {one_line(error)}", stacklevel=2)
        return None
