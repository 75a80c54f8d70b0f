"""Options that several commands have."""

import os
import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .._atomic_files import check_target
from .._caches import get_cache_folder

# What is taken from a folder, where images and results lie as well. A file may have any ending.
_VIDEOS = (
    *(".3g2", ".3gp", ".avi", ".divx", ".f4v", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4"),
    *(".mpeg", ".mpg", ".mts", ".mxf", ".ogm", ".ogv", ".ts", ".vob", ".webm", ".wmv"),
)
# Bytes of features, some 30 hours of video, from which on users are told how to remove them.
_LARGE = 10e9
CACHE_DIR = get_cache_folder("features")
FACES_ARE_PRIVATE = (
    "Vectors of faces are biometric data. They stay on this machine, in the folder of features; "
    "`sktime-screen cache --clear faces` removes them."
)


class HeadName(StrEnum):
    """What classifies, see :func:`recommended_pipeline`."""

    map = "map"
    dense = "dense"


def _remember(ctx: typer.Context, param: typer.CallbackParam, value):
    """Keep a value for where errors and interruptions are told."""
    ctx.meta[f"sktime_screen.{param.name}"] = value
    return value


def _open_folders(paths):
    """Replace each folder by the videos in it, in the order of their names."""
    videos = []
    for path in paths:
        found = [path]
        if path.is_dir():
            found = sorted(file for file in path.iterdir() if file.suffix.lower() in _VIDEOS)
            if not found:
                raise typer.BadParameter(
                    f"no file in the folder {path} has the ending of a video, such as .mp4 or .mkv"
                )
        videos += found
    return videos


Videos = Annotated[
    list[Path],
    typer.Argument(
        metavar="VIDEO",
        callback=_open_folders,
        help="Video files, or folders: all videos in a folder are taken.",
    ),
]
Labels = Annotated[
    list[Path],
    typer.Argument(
        metavar="LABELS",
        help="Files of labels: the CSV file that the page of `label` saves or that `frames` "
        "writes, or files of ELAN (.eaf), Label Studio (.json) or CVAT (.xml).",
    ),
]
MaybeModel = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A model that `train` wrote. Unless it ends in .skops it is a pickle: loading it can "
        "run any code, so use only files that you trust.",
    ),
]
Portraits = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE|FOLDER",
        help="Pictures of actors, who are known by their faces: the file that the page of `cast` "
        "saves, or a folder with a folder for each person, FOLDER/ross/1.jpg, and one face in each "
        "picture. Needs the extra `faces`.",
    ),
]
Rate = Annotated[
    float, typer.Option(min=0.001, metavar="NUMBER", help="How many frames a second to look at.")
]
CacheDir = Annotated[
    Path,
    typer.Option(
        callback=_remember,
        metavar="FOLDER",
        help="Where the features of each frame are kept. Nothing is computed twice, and a command "
        "that was stopped continues from there. The environment variable SKTIME_SCREEN_HOME moves "
        "the default.",
    ),
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", callback=_remember, help="Do not keep features on disk.")
]
Background = Annotated[
    str | None,
    typer.Option(metavar="CLASS", help="The class that means nobody, if each frame has one class."),
]
Backbone = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The pretrained network, by its name or the path of a file .keras, .onnx, .tflite or "
        ".xml; by default EfficientNet-Lite0 and Lite2 together.",
    ),
]
Head = Annotated[
    HeadName,
    typer.Option(
        help="What learns from the features. map looks at every position of the image. dense looks "
        "at the average of the image: it takes a 70th of the memory and finds less.",
    ),
]
ImageSize = Annotated[
    tuple[int, int] | None,
    typer.Option(
        metavar="HEIGHT WIDTH",
        help="The size in pixels that frames are resized to, by default 384 672. 256 448 takes "
        "half the time and disk space, and finds fewer small characters.",
    ),
]
Seed = Annotated[int, typer.Option(metavar="NUMBER", help="The same number gives the same result.")]
Video = Annotated[
    Path | None,
    typer.Option(
        metavar="VIDEO",
        help="The video from which the labelled images were taken, --rate of them a second.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print results, warnings and errors only.")]
Debug = Annotated[
    bool,
    typer.Option(
        "--debug", callback=_remember, is_eager=True, help="Show where an error occurred."
    ),
]


def refuse_options(ctx, *names, because):
    """Refuse options of the command line that would make no difference."""
    for option in ctx.command.params:
        source = ctx.get_parameter_source(option.name)
        if option.name in names and source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(because, param_hint=option.opts[0])


def find_feature_folder(cache_dir, no_cache, steps):
    """Return where features are kept, checked to be readable, and say it; None for no cache."""
    from ..features import FeatureStore

    if no_cache:
        return None
    store = FeatureStore(cache_dir)
    try:
        len(store)
    except OSError as error:
        error.add_note("Name another folder with --cache-dir, or add --no-cache.")
        raise
    size = sum(file.stat().st_size for file in Path(store.folder).glob("features.sqlite*"))
    steps.say(f"Features are kept in '{store.folder}', {size / 1e6:,.0f} MB so far")
    if size > _LARGE:
        words = ["sktime-screen", "cache", "--clear", "all"]
        words += [] if Path(store.folder) == CACHE_DIR else ["--cache-dir", store.folder]
        steps.say(f"`{shlex.join(words)}` removes them all. Without --clear all it lists them.")
    return store.folder


def check_outputs(*paths, inputs=()):
    """Check before hours of work that its results can be written."""
    read = {os.path.realpath(path) for path in inputs}
    written = set()
    for path in paths:
        if path is None:
            continue
        if os.path.realpath(path) in read:
            raise ValueError(f"Cannot write {path}: this command reads it. Name another file.")
        if os.path.realpath(path) in written:
            raise ValueError(f"Cannot write {path} twice. Name another file.")
        written.add(os.path.realpath(path))
        check_target(path)
        if not os.access(path.parent, os.W_OK):
            raise PermissionError(f"Cannot write {path}: its folder is not writable.")
