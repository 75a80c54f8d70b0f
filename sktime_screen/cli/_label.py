"""``sktime-screen label``."""

import itertools
import os
import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from ..features import PretrainedCNNFeatures
from ..frames import ImageResizer, VideoFrameSampler, frame_index
from ..labels import suggest_frames, write_label_page
from ..recipes import recommended_pipeline
from ._console import Steps, results_console
from ._labels import as_films_are_called, load_labels
from ._model import load_model, predicted, set_up_features
from ._options import (
    MEMORY,
    Backbone,
    Debug,
    Films,
    MaybeModel,
    Memory,
    NoMemory,
    PictureSize,
    Places,
    Quiet,
    Rate,
    Seed,
    check_outputs,
    feature_folder,
)


class Strategy(StrEnum):
    """How frames are chosen, see :func:`suggest_frames`."""

    diverse = "diverse"
    stratified = "stratified"
    blocks = "blocks"
    uncertain = "uncertain"
    random = "random"
    all = "all"


def label(
    films: Films,
    classes: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME...", help="The characters; by default those of the model."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="The page to write; label.html by default, in a second round label-2.html."
        ),
    ] = None,
    number: Annotated[int, typer.Option(min=1, help="How many frames to label.")] = 60,
    strategy: Annotated[
        Strategy,
        typer.Option(
            help="diverse teaches most; blocks, stratified and random are samples, from whose "
            "labels `measure --labels` computes valid intervals; uncertain takes what the model "
            "doubts; all takes all frames."
        ),
    ] = Strategy.diverse,
    model: MaybeModel = None,
    labels: Annotated[
        list[Path] | None,
        typer.Option(metavar="LABELS...", help="Labels so far: their frames are not taken again."),
    ] = None,
    rate: Rate = 1.0,
    places: Places = True,
    picture_size: PictureSize = None,
    backbone: Backbone = None,
    memory: Memory = MEMORY,
    no_memory: NoMemory = False,
    seed: Seed = 0,
    quiet: Quiet = False,
    debug: Debug = False,
):
    """Write a page on which frames are labelled in the browser, by keyboard.

    What is computed to choose frames, `train` and `measure` need again and find where it is kept.
    With a model its predictions are suggested, the most doubtful frames first.
    """
    if not classes and model is None:
        raise typer.BadParameter("name the characters: --classes tom jerry", param_hint="--classes")
    if strategy is Strategy.uncertain and model is None:
        raise typer.BadParameter("uncertain needs a --model to doubt", param_hint="--strategy")
    output = output or _next_page()
    check_outputs(output)
    steps = Steps(results_console(), quiet)
    fitted = None if model is None else load_model(model)
    folder = feature_folder(memory, no_memory)
    paths = [os.fspath(film) for film in films]
    table = VideoFrameSampler(rate=rate, on_error="warn").sample(paths)
    readable = set(table["video"])
    probabilities = doubted = None
    if fitted is None:
        looks = recommended_pipeline(
            rate=rate,
            places=places,
            picture_size=picture_size,
            backbone=backbone,
            memory=folder,
            verbose=int(not quiet),
        )[:3]
    else:
        set_up_features(fitted, folder, verbose=not quiet)
        looks = fitted[:-2]
        # What a model says of a frame may depend on the others.
        probabilities = predicted(fitted, table)[0]
        if strategy is Strategy.uncertain:
            corrected = fitted[-1].predict_proba(probabilities)
            doubted = pd.DataFrame(corrected, index=probabilities.index)
    if strategy is not Strategy.all:
        known = None
        if labels:
            known = as_films_are_called(load_labels(labels, rate=rate)[0], paths)
        taken = 0 if known is None else len(known)
        table = suggest_frames(
            table,
            min(number, max(1, len(table) - taken)),
            strategy.value,
            features=None if strategy in (Strategy.blocks, Strategy.random) else looks,
            estimator=doubted,
            labelled=known,
            random_state=seed,
        )
    with steps.step(f"Writing the page of {len(table)} frames"):
        _write(table, classes, output, fitted, probabilities)
    steps.say(f"Open {output} in a browser; it saves {output.stem}.csv. Then:")
    options = _train_options(fitted, rate, places, picture_size, backbone)
    steps.say(_next_command(films, output, strategy, model, labels, options))
    if set(paths) - readable:
        raise typer.Exit(1)


def _next_page():
    """Return a name that is free: a page and the CSV that it saves are called alike."""
    for number in itertools.count(1):
        page = Path("label.html" if number == 1 else f"label-{number}.html")
        if not (page.exists() or page.with_suffix(".csv").exists()):
            return page


def _train_options(fitted, rate, places, picture_size, backbone):
    """Return the options by which `train` looks at frames as the model does, or as was asked."""
    for _, step in [] if fitted is None else fitted.steps:
        if isinstance(step, ImageResizer):
            picture_size = tuple(step.size)
        elif isinstance(step, PretrainedCNNFeatures):
            backbone, places = step.backbone, step.pooling is None
    _, resizer, features, *_ = recommended_pipeline(places=places)
    words = [] if rate == 1 else ["--rate", f"{rate:g}"]
    words += [] if places else ["--no-places"]
    if picture_size not in (None, resizer.size):
        words += ["--picture-size", *map(str, picture_size)]
    if backbone not in (None, features.backbone):
        words += ["--backbone", str(backbone)]
    return words


def _next_command(films, output, strategy, model, labels, options):
    """Return what to do with the labels; a random sample is not spent on a model there is."""
    made = f"{output.stem}.csv"
    if model is not None and strategy in (Strategy.blocks, Strategy.stratified, Strategy.random):
        return shlex.join(
            ["sktime-screen", "measure", *map(str, films), "--model", str(model), "--labels", made]
        )
    so_far = map(str, labels or [])
    return shlex.join(
        [
            *("sktime-screen", "train", *so_far, made, *options),
            *("--model", str(model or "screen_time.joblib")),
        ]
    )


def _write(table, classes, output, fitted, probabilities):
    if fitted is None:
        write_label_page(table, classes, output)
        return
    aggregator = fitted[-1]
    nobody = aggregator.background
    names = [str(name) for name in aggregator.class_names_ if name != nobody]
    write_label_page(
        table,
        classes or names,
        output,
        multilabel=aggregator.multilabel_,
        background=None if nobody is None else str(nobody),
        probabilities=probabilities.loc[frame_index(table)],
    )
