"""ScreenTimeReport: who was on screen for how long, as one page to hand on."""

import datetime
from typing import Self

import numpy as np
import pandas as pd

from .._atomic_files import write_text_atomically
from .._names import format_csv
from .._versions import find_versions
from ..export import (
    APPEARANCES,
    ESTIMATE,
    check_columns,
    json_text,
    video_lengths,
    video_names,
    vtt_text,
)
from ..video import VideoError, make_thumbnails, split_rows_by_file
from ._page import as_table, render, text_uri, ticks
from ._pipeline_parts import measured, parts_of
from ._uncertainty import doubtful_frames

_BEST = 4
_DOUBTFUL = 8
_COLORS = 10
_SHADES = 6
_THUMBNAIL_WIDTH = 224
_THUMBNAIL_QUALITY = 72


class ScreenTimeReport:
    """A page about the screen time in one video or several, in one file that needs no other.

    It shows seconds with their intervals, a timeline by character whose appearances tell time,
    confidence and image, who is on screen together, the best and the most doubtful frames, how
    all this was computed, and the data to download. Nothing is loaded from elsewhere when it is
    opened. Use :meth:`from_estimator` to make one of videos.

    Parameters
    ----------
    estimate : pandas.DataFrame
        As :meth:`ScreenTimeAggregator.estimate` gives it; the notes in its ``attrs`` are told.
    appearances : pandas.DataFrame
        As :meth:`ScreenTimeAggregator.appearances` gives it.
    co_appearances : pandas.DataFrame
        As :meth:`ScreenTimeAggregator.co_appearances` gives it.
    probabilities : pandas.DataFrame of shape (n_frames, n_classes), optional
        What the tables were computed from, with a frame index; with ``pipeline`` the frames it is
        least sure about are shown.
    pipeline : sklearn.pipeline.Pipeline, optional
        What measured, fitted, with a ScreenTimeAggregator at its end: its steps and their
        parameters are told.
    validation : dict or pandas.DataFrame, optional
        Figures of a validation, by name, to be told with the rest.
    title : str, optional
        Heading of the page; by default the video's name or the number of videos.
    images : pandas.DataFrame, optional
        A frame table with a column ``image``, whose images are shown where there is no video.
    max_thumbnails : int, default=400
        Images in the page at most, 6 kB each: of the best and the most doubtful frames, then of
        the longest appearances. 0 shows no image.

    See Also
    --------
    ScreenTimeDisplay : The seconds as a plot.
    TimelineDisplay : The timeline as a plot.
    save_json : The data for other programs.

    Notes
    -----
    Names and paths are escaped, line ends and marks of direction in them too, and a content
    security policy forbids the page to load, send or run anything but its own script.

    Examples
    --------
    >>> from sktime_screen import ScreenTimeReport
    >>> report = ScreenTimeReport.from_estimator(pipeline, ["video.mp4"])  # doctest: +SKIP
    >>> report.save("report.html")  # doctest: +SKIP
    """

    def __init__(
        self,
        estimate,
        appearances,
        co_appearances,
        *,
        probabilities=None,
        pipeline=None,
        validation=None,
        title=None,
        images=None,
        max_thumbnails=400,
    ) -> None:
        self.estimate = estimate
        self.appearances = appearances
        self.co_appearances = co_appearances
        self.probabilities = probabilities
        self.pipeline = pipeline
        self.validation = validation
        self.title = title
        self.images = images
        self.max_thumbnails = max_thumbnails

    @classmethod
    def from_estimator(
        cls,
        pipeline,
        X,
        *,
        labelled=None,
        confidence_level=0.9,
        random_state=None,
        validation=None,
        title=None,
        max_thumbnails=400,
    ) -> Self:
        """Measure videos with a fitted pipeline and report.

        Parameters
        ----------
        pipeline : sklearn.pipeline.Pipeline
            Fitted, with a ScreenTimeAggregator at its end; or a fitted search over such.
        X : path, list of paths or pandas.DataFrame
            Videos, or a frame table.
        labelled : object, optional
            Passed on to :meth:`ScreenTimeAggregator.estimate`, as are the next two.
        confidence_level : float, default=0.9
            Nominal coverage of the intervals.
        random_state : int, RandomState instance or None, default=None
            Makes intervals repeatable.
        validation : dict or pandas.DataFrame, optional
            Figures of a validation, by name.
        title : str, optional
            Heading of the page.
        max_thumbnails : int, default=400
            Images in the page at most.

        Returns
        -------
        ScreenTimeReport
            The report, not yet written.

        Raises
        ------
        TypeError
            If there is no ScreenTimeAggregator at the end.
        """
        pipeline = getattr(pipeline, "best_estimator_", pipeline)
        _, aggregator = parts_of(pipeline)
        probabilities, estimate = measured(
            pipeline,
            X,
            labelled=labelled,
            confidence_level=confidence_level,
            random_state=random_state,
        )
        return cls(
            estimate,
            aggregator.appearances(probabilities),
            aggregator.co_appearances(probabilities),
            probabilities=probabilities,
            pipeline=pipeline,
            validation=validation,
            title=title,
            images=X if isinstance(X, pd.DataFrame) and "image" in X else None,
            max_thumbnails=max_thumbnails,
        )

    def save(self, path) -> None:
        """Write the page.

        Parameters
        ----------
        path : str or path
            The HTML file; one that is there already is replaced once the new one is complete.

        Raises
        ------
        OSError
            If the file cannot be written; what was there before is still there.
        ValueError
            If a table lacks columns or rows.
        """
        write_text_atomically(path, self.to_html())

    def to_html(self) -> str:
        """Return the page.

        A video that can no longer be read costs its images only, and the page says so.

        Returns
        -------
        str
            HTML.

        Raises
        ------
        ValueError
            If a table lacks columns or rows.
        """
        check_columns(self.estimate, ESTIMATE, "estimate")
        check_columns(self.appearances, APPEARANCES, "appearances")
        if not len(self.estimate):
            raise ValueError("The table of estimates has no rows: there is nothing to report.")
        return render("report", self._content(), self.estimate["seconds"].max())

    def _content(self):
        videos = list(self.estimate["video"].unique())
        names = video_names(videos)
        characters = list(self.estimate["character"].unique())
        colors = {character: row % _COLORS for row, character in enumerate(characters)}
        lengths = self._lengths()
        best = self._best()
        doubtful = self._doubtful()
        images, problems = self._images(best, doubtful)
        sections = [
            _video(video, names[video], lengths[video], self.estimate, self.appearances)
            for video in videos
        ]
        reached = self.estimate[["seconds", "high"]].max(axis=None)
        return {
            "title": self.title or (names[videos[0]] if len(videos) == 1 else "Screen time"),
            "made": datetime.date.today().isoformat(),
            "names": names,
            "characters": characters,
            "colors": colors,
            "videos": sections,
            "longest": float(reached) or 1.0,
            "notes": self.estimate.attrs.get("notes", []),
            "totals": _totals(self.estimate, characters),
            "together": self._together(characters),
            "best": [(name, rows) for name, rows in _by_character(best, characters) if rows],
            "doubtful": doubtful.to_dict("records"),
            "images": images,
            "numbers": {moment: number for number, moment in enumerate(images)},
            "problems": problems,
            "steps": self._steps(),
            "versions": find_versions(),
            "validation": as_table(self.validation),
            "downloads": self._downloads(names, lengths),
        }

    def _lengths(self):
        lengths = video_lengths(self.estimate, self.appearances)
        if self.probabilities is not None:
            index = self.probabilities.index
            ends = index.get_level_values("time") + index.get_level_values("duration")
            lengths.update(pd.Series(ends).groupby(index.get_level_values("video")).max())
        return lengths

    def _best(self):
        """Return the appearances to show each character by."""
        surest = self.appearances.sort_values("confidence", ascending=False, kind="stable")
        best = surest.groupby("character", sort=False).head(_BEST)
        return best.rename(columns={"peak_time": "time"})

    def _doubtful(self):
        if self.probabilities is None or self.pipeline is None:
            return pd.DataFrame(columns=["video", "time", "character", "probability"])
        return doubtful_frames(self.pipeline[-1], self.probabilities, _DOUBTFUL)

    def _images(self, best, doubtful):
        longest = self.appearances.sort_values("duration", ascending=False, kind="stable")
        longest = longest.rename(columns={"peak_time": "time"})
        # An empty table's columns have no type of their own, and would take that of the times.
        tables = [best, longest] if doubtful.empty else [doubtful, best, longest]
        moments = pd.concat([table[["video", "time"]] for table in tables])
        moments = moments.drop_duplicates(ignore_index=True).head(self.max_thumbnails)
        if self.images is not None:
            of_moment = self.images.drop_duplicates(["video", "time"])
            moments = moments.merge(of_moment[["video", "time", "image"]], on=["video", "time"])
        return _thumbnails(moments)

    def _together(self, characters):
        """Return the seconds that pairs share, over all videos, with the shade of each cell."""
        seconds = self.co_appearances.groupby(level="character", sort=False).sum()
        seconds = seconds.reindex(index=characters, columns=characters, fill_value=0.0)
        values = seconds.to_numpy(dtype=np.float64)
        pairs = values * ~np.eye(len(values), dtype=bool)
        most = pairs.max(initial=0.0)
        shades = np.ceil(pairs / most * _SHADES).astype(int) if most else np.zeros(pairs.shape, int)
        return {"seconds": values.tolist(), "shades": shades.tolist(), "any": bool(most)}

    def _steps(self):
        if self.pipeline is None:
            return []
        return [
            {
                "name": type(step).__name__,
                "parameters": {
                    name: repr(value) for name, value in step.get_params(deep=False).items()
                },
            }
            for _, step in self.pipeline.steps
        ]

    def _downloads(self, names, lengths):
        tables = {
            "screen_time.csv": (
                "Seconds, share and interval by video and character",
                self.estimate,
            ),
            "appearances.csv": ("Every appearance", self.appearances),
            "co_appearances.csv": ("Seconds that pairs share, by video", self.co_appearances),
        }
        downloads = [
            (name, what, text_uri("text/csv", format_csv(table)))
            for name, (what, table) in tables.items()
        ]
        json = json_text(self.estimate, self.appearances, lengths)
        downloads.append(
            ("screen_time.json", "All of it, by video", text_uri("application/json", json))
        )
        for video, name in names.items():
            shown = vtt_text(self.appearances[self.appearances["video"] == video])
            what = f"Subtitles: who is on screen in {name}"
            downloads.append((f"{name}.vtt", what, text_uri("text/vtt", shown)))
        return downloads


