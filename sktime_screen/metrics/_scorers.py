"""Scorers of screen time, for ``scoring`` of searches and cross-validation."""

import pandas as pd
from sklearn.pipeline import Pipeline

from .._targets import as_table, indicator_table
from ..video import as_frame_index
from ._screen_time_metrics import screen_time_error, sum_seconds_by_video, temporal_iou


def neg_screen_time_error_scorer(estimator, X, y, *, unit="seconds", background=None) -> float:
    """Score the seconds of screen time, for a search or cross-validation.

    Parameters
    ----------
    estimator : estimator
        A fitted pipeline with a `ScreenTimeAggregator` at its end, whose seconds are compared, or a
        fitted classifier of frames, whose predictions are added up.
    X : pandas.DataFrame or FrameSequence
        A frame table, or features with a frame index, which holds the durations.
    y : array-like of shape (n_frames,) or (n_frames, n_characters)
        The class of each frame, or a 0/1 table with one column a character.
    unit : {"seconds", "share"}, default="seconds"
        As in `screen_time_error`. Shares give folds and videos of unequal length the same weight.
    background : str or int, optional
        The class that means nobody; by default that of the aggregator.

    Returns
    -------
    float
        The negative of `screen_time_error`, averaged over the classes that the estimator knows:
        higher is better.

    See Also
    --------
    temporal_iou_scorer : How well the times agree.

    Notes
    -----
    In cross-validation, only the frames of the fold are added up. For other settings, pass
    ``functools.partial(neg_screen_time_error_scorer, unit="share")``.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV, LeaveOneGroupOut
    >>> from sktime_screen import recommended_pipeline, neg_screen_time_error_scorer
    >>> search = GridSearchCV(
    ...     recommended_pipeline(memory="features"),
    ...     {"labelspreadingclassifier__estimator__pooling_sharpness": [2, 8]},
    ...     scoring=neg_screen_time_error_scorer,
    ...     cv=LeaveOneGroupOut(),
    ... )
    >>> search.fit(X, y, groups=X["video"])  # doctest: +SKIP
    """
    final = find_final_step(estimator)
    background = getattr(final, "background", None) if background is None else background
    if hasattr(final, "estimate"):
        measured = _aggregate_seconds(estimator, X)
    else:
        measured = sum_seconds_by_video(
            _shown(estimator, final, X, y, background), as_frame_index(X)
        )
    return -screen_time_error(y, measured, X, unit=unit, background=background)


def temporal_iou_scorer(estimator, X, y, *, background=None) -> float:
    """Score the times at which characters are found, for a search or cross-validation.

    Parameters
    ----------
    estimator : estimator
        A fitted pipeline with a `ScreenTimeAggregator` at its end, or a fitted classifier of
        frames.
    X : pandas.DataFrame or FrameSequence
        A frame table, or features with a frame index, which holds the durations.
    y : array-like of shape (n_frames,) or (n_frames, n_characters)
        The class of each frame, or a 0/1 table with a column a character.
    background : str or int, optional
        The class that means nobody; by default that of the aggregator.

    Returns
    -------
    float
        `temporal_iou`, averaged over the classes that the estimator knows. A character that is
        neither on screen nor predicted counts as 1.

    See Also
    --------
    neg_screen_time_error_scorer : How far off the seconds are.

    Examples
    --------
    >>> from sklearn.model_selection import cross_validate
    >>> from sktime_screen import temporal_iou_scorer, neg_screen_time_error_scorer
    >>> scoring = {"overlap": temporal_iou_scorer, "error": neg_screen_time_error_scorer}
    >>> cross_validate(pipeline, X, y, scoring=scoring)  # doctest: +SKIP
    """
    final = find_final_step(estimator)
    background = getattr(final, "background", None) if background is None else background
    return temporal_iou(y, _shown(estimator, final, X, y, background), X, background=background)


def find_final_step(estimator):
    """Return what is at the end of a pipeline, or of a search over one; of others themselves."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


def _aggregate_seconds(estimator, X):
    """Return the aggregator's seconds, under the names that the labels have."""
    seconds = estimator.transform(X)
    if not isinstance(seconds, pd.DataFrame):
        raise ValueError(
            "The probabilities before the ScreenTimeAggregator have no times: for scikit-learn "
            "steps that drop the index on the way, call "
            "pipeline.set_output(transform='pandas')."
        )
    return seconds


def _shown(estimator, final, X, y, background):
    """Predict for every frame who is on screen, a column a class that the estimator knows."""
    predicted = estimator.predict(X)
    if predicted.ndim == 2:
        names = getattr(final, "class_names_", getattr(as_table(y), "columns", None))
        return pd.DataFrame(predicted, columns=names)
    characters = [name for name in final.classes_.tolist() if name != background]
    shown = indicator_table(predicted, background=background)
    return shown.reindex(columns=characters, fill_value=False)
