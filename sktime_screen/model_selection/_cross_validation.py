"""What to expect on a new video, beside what a shuffled split would have promised."""

import warnings

import joblib
import numpy as np
import pandas as pd
from sklearn.base import clone, is_classifier
from sklearn.metrics import average_precision_score
from sklearn.model_selection import LeaveOneGroupOut
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from .._progress import show_progress
from .._targets import align_indicators, indicator_table, read_labels
from ..metrics import compute_errors_by_video, sum_video_lengths, temporal_iou
from ..video import as_frame_index
from ._stratified_group_kfold import MultilabelStratifiedGroupKFold
from ._time_blocks import make_time_blocks

OVERALL = "overall"


def cross_validate_screen_time(
    pipeline, table, y, *, groups=None, n_splits=5, random_state=None, verbose=False
) -> pd.DataFrame:
    """Cross-validate screen time on held-out videos or stretches of time.

    Frames next to each other look alike, so a shuffled split tests on near copies of the training
    frames. This function holds out whole videos or, with a single video, whole stretches of it. For
    comparison it also reports what a shuffled split would have promised.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        A pipeline with a `ScreenTimeAggregator` at its end. Clones of it are fitted.
    table : pandas.DataFrame
        A frame table, or features with a frame index if the pipeline takes features.
    y : array-like of shape (n_frames,) or (n_frames, n_characters)
        The class of each frame, or a 0/1 table with a column a character.
    groups : array-like of shape (n_frames,) or dict of str to array-like, optional
        Groups that are never separated, or several of them by name:
        ``{"shots": shot_groups(table), "blocks": time_blocks(table)}``. By default "videos", which
        holds out one video at a time, or with a single video "time blocks": stretches of 30
        seconds, or shorter ones if there would be fewer than two for each fold.
    n_splits : int, default=5
        Number of folds. "videos" has one fold for each video.
    random_state : int, RandomState instance or None, default=None
        Seed of the splits.
    verbose : bool or int, default=False
        Whether to show a progress bar with the time left.

    Returns
    -------
    pandas.DataFrame
        One row for each split and character, in the order of ``groups``, and "shuffled" last. After
        the characters of a split comes "overall", their mean. The columns are ``split``,
        ``character``, ``folds`` (their number) and the following means over the folds. After each
        comes its standard deviation, ``..._std``.

        - ``frames_right``: the share of frames in which the character is correctly predicted to be
          on screen or not; overall, the share of right classes or of right labels
        - ``average_precision``: as in scikit-learn
        - ``seconds_error``: the absolute error of the screen time in seconds, scaled to the total
          duration of the video's frames in the table, which is its length if all are there
        - ``share_error``: the same as a share of that duration, from 0 to 1
        - ``overlap``: `temporal_iou`

        The means leave out folds without a value: a fold without the character has no average
        precision and, if it is not predicted either, no overlap.

    Raises
    ------
    ValueError
        If the pipeline does not end in a ScreenTimeAggregator, the frames have no times, or there
        are fewer frames or groups than folds.

    See Also
    --------
    neg_screen_time_error_scorer : The error alone, for searches.

    Notes
    -----
    Sampler, resizer and pretrained features learn nothing from the frames. They run once, over the
    whole table, and with ``memory`` in `PretrainedCNNFeatures` not again in the next call. All
    later steps are fitted anew in each fold.

    A fold with part of a video has noisier errors of seconds than a whole video, in which errors of
    opposite sign cancel. With a single video, compare splits by the other columns too.

    Interrupted (Ctrl+C) after the first fold, it warns and returns the means over the folds that
    were finished.

    Examples
    --------
    >>> from sktime_screen import recommended_pipeline, cross_validate_screen_time
    >>> cross_validate_screen_time(recommended_pipeline(), X, y)  # doctest: +SKIP
    """
    index, y = read_frames(pipeline, table, y, n_splits)
    folds = [
        (split, *fold)
        for split, of_split in make_splits(index, y, groups, n_splits, random_state)
        for fold in of_split
    ]
    reports = []
    try:
        with show_progress("Validation", len(folds), verbose, "folds") as advance:
            for (split, *_), report in zip(
                folds,
                evaluate_folds(pipeline, table, y, [fold for _, *fold in folds]),
                strict=True,
            ):
                reports.append(report.assign(split=split))
                advance(1)
    except KeyboardInterrupt:
        if not reports:
            raise
        warnings.warn(
            f"Validation was stopped after {len(reports)} of {len(folds)} folds: the figures are "
            f"the means over these.",
            stacklevel=2,
        )
    return _summarize(pd.concat(reports))


def read_frames(pipeline, table, y, n_splits):
    """Return the frame index and the labels of frames to validate a pipeline on."""
    if not (isinstance(pipeline, Pipeline) and hasattr(pipeline[-1], "estimate")):
        raise ValueError("A pipeline with a ScreenTimeAggregator at its end is expected.")
    index = as_frame_index(table)
    if len(index) < n_splits:
        raise ValueError(
            f"{len(index)} labelled frames are too few for {n_splits} folds: label more frames."
        )
    y = read_labels(y)
    return index, pd.Series(y) if y.ndim == 1 else y