def _thumbnails(moments):
    """Return images by video and time, and for each video that lacks some the reason."""
    images, problems = {}, {}
    # What a frame stands for does not matter to its image, but a frame table has to say it.
    moments = moments.assign(duration=1.0)
    for rows in split_rows_by_file(moments):
        table = moments.iloc[rows]
        keys = list(zip(table["video"], table["time"].astype(float), strict=True))
        try:
            made, _ = make_thumbnails(table, _THUMBNAIL_WIDTH, _THUMBNAIL_QUALITY)
        except (OSError, ValueError, VideoError) as error:
            problems.setdefault(table["video"].iloc[0], str(error))
        else:
            images.update(zip(keys, made, strict=True))
    return images, list(problems.values())


def _video(video, name, length, estimate, appearances):
    rows = estimate[estimate["video"] == video]
    shown = appearances[appearances["video"] == video]
    return {
        "video": str(video),
        "name": name,
        "length": length,
        "rows": rows.to_dict("records"),
        "appearances": shown.to_dict("records"),
        "by_character": _by_character(shown, rows["character"]),
        "ticks": ticks(length),
    }


def _by_character(table, characters):
    return [
        (character, table[table["character"] == character].to_dict("records"))
        for character in characters
    ]


def _totals(estimate, characters):
    """Return the seconds of each character by video and in all, where there are several videos."""
    if estimate["video"].nunique() == 1:
        return []
    seconds = estimate.pivot_table("seconds", "character", "video", aggfunc="sum", sort=False)
    seconds = seconds.reindex(characters)
    most = float(seconds.max(axis=None)) or 1.0
    return [
        {
            "character": character,
            "cells": [
                (value, 0 if np.isnan(value) else int(np.ceil(value / most * _SHADES)))
                for value in row
            ],
            "total": float(np.nansum(row)),
        }
        for character, row in zip(characters, seconds.to_numpy(np.float64), strict=True)
    ]
