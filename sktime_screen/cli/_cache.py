"""``sktime-screen cache``."""

from pathlib import Path
from typing import Annotated

import typer

from ._console import make_table, plain, results_console
from ._options import CACHE_DIR, CacheDir, Debug

_ALL, _FACES = "all", "faces"


def cache(
    cache_dir: CacheDir = CACHE_DIR,
    clear: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="Remove features of a kind that the command lists: `faces` are the vectors by "
            "which people are told; `all` removes everything.",
        ),
    ] = None,
    debug: Debug = False,
):
    """List the features that are kept, or remove some.

    What is removed is overwritten in the file. Models, portraits and reports are files of yours.
    """
    from ..features import FeatureStore

    console = results_console()
    store = FeatureStore(cache_dir)
    # A folder that is only looked for is not made.
    is_there = (Path(store.folder) / "features.sqlite").is_file()
    kept = _count_kinds(store) if is_there else None
    if kept is None or kept.empty:
        console.print(plain(f"No features are kept in '{store.folder}'."))
        return
    if clear is not None:
        # Whoever mistypes a kind must not believe that it is gone.
        if clear not in (*kept.index, _FACES, _ALL):
            raise typer.BadParameter(
                f"no {clear!r} in {store.folder!r}, only {', '.join(kept.index)}",
                param_hint="--clear",
            )
        store.clear(None if clear == _ALL else clear)
        removed = kept if clear == _ALL else kept.reindex([clear], fill_value=0)
        n_frames, size = removed[["frames", "bytes"]].sum()
        console.print(
            plain(f"Removed {clear}: {n_frames:,} frames, {size / 1e6:,.1f} MB, of {store.folder}")
        )
        return
    table = make_table(store.folder)
    table.add_column("kind")
    for name in ("videos", "frames", "MB"):
        table.add_column(name, justify="right")
    for kind, row in kept.iterrows():
        cells = f"{row['videos']:,}", f"{row['frames']:,}", f"{row['bytes'] / 1e6:,.1f}"
        table.add_row(plain(kind), *cells)
    console.print(table)


def _count_kinds(store):
    """Return how many videos, frames and bytes there are of each kind of features."""
    contents = store.contents().reset_index()
    contents["kind"] = [network.partition(" ")[0] for network in contents["network"]]
    kinds = contents.groupby("kind")
    counts = kinds[["frames", "bytes"]].sum()
    return counts.assign(videos=kinds["video"].nunique())
