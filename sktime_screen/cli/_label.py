"""``sktime-screen label``."""

import contextlib
import itertools
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .._defaults import SAMPLING_RATE
from ._console import Steps, results_console
from ._next_command import list_training_options, suggest_next_command
from ._options import (
    CACHE_DIR,
    Backbone,
    CacheDir,
    Debug,
    Head,
    HeadName,
    ImageSize,
    MaybeModel,
    NoCache,
    Quiet,
    Seed,
    Videos,
    check_outputs,
    find_feature_folder,
    refuse_options,
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
    ctx: typer.Context,
    videos: Videos,
    characters: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME...", help="The characters; by default those of the model."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The page to write; by default label.html, or label-2.html if that exists.",
        ),
    ] = None,
    number: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="How many frames to label.")
    ] = 60,
    strategy: Annotated[
        Strategy,
        typer.Option(
            help="How frames are chosen. diverse: those that teach most. uncertain: those that the "
            "model is least certain about. blocks, stratified, random: a random sample, from which "
            "`measure --labels` computes valid intervals. all: every frame."
        ),
    ] = Strategy.diverse,
    model: MaybeModel = None,
    labels: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="LABELS...",
            help="Files of the labels that you have. Their frames are not chosen again, except in "
            "a random sample, which is drawn from all frames.",
        ),
    ] = None,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve",
            help="Do not write the page: serve it to a browser on this computer until Ctrl+C, with "
            "full-size images and the video itself. The CSV file is written as you label.",
        ),
    ] = False,
    rate: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            metavar="NUMBER",
            help=f"How many frames a second to look at; by default as many as the model, or "
            f"{SAMPLING_RATE:g}.",
        ),
    ] = None,
    head: Head = HeadName.map,
    image_size: ImageSize = None,
    backbone: Backbone = None,
    cache_dir: CacheDir = CACHE_DIR,
    no_cache: NoCache = False,
    seed: Seed = 0,
    quiet: Quiet = False,
    debug: Debug = False,
):
    """Write a page on which you label frames of videos in a browser.

    With a model, the page suggests labels and shows the least certain frames first. `train` and
    `measure` reuse the features that are computed to choose frames.
    """
    import pandas as pd

    from ..labels import RANDOM_STRATEGIES, save_label_page
    from ..recipes import recommended_pipeline
    from ..screentime import predict_frames
    from ..video import VideoFrameSampler
    from ._model import find_learned_frames, load_model, set_up_features

    _check_options(ctx, characters, strategy, model)
    output = output or name_next_page()
    made = output.with_suffix(".csv")
    so_far = [*(labels or []), *filter(None, [model])]
    check_outputs(made if serve else output, inputs=[*videos, *so_far])
    steps = Steps(results_console(), quiet)
    fitted = None if model is None else load_model(model)
    rate = _choose_rate(rate, fitted, strategy)
    if fitted is not None and characters and set(characters) != set(_list_characters(fitted)):
        raise typer.BadParameter(
            f"the model knows {_list_characters(fitted)}: leave out --characters or --model",
            param_hint="--characters",
        )
    folder = find_feature_folder(cache_dir, no_cache, steps)
    paths = [os.fspath(video) for video in videos]
    table = VideoFrameSampler(rate=rate, on_error="warn").sample(paths)
    found = set(table["video"])
    readable = [path for path in paths if path in found]
    known = _find_labelled(labels, rate, readable, table) | find_learned_frames(fitted, table)
    left = len(table) if strategy in RANDOM_STRATEGIES else int((~known).sum())
    if not left:
        raise ValueError(
            f"All {len(table)} frames of the videos are labelled in "
            f"{', '.join(f'{str(path)!r}' for path in so_far)}: nothing is left to label."
        )
    probabilities = doubted = None
    if fitted is None:
        looks = recommended_pipeline(
            rate=rate,
            head=head,
            image_size=image_size,
            backbone=backbone,
            memory=folder,
            verbose=int(not quiet),
        )[:3]
    else:
        set_up_features(fitted, folder, verbose=not quiet)
        looks = fitted[:-2]
        # What a model says of a frame may depend on the others.
        probabilities = predict_frames(fitted[:-1], table)["X"]
        if strategy is Strategy.uncertain:
            corrected = fitted[-1].predict_proba(probabilities)
            doubted = pd.DataFrame(corrected, index=probabilities.index)
    table = _choose_frames(table, known, min(number, left), strategy, looks, doubted, seed)
    shown = make_page_options(table, characters, fitted, probabilities)
    if serve:
        _serve(made, table, shown)
        if not made.exists():
            steps.say("No frame was labelled.")
            return
        steps.say(f"The labels are in {made}. Then:")
    else:
        with steps.step(f"Writing the page of {len(table)} frames"):
            save_label_page(output, table, **shown)
        made = made.name  # in the folder of the browser's downloads
        steps.say(
            f"Open {output} in a browser. It saves {made} as a download: move that file here. Then:"
        )
    options = list_training_options(fitted, rate, head, image_size, backbone)
    learns = not labels and "learned_frames" in getattr(fitted, "made_with_", {})
    steps.say(
        suggest_next_command(readable, str(made), strategy, model, labels, options, learns=learns)
    )
    if model is not None and not (labels or learns) and strategy not in RANDOM_STRATEGIES:
        steps.say(f"Write {made} after the files of the labels that {model} has learned from.")
    if len(readable) < len(paths):
        raise typer.Exit(1)


