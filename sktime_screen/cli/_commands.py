"""How commands read their words, and how they end."""

import os
import signal
import sys
import warnings

import typer
from typer.core import TyperCommand, TyperGroup

from ._console import ERRORS, print_line, say_error, say_warning

_INTERRUPTED = 128 + signal.SIGINT


class WordsCommand(TyperCommand):
    """A command whose options take one word or several: ``--characters tom jerry``."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        for parameter in self.params:
            if parameter.param_type_name == "argument":
                # Of what type VIDEO is in Python tells a user nothing.
                parameter.display_type_rich = lambda ctx: None

    def parse_args(self, ctx, args):
        """Give each word of such an option the option's name, as the parser wants it."""
        several = {
            name
            for option in self.params
            if getattr(option, "multiple", False)
            for name in option.opts
        }
        words, option = [], None
        for position, word in enumerate(args):
            if word == "--":
                words += args[position:]
                break
            if word.startswith("-"):
                option = word if word in several else None
                words += [] if option else [word]
            else:
                words += [option, word] if option else [word]
        try:
            return super().parse_args(ctx, words)
        except typer.BadParameter as error:
            # What is missing may be among the words that an option has taken.
            taker = next((word for word in args if word in several), None)
            if taker and error.param.param_type_name == "argument" and not error.message:
                error.message = f"Write it before {taker}, which takes all words after it."
            raise


class Commands(TyperGroup):
    """Commands whose errors are one line, and which can be stopped at any time."""

    def invoke(self, ctx):
        """Run a command."""
        with warnings.catch_warnings():
            warnings.showwarning = say_warning
            try:
                return super().invoke(ctx)
            except KeyboardInterrupt:
                _say_kept(ctx)
                raise typer.Exit(_INTERRUPTED) from None
            except BrokenPipeError:
                # Whoever read the output has enough; nothing more may be written on the way out.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise typer.Exit(1) from None
            except Exception as error:
                # Those of the parser become its own messages and exit codes.
                if isinstance(error, typer.Abort) or hasattr(error, "exit_code"):
                    raise
                if ctx.meta.get("sktime_screen.debug"):
                    raise
                say_error(error)
                raise typer.Exit(1) from None


def _say_kept(ctx):
    ERRORS.print("[yellow]stopped[/yellow]")
    folder = ctx.meta.get("sktime_screen.cache_dir")
    if folder is not None and not ctx.meta.get("sktime_screen.no_cache"):
        print_line(
            ERRORS,
            f"The features computed so far are kept in '{folder}': repeat the command to continue "
            f"from there.",
        )
