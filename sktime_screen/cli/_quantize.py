"""``sktime-screen quantize``."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from .._defaults import SAMPLING_RATE
from ._console import Steps, results_console
from ._options import (
    Backbone,
    Debug,
    Head,
    HeadName,
    ImageSize,
    Quiet,
    Rate,
    Videos,
    check_outputs,
)


def quantize(
    videos: Videos,
    output: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="The network to write, a file .xml. A second file, .bin, comes beside it.",
        ),
    ] = Path("int8.xml"),
    number: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="How many frames to look at.")
    ] = 128,
    rate: Rate = SAMPLING_RATE,
    head: Head = HeadName.map,
    image_size: ImageSize = None,
    backbone: Backbone = None,
    quiet: Quiet = False,
    debug: Debug = False,
):
    """Write the pretrained network in 8 bits, which is faster.

    Frames of your videos tell which values it computes with. Name the file as --backbone of all
    other commands. Needs the extra `int8`.
    """
    from ..features import save_int8_network
    from ..recipes import recommended_pipeline
    from ..video import VideoFrameSampler

    check_outputs(output, output.with_suffix(".bin"), inputs=videos)
    steps = Steps(results_console(), quiet)
    sampler = VideoFrameSampler(rate=rate, on_error="warn")
    paths = [os.fspath(video) for video in videos]
    table = sampler.sample(paths)
    _, resizer, features, *_ = recommended_pipeline(
        head=head, image_size=image_size, backbone=backbone, verbose=int(not quiet)
    )
    images = resizer.fit_transform(sampler.transform(table))
    with steps.step(f"Quantising {features.backbone} on {min(number, len(images))} frames"):
        error = save_int8_network(output, features, images, n_images=number)
    steps.say(
        f"The network is in {output} and {output.with_suffix('.bin')}. Its features are off by "
        f"{error:.2f} of their length. Add this to `label`, `train` and `evaluate`:"
    )
    words = ["--backbone", os.fspath(output)] + ([] if head == "map" else ["--head", "dense"])
    steps.say(shlex.join(words))
    if table["video"].nunique() < len(paths):
        raise typer.Exit(1)
