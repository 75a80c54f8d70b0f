"""The application: its commands, and what becomes of errors, warnings and Ctrl-C."""

from typing import Annotated

import typer

from .. import __version__, _keras
from ._cache import cache
from ._cast import cast
from ._commands import Commands, WordsCommand
from ._demo import demo
from ._evaluate import evaluate
from ._frames import frames
from ._label import label
from ._measure import measure
from ._quantize import quantize
from ._startup_messages import drop_startup_messages
from ._train import train

app = typer.Typer(
    cls=Commands,
    help=(
        "Measure how long each character is on screen in a video. First `label` some frames of a "
        "video, then `train` a model on the labels, then `measure` videos. `demo` shows all of "
        "this on videos that it draws.\n\n"
        "Model files are pickles: loading one can run any code, so use only files that you trust. "
        "Files that end in .skops run no code."
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool):
    if wanted:
        print(f"sktime-screen {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
):
    pass


for command in (demo, label, train, measure, evaluate, cast, frames, quantize, cache):
    app.command(cls=WordsCommand)(command)


def main() -> None:
    """Run the command line."""
    _keras.startup_context = drop_startup_messages
    app(prog_name="sktime-screen")