def evaluate_folds(pipeline, table, y, folds, looked=None):
    """Yield what clones of a pipeline that learned from one part make of the other, by fold."""
    index = as_frame_index(table)
    rows, learned = _transform_once(pipeline, table, y, {} if looked is None else looked)
    background = pipeline[-1].background
    characters = indicator_table(y, background=background).columns
    lengths = sum_video_lengths(index)
    for train, test in folds:
        fitted = _fit(learned, _take(rows, train), y.iloc[train])
        yield evaluate_frames(
            fitted,
            _take(rows, test),
            y.iloc[test],
            index[test],
            lengths,
            characters,
            background,
        )


def _transform_once(pipeline, table, y, looked):
    """Run the steps that need no fit in each fold; return their output and the other steps."""
    steps = [step for _, step in pipeline.steps]
    first_learned = next(n for n, step in enumerate(steps) if not _is_feature_step(step))
    if first_learned == 0:
        return table, pipeline
    first = clone(pipeline[:first_learned])
    key = _identify(first)
    if key not in looked:
        # Only the last output is kept: maps of many frames take gigabytes.
        looked.clear()
        looked[key] = first.fit_transform(table, y)
    return looked[key], pipeline[first_learned:]


def _identify(pipeline):
    """Return what is equal for pipelines of the same steps, if it can be told."""
    try:
        return joblib.hash(pipeline.get_params())
    except Exception:
        return object()  # Not all that users write can be pickled.


def _is_feature_step(step):
    if step is None or step == "passthrough":
        return True
    takes = get_tags(step).input_tags
    return takes.three_d_array and not takes.two_d_array and not is_classifier(step)


def _take(rows, chosen):
    return rows.iloc[chosen] if isinstance(rows, pd.DataFrame) else rows[chosen]


def make_splits(index, y, groups, n_splits, random_state):
    """Yield the name of each split and its folds."""
    dealt = MultilabelStratifiedGroupKFold(n_splits, shuffle=True, random_state=random_state)
    videos = index.get_level_values("video").factorize()[0]
    if groups is None and videos.max() > 0:
        yield "videos", LeaveOneGroupOut().split(y, y, videos)
    elif groups is None:
        yield "time blocks", dealt.split(y, y, make_time_blocks(index, 2 * n_splits))
    else:
        for name, of_rows in (groups if isinstance(groups, dict) else {"groups": groups}).items():
            yield name, dealt.split(y, y, np.asarray(of_rows))
    yield "shuffled", dealt.split(y, y, np.arange(len(y)))


def _fit(pipeline, X, y):
    fitted = clone(pipeline)
    if np.ndim(y) == 1 and fitted[-1].background not in y.to_numpy():
        # The frames to learn from show somebody always: the class is not known in this fold.
        fitted[-1].set_params(background=None)
    return fitted.fit(X, y)


def evaluate_frames(fitted, X, y, index, lengths, characters, background):
    """Compare what a fitted pipeline makes of frames with their labels."""
    probabilities, aggregator = fitted[:-1].transform(X), fitted[-1]
    predicted = aggregator.predict(probabilities)
    if aggregator.multilabel_:
        predicted = pd.DataFrame(predicted, columns=aggregator.class_names_)
    # A fold need not have all characters, neither to learn from nor to be tested on.
    true, shown = (
        indicators.reindex(columns=characters, fill_value=False)
        for indicators in align_indicators(y, predicted, background=background)
    )
    probable = pd.DataFrame(
        aggregator.predict_proba(probabilities), columns=aggregator.class_names_
    ).reindex(columns=characters, fill_value=0.0)
    errors = compute_errors_by_video(y, aggregator.transform(probabilities), index, background)
    shares = errors.reindex(columns=characters, fill_value=0.0).div(
        sum_video_lengths(index), axis=0
    )
    report = pd.DataFrame(
        {
            "frames_right": (true == shown).mean(),
            "average_precision": pd.Series(
                {
                    name: average_precision_score(true[name], probable[name])
                    if true[name].any()
                    else np.nan
                    for name in characters
                }
            ),
            "seconds_error": shares.mul(lengths[shares.index], axis=0).mean(),
            "share_error": shares.mean(),
            "overlap": temporal_iou(true, shown, index, average=None, zero_division=np.nan),
        }
    )
    overall = report.mean()
    if not aggregator.multilabel_:
        overall["frames_right"] = np.mean(predicted == np.asarray(y))
    report.loc[OVERALL] = overall
    return report.rename_axis("character").reset_index()


def _summarize(reports):
    """Put means and deviations over the folds side by side, splits and characters in order."""
    groups = reports.groupby(["split", "character"], sort=False)
    summary = pd.DataFrame({"folds": groups.size()})
    for measure in reports.columns.drop(["split", "character"]):
        summary[measure] = groups[measure].mean()
        summary[f"{measure}_std"] = groups[measure].std()
    return summary.reset_index()
