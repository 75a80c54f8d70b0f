"""``sktime-screen frames``."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from .._defaults import SAMPLING_RATE
from ._console import Steps, results_console
from ._options import Debug, Quiet, Rate, Videos


def frames(
    videos: Videos,
    folder: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where images and labels.csv are written.")
    ] = Path("frames"),
    rate: Rate = SAMPLING_RATE,
    characters: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME...",
            help="The characters: each gets a column for 0 or 1. Without them, there is one "
            "column for the class of the frame.",
        ),
    ] = None,
    quiet: Quiet = False,
    debug: Debug = False,
):
    """Write frames as images, and a CSV file to fill in with labels.

    If you run it again, it writes missing images and keeps the labels that you filled in.
    """
    from ..labels import extract_frames

    paths = [os.fspath(video) for video in videos]
    table = extract_frames(
        paths, folder, rate=rate, characters=characters or (), on_error="warn", verbose=not quiet
    )
    steps = Steps(results_console(), quiet)
    steps.say(f"{len(table)} images in {folder}")
    listing = str(folder / "labels.csv")
    command = ["sktime-screen", "train", listing, "--model", "screen_time.joblib"]
    command += [] if rate == SAMPLING_RATE else ["--rate", f"{rate:g}"]
    steps.say(f"Fill in {listing}, then: {shlex.join(command)}")
    if set(paths) - set(table["video"]):
        raise typer.Exit(1)