def _check_options(ctx, characters, strategy, model):
    """Refuse options that lack others, or make no difference beside them."""
    if not characters and model is None:
        raise typer.BadParameter(
            "say who is to be labelled: --characters tom jerry", param_hint="--characters"
        )
    if strategy is Strategy.uncertain and model is None:
        raise typer.BadParameter("uncertain needs a model: add --model", param_hint="--strategy")
    if model is not None:
        of_model = "the model looks at frames in its own way: leave out one of them"
        refuse_options(ctx, "head", "image_size", "backbone", because=of_model)
    if strategy is Strategy.all:
        refuse_options(ctx, "number", because="--strategy all takes every frame: leave out one")


def _choose_rate(rate, fitted, strategy):
    """Return at which rate to look at videos, which for samples has to be that of the model."""
    from ..labels import RANDOM_STRATEGIES

    of_model = None if fitted is None else fitted[0].rate
    if strategy in RANDOM_STRATEGIES and None not in (rate, of_model) and rate != of_model:
        raise typer.BadParameter(
            f"the model samples {of_model:g} frames a second, and needs labels of the same frames: "
            f"leave out --rate",
            param_hint="--rate",
        )
    return rate or of_model or SAMPLING_RATE


def _choose_frames(table, known, number, strategy, looks, doubted, seed):
    """Return the frames to label; ``known`` (n_frames,) tells which are labelled already."""
    from ..labels import suggest_frames

    if strategy is Strategy.all:
        return table[~known]
    return suggest_frames(
        table,
        number,
        strategy.value,
        features=None if strategy in (Strategy.blocks, Strategy.random) else looks,
        estimator=doubted,
        labelled=table[known],
        random_state=seed,
    )


def _find_labelled(labels, rate, videos, table):
    """Tell which frames are labelled; labels may be of other videos as well."""
    import numpy as np

    from ..labels import find_labelled_frames
    from ._label_files import load_labels, name_videos_as_given

    if not labels:
        return np.zeros(len(table), bool)
    known = name_videos_as_given(load_labels(labels, rate=rate)[0], videos)
    return find_labelled_frames(table, known[known["video"].isin(videos)])


def name_next_page(stem="label"):
    """Return a name that is free: a page and the CSV that it saves are called alike."""
    for number in itertools.count(1):
        page = Path(f"{stem}.html" if number == 1 else f"{stem}-{number}.html")
        if not (page.exists() or page.with_suffix(".csv").exists()):
            return page


def _list_characters(fitted):
    """Return the names that a model knows, without the one that means nobody."""
    aggregator = fitted[-1]
    return [str(name) for name in aggregator.class_names_ if name != aggregator.background]


def make_page_options(table, characters, fitted, probabilities):
    """Return what the page is told of characters, and of what a model says."""
    from ..video import make_frame_index

    if fitted is None:
        return {"characters": characters}
    aggregator = fitted[-1]
    nobody = aggregator.background
    return {
        "characters": characters or _list_characters(fitted),
        "multilabel": aggregator.multilabel_,
        "background": None if nobody is None else str(nobody),
        "probabilities": probabilities.loc[make_frame_index(table)],
    }


def _serve(path, table, options):
    """Serve the page until the user ends it."""
    from ..labels import LabelServer

    with LabelServer(path, table, **options) as server:
        # Also where nothing else is to be said: without the address there is no page.
        typer.echo(
            f"Open {server.url}\nin a browser. The page writes {path} as you label. Ctrl+C ends "
            f"this command."
        )
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
