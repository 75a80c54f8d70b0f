"""ScreenTimeReport: the screen time of each character, as one HTML page to share."""

import datetime
from functools import partial
from pathlib import Path
from typing import Self

import pandas as pd

from .._atomic_files import write_text_atomically
from .._defaults import CONFIDENCE_LEVEL
from .._targets import as_table
from .._versions import find_versions
from ..export import (
    APPEARANCES,
    ESTIMATE,
    check_columns,
    format_json,
    infer_video_lengths,
    shorten_video_names,
)
from ..video import VideoError
from ._deciding_faces import find_deciding_faces, show_faces
from ._label_review import review_frames
from ._page import format_scores, render, render_part
from ._page_content import (
    add_image_files,
    describe_video,
    draw_timelines,
    group_by_character,
    make_downloads,
    make_frame_thumbnails,
    sum_co_appearances,
    summarize_season,
)
from ._pipeline_parts import list_steps, measure, split_pipeline
from ._uncertain_frames import find_uncertain_frames

_N_SUREST = 4
_N_UNCERTAIN = 8
_N_NOTEBOOK_ROWS = 40
_COLORS = 10


class ScreenTimeReport:
    """Report of the screen time in one or more videos.

    The report is one HTML page. It shows the screen time of each character with its interval, a
    timeline of the appearances with images, who is on screen together, the frames that the
    pipeline is most and least sure about, how everything was computed, and the data to download.
    The least certain frames can be labelled in the page, with the keys of `save_label_page`.
    The page is a single file and works offline. Use :meth:`from_estimator` to measure videos and
    report the result.

    Parameters
    ----------
    estimate : pandas.DataFrame
        The table that :meth:`ScreenTimeAggregator.estimate` returns. The page shows the notes in
        its ``attrs``.
    appearances : pandas.DataFrame
        The table that :meth:`ScreenTimeAggregator.appearances` returns.
    co_appearances : pandas.DataFrame
        The table that :meth:`ScreenTimeAggregator.co_appearances` returns.
    probabilities : pandas.DataFrame of shape (n_frames, n_classes), optional
        The predicted probabilities behind the tables, with a frame index. With ``pipeline``, the
        page shows the frames that the pipeline is least sure about.
    pipeline : sklearn.pipeline.Pipeline, optional
        The fitted pipeline behind the tables, which ends in a ScreenTimeAggregator. The page
        lists its steps and their parameters.
    validation : dict or pandas.DataFrame, optional
        Validation scores to show, by name.
    title : str, optional
        The heading of the page. By default, this is the name of the video, or "Screen time" for
        several videos.
    images : pandas.DataFrame, optional
        A frame table with a column ``image``. The page shows these images instead of reading the
        videos.
    max_thumbnails : int, default=400
        The largest number of images in the page. Each takes about 4 kB. The surest and the least
        certain frames come first, then the longest appearances. 0 leaves out all images.
    next_command : str, optional
        The command that trains a model on the labels that are saved in the page. The page shows it.
    faces : pandas.DataFrame, optional
        What :func:`sktime_screen.report.find_deciding_faces` returns. The page shows images of
        these faces, also no more than `max_thumbnails`.

    See Also
    --------
    ScreenTimeDisplay : Plot the seconds.
    TimelineDisplay : Plot the timeline.
    save_subtitles : Write the appearances as subtitles.

    Notes
    -----
    The page escapes all names and paths. Its content security policy forbids the page to load or
    send anything, and to run any script but its own.

    Examples
    --------
    >>> from sktime_screen import ScreenTimeReport
    >>> report = ScreenTimeReport.from_estimator(pipeline, ["video.mp4"])  # doctest: +SKIP
    >>> report.save("report.html")  # doctest: +SKIP
    >>> report.save_json("screen_time.json")  # doctest: +SKIP
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
        next_command=None,
        faces=None,
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
        self.next_command = next_command
        self.faces = faces

    @classmethod
    def from_estimator(
        cls,
        pipeline,
        X,
        *,
        labelled=None,
        confidence_level=CONFIDENCE_LEVEL,
        random_state=None,
        validation=None,
        title=None,
        max_thumbnails=400,
    ) -> Self:
        """Measure videos with a fitted pipeline and report the result.

        If joblib is told to, as by ``with joblib.parallel_config("dask")``, workers measure the
        videos, and only what is found in them comes back. Of several videos, those that fail are
        left out, with a warning and a note in the report.

        Parameters
        ----------
        pipeline : sklearn.pipeline.Pipeline
            A fitted pipeline that ends in a ScreenTimeAggregator, or a fitted search over one.
        X : path, list of paths or pandas.DataFrame
            The videos, or a frame table.
        labelled : tuple of (pandas.DataFrame, array-like), optional
            Labelled frames of the videos, as :meth:`ScreenTimeAggregator.estimate` takes them.
        confidence_level : float, default=0.9
            The nominal coverage of the intervals.
        random_state : int, RandomState instance or None, default=None
            Controls the resampling behind the intervals. Pass an int for repeatable intervals.
        validation : dict or pandas.DataFrame, optional
            Validation scores to show, by name.
        title : str, optional
            The heading of the page.
        max_thumbnails : int, default=400
            The largest number of images in the page.

        Returns
        -------
        ScreenTimeReport
            The report. Call :meth:`save` to write it.

        Raises
        ------
        TypeError
            If the pipeline does not end in a ScreenTimeAggregator.
        FileNotFoundError, VideoError
            If no video can be measured.
        """
        pipeline = getattr(pipeline, "best_estimator_", pipeline)
        _, aggregator = split_pipeline(pipeline)
        table = as_table(X)
        probabilities, estimate, faces = measure(
            pipeline,
            X,
            labelled=labelled,
            find_faces=partial(find_deciding_faces, background=aggregator.background),
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
            images=table if table is not None and "image" in table else None,
            max_thumbnails=max_thumbnails,
            faces=faces,
        )

    def save(self, path) -> None:
        """Write the report as an HTML page.

        Parameters
        ----------
        path : str or path
            The HTML file to write. An existing file is replaced.

        Raises
        ------
        OSError
            If the file cannot be written. A file that existed before is then unchanged.
        ValueError
            If a table lacks columns or rows.
        """
        write_text_atomically(path, self._render(Path(path).stem))

    def save_json(self, path) -> None:
        """Write the screen time and the appearances as JSON for other programs.

        Parameters
        ----------
        path : str or path
            The JSON file to write. An existing file is replaced.

        Raises
        ------
        OSError
            If the file cannot be written. A file that existed before is then unchanged.
        ValueError
            If a table lacks columns.

        See Also
        --------
        to_json : Describes the format.
        """
        write_text_atomically(path, self.to_json())

    def to_json(self) -> str:
        """Return the screen time and the appearances as JSON.

        Returns
        -------
        str
            The JSON text.

        Raises
        ------
        ValueError
            If a table lacks columns.

        Notes
        -----
        The names are those of Azure AI Video Indexer [1]_, which programs of the media industry
        read. Each of ``videos`` has its ``name``, ``duration`` and ``characters``. Each of these
        has ``name``, ``seenDuration`` (s), ``seenDurationRatio`` (of the video), ``confidence``
        and ``appearances`` with ``startTime``, ``endTime`` (``h:mm:ss.mmm``), ``startSeconds``
        and ``endSeconds``. Three names are our own: ``seenDurationInterval``, the lowest and the
        highest duration or null, ``basis``, the evidence for the duration, and the ``confidence``
        of an appearance.

        References
        ----------
        .. [1] https://learn.microsoft.com/azure/azure-video-indexer/video-indexer-output-json-v2
        """
        check_columns(self.estimate, ESTIMATE, "estimate")
        check_columns(self.appearances, APPEARANCES, "appearances")
        return format_json(self.estimate, self.appearances, self._find_lengths())

    def to_html(self) -> str:
        """Return the report as an HTML page.

        If a video can no longer be read, the page lacks its images and says so.

        Returns
        -------
        str
            The HTML text.

        Raises
        ------
        ValueError
            If a table lacks columns or rows.
        """
        return self._render("report")

    def _render(self, name):
        check_columns(self.estimate, ESTIMATE, "estimate")
        check_columns(self.appearances, APPEARANCES, "appearances")
        if not len(self.estimate):
            raise ValueError("estimate has no rows, so there is nothing to report.")
        content = self._collect_content(f"{name}-labels.csv")
        return render(content, self.estimate["seconds"].max())

    def _repr_html_(self):
        """Show the seconds and a small timeline of each character in a notebook."""
        shown = self.estimate.head(_N_NOTEBOOK_ROWS)
        content = {
            "names": shorten_video_names(list(self.estimate["video"].unique())),
            "rows": draw_timelines(shown, self.appearances, self._find_lengths()),
            "left_out": len(self.estimate) - len(shown),
        }
        return render_part("notebook", content, self.estimate["seconds"].max())

    def _collect_content(self, label_file):
        videos = list(self.estimate["video"].unique())
        names = shorten_video_names(videos)
        characters = list(self.estimate["character"].unique())
        colors = {character: row % _COLORS for row, character in enumerate(characters)}
        lengths = self._find_lengths()
        surest = self._select_surest()
        uncertain = self._select_uncertain()
        images, problems = self._make_images(surest, uncertain)
        review, problem = self._make_review(uncertain, images, label_file)
        faces, gone = show_faces(self.faces, characters, self.images, self.max_thumbnails)
        sections = [
            describe_video(video, names[video], lengths[video], self.estimate, self.appearances)
            for video in videos
        ]
        longest = self.estimate[["seconds", "high"]].max(axis=None)
        return {
            "title": self.title or (names[videos[0]] if len(videos) == 1 else "Screen time"),
            "date": datetime.date.today().isoformat(),
            "names": names,
            "characters": characters,
            "colors": colors,
            "videos": sections,
            "longest": float(longest) or 1.0,
            "notes": self.estimate.attrs.get("notes", []),
            "intervals": self.estimate.attrs.get("intervals", ""),
            "season": summarize_season(self.estimate, self.appearances, lengths, names, characters),
            "together": sum_co_appearances(self.co_appearances, characters),
            "surest": [
                (name, rows) for name, rows in group_by_character(surest, characters) if rows
            ],
            "uncertain": uncertain.to_dict("records"),
            "images": images,
            "numbers": {frame: number for number, frame in enumerate(images)},
            "problems": list(dict.fromkeys(problems + problem + gone)),
            "faces": faces,
            "review": review,
            "label_file": label_file,
            "next_command": self.next_command,
            "steps": list_steps(self.pipeline),
            "versions": find_versions(),
            "validation": format_scores(self.validation),
            "downloads": make_downloads(
                self.estimate, self.appearances, self.co_appearances, lengths
            ),
        }

    def _find_lengths(self):
        lengths = infer_video_lengths(self.estimate, self.appearances)
        if self.probabilities is not None:
            index = self.probabilities.index
            ends = index.get_level_values("time") + index.get_level_values("duration")
            lengths.update(pd.Series(ends).groupby(index.get_level_values("video")).max())
        return lengths

    def _select_surest(self):
        """Return the appearances of each character with the highest confidence."""
        ordered = self.appearances.sort_values("confidence", ascending=False, kind="stable")
        surest = ordered.groupby("character", sort=False).head(_N_SUREST)
        return surest.rename(columns={"peak_time": "time"})

    def _select_uncertain(self):
        if self.probabilities is None or self.pipeline is None:
            return pd.DataFrame(columns=["video", "time", "character", "probability"])
        return find_uncertain_frames(self.pipeline[-1], self.probabilities, _N_UNCERTAIN)

    def _make_images(self, surest, uncertain):
        longest = self.appearances.sort_values("duration", ascending=False, kind="stable")
        longest = longest.rename(columns={"peak_time": "time"})
        # An empty table's columns have no type of their own, and would take that of the times.
        tables = [surest, longest] if uncertain.empty else [uncertain, surest, longest]
        frames = pd.concat([table[["video", "time"]] for table in tables])
        frames = frames.drop_duplicates(ignore_index=True).head(self.max_thumbnails)
        return make_frame_thumbnails(add_image_files(frames, self.images))

    def _make_review(self, uncertain, images, csv_name):
        """Return the part to label frames in, or None, and what was wrong with a video."""
        shown = [(row.video, row.time) in images for row in uncertain.itertuples()]
        if not any(shown):
            return None, []
        rows = uncertain["row"].to_numpy()[shown]
        given = self.pipeline[-1], self.probabilities, rows, self.images, csv_name
        try:
            return review_frames(*given), []
        except (OSError, ValueError, VideoError) as error:
            return None, [str(error)]
