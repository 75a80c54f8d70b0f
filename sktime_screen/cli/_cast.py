"""``sktime-screen cast``."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from .._defaults import SAMPLING_RATE
from ._console import Steps, results_console
from ._options import (
    CACHE_DIR,
    FACES_ARE_PRIVATE,
    CacheDir,
    Debug,
    NoCache,
    Quiet,
    Rate,
    Videos,
    check_outputs,
    find_feature_folder,
)


def cast(
    videos: Videos,
    output: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")] = Path(
        "cast.html"
    ),
    rate: Rate = SAMPLING_RATE,
    cache_dir: CacheDir = CACHE_DIR,
    no_cache: NoCache = False,
    quiet: Quiet = False,
    debug: Debug = False,
):
    """Write a page on which you name the people of videos.

    The page shows their faces and saves portraits, by which `measure --portraits` knows them. Needs
    the extra `faces`.
    """
    from ..features import FaceFeatures
    from ..labels import save_cast_page
    from ..video import VideoFrameSampler

    check_outputs(output, inputs=videos)
    steps = Steps(results_console(), quiet)
    folder = find_feature_folder(cache_dir, no_cache, steps)
    steps.say(FACES_ARE_PRIVATE)
    paths = [os.fspath(video) for video in videos]
    sampler = VideoFrameSampler(rate=rate, on_error="warn")
    table = sampler.sample(paths)
    faces = FaceFeatures(memory=folder, verbose=int(not quiet)).fit_transform(
        sampler.transform(table)
    )
    with steps.step("Writing the page"):
        save_cast_page(output, table, faces)
    readable = [path for path in paths if path in set(table["video"])]
    words = ["sktime-screen", "measure", *readable, "--portraits", f"{output.stem}.zip"]
    words += [] if rate == SAMPLING_RATE else ["--rate", f"{rate:g}"]
    steps.say(
        f"Open {output} in a browser. It saves {output.stem}.zip as a download: move that file "
        f"here. Then:"
    )
    steps.say(shlex.join(words))
    if len(readable) < len(paths):
        raise typer.Exit(1)
