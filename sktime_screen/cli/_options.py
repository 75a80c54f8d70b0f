"""Options that several commands have."""

import os
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
        help="Video files, and folders of which all videos are taken.",
    ),
]
Labels = Annotated[
    list[Path],
    typer.Argument(
        metavar="LABELS",
        help="Label files: CSV, as the page of `label` saves them or `frames` prepares them, ELAN "
        "(.eaf), Label Studio (.json) or CVAT (.xml).",
    ),
]
Model = Annotated[
    Path,
    typer.Option(
        help="The model that `train` wrote, or a fitted pipeline from joblib.dump. Unless it ends "
        "in .skops it is a pickle: loading it can run any code, so use only files that you trust."
    ),
]
MaybeModel = Annotated[
    Path | None,
    typer.Option(
        help="A model that `train` wrote. Unless it ends in .skops it is a pickle: loading it can "
        "run any code, so use only files that you trust."
    ),
]
Portraits = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="A folder with a folder of pictures for each person, FOLDER/ross/1.jpg, each of one "
        "face, or what the page of `cast` saves: actors are told by their faces. Needs the extra "
        "`faces`.",
    ),
]
Rate = Annotated[float, typer.Option(min=0.001, help="Frames a second to sample.")]
CacheDir = Annotated[
    Path,
    typer.Option(
        callback=_remember,
        help="Folder for the features of each frame. Nothing is computed twice, and a command that "
        "was stopped continues from there. The environment variable SKTIME_SCREEN_HOME moves the "
        "default.",
    ),
]
NoCache = Annotated[bool, typer.Option("--no-cache", callback=_remember, help="Keep no features.")]
Background = Annotated[
    str | None,
    typer.Option(help="The class that means nobody, if each frame has one class."),
]
Backbone = Annotated[
    str | None,
    typer.Option(help="The pretrained network; by default EfficientNet-Lite0 and Lite2 together."),
]
Head = Annotated[
    HeadName,
    typer.Option(
        help="map looks at every position of the image. dense looks at its average, takes a 70th "
        "of the memory and finds less.",
    ),
]
ImageSize = Annotated[
    tuple[int, int] | None,
    typer.Option(
        metavar="HEIGHT WIDTH",
        help="Size in pixels to which frames are resized. 256 448 takes half the time and disk "
        "space of the default, 384 672, and finds fewer small characters.",
    ),
]
Seed = Annotated[int, typer.Option(help="The same number gives the same result.")]
Video = Annotated[
    Path | None,
    typer.Option(help="The video that labelled images were taken from (at --rate)."),
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
