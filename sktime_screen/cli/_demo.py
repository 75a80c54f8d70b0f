"""``sktime-screen demo``."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .._atomic_files import write_atomically
from ._console import Steps, interval_text, make_table, plain, results_console
from ._options import Debug, Quiet

if TYPE_CHECKING:
    import pandas as pd


def demo(
    folder: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where the videos and the report are written.")
    ] = Path("sktime_screen_demo"),
    seconds: Annotated[
        float,
        typer.Option(
            min=20,
            metavar="SECONDS",
            help="Length of the measured video. The others are a quarter as long.",
        ),
    ] = 100,
    quiet: Quiet = False,
    debug: Debug = False,
):
    """Draw seven cartoons, learn from six, and measure the last."""
    run_demo(folder, seconds, results_console(), quiet=quiet)


def run_demo(folder, seconds, console, *, quiet=False) -> "pd.DataFrame":
    """Run the demo.

    Parameters
    ----------
    folder : pathlib.Path
        Where the videos, the figure and the report are written. It is created if missing.
    seconds : float
        Length in seconds of the measured video. The training videos are a quarter as long.
    console : rich.console.Console
        Where to print.
    quiet : bool, default=False
        Print the table of results only.

    Returns
    -------
    pandas.DataFrame
        Indexed by character: ``measured``, ``low``, ``high``, ``true`` and ``error`` in seconds.
    """
    import pandas as pd

    from ..recipes import recommended_pipeline
    from ..report import ScreenTimeReport
    from ..video import VideoFrameSampler

    steps = Steps(console, quiet)
    folder.mkdir(parents=True, exist_ok=True)
    with steps.step(
        f"Drawing six videos of {seconds / 4:g} s to train on, and one of {seconds:g} s"
    ):
        truth = _draw_videos(folder, seconds)
    test, *train = truth

    with steps.step("Sampling and labelling the first six"):
        X = VideoFrameSampler(rate=2).sample(train)
        y = pd.concat(
            [_labels_at(truth[video], frames) for video, frames in X.groupby("video", sort=False)],
            ignore_index=True,
        )
    steps.say(f"  {len(X)} frames, {len(X)} labels for each of {', '.join(y.columns)}")

    # Images of half the height take a quarter of the time, and cartoons are easy to see.
    pipeline = recommended_pipeline(
        rate=2, image_size=(192, 336), random_state=0, verbose=int(not quiet)
    )
    with steps.step("Fitting the pipeline (a pretrained backbone and a head)"):
        pipeline.fit(X, y)
    with steps.step("Measuring the seventh video"):
        # In two halves, as the figure needs the frames between them.
        probabilities = pipeline[:-1].transform([test])
        estimate = pipeline[-1].estimate(probabilities, random_state=0)

    results = _compare(estimate, truth[test])
    console.print(_as_table(results, test))
    figure = folder / "timeline.png"
    _draw_timeline(pipeline[-1].predict(probabilities), probabilities.index, truth[test], figure)
    steps.say(f"Who was on screen when: {figure}")
    page = folder / "report.html"
    with steps.step("Writing the report"):
        ScreenTimeReport(
            estimate,
            pipeline[-1].appearances(probabilities),
            pipeline[-1].co_appearances(probabilities),
            probabilities=probabilities,
            pipeline=pipeline,
        ).save(page)
    steps.say(f"The report, to open in a browser: {page}")
    return results


def _draw_videos(folder, seconds):
    """Draw the video to measure and six to learn from; return who is when in each, by its path."""
    from ..datasets import make_cartoon_video

    # Each is held out once: how far videos differ makes the intervals, and few videos tell little.
    names = ["test.mp4", *(f"train_{number}.mp4" for number in range(1, 7))]
    videos = [str(folder / name) for name in names]
    # The longest first, so that no core waits for it in the end.
    lengths = [seconds, *[seconds / 4] * 6]
    with ThreadPoolExecutor() as pool:
        truths = pool.map(make_cartoon_video, videos, lengths, range(len(videos)))
        return dict(zip(videos, truths, strict=True))


def _labels_at(truth, table):
    """Return the truth of the sampled frames, a 0/1 column a character."""
    rows = truth["time"].searchsorted(table["time"] + 1e-6, side="right") - 1
    return truth.drop(columns=["video", "time", "duration"]).iloc[rows].reset_index(drop=True)


def _compare(estimate, truth):
    results = estimate.set_index("character")[["seconds", "low", "high"]]
    results = results.rename(columns={"seconds": "measured"})
    results["true"] = [(truth[name] * truth["duration"]).sum() for name in results.index]
    results["error"] = results["measured"] - results["true"]
    return results


def _as_table(results, video):
    table = make_table(f"Screen time in {video}")
    table.add_column("character")
    for name in ("measured (s)", "interval (s)", "true (s)", "error (s)", "error (%)"):
        table.add_column(name, justify="right")
    for character, row in results.iterrows():
        percent = f"{100 * row.error / row.true:+.1f}" if row.true else "-"
        table.add_row(
            plain(character),
            f"{row.measured:.1f}",
            interval_text(row),
            f"{row.true:.1f}",
            f"{row.error:+.1f}",
            percent,
        )
    return table


def _draw_timeline(predicted, index, truth, path):
    import pandas as pd
    from matplotlib.figure import Figure

    from ..report import TimelineDisplay

    y_true = _labels_at(truth, index.to_frame(index=False))
    figure = Figure(figsize=(10, 2.6), layout="constrained")
    TimelineDisplay.from_predictions(
        index, pd.DataFrame(predicted, columns=y_true.columns), y_true, ax=figure.add_subplot()
    )
    with write_atomically(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
