"""Which of several pipelines is better, and by how much."""

import numpy as np
import pandas as pd
from scipy.stats import t as student

from .._defaults import CONFIDENCE_LEVEL
from .._progress import show_progress
from ._cross_validation import OVERALL, evaluate_folds, make_splits, read_frames

_MEASURES = ["frames_right", "average_precision", "share_error", "overlap"]


def compare_pipelines(
    pipelines,
    table,
    y,
    *,
    groups=None,
    n_splits=5,
    confidence_level=CONFIDENCE_LEVEL,
    random_state=None,
    verbose=False,
) -> pd.DataFrame:
    """Compare pipelines on the same held-out videos or stretches of time.

    Each pipeline is compared with the first one. The intervals are of paired differences: a video
    that is hard for both pipelines does not widen them.

    Parameters
    ----------
    pipelines : dict of str to sklearn.pipeline.Pipeline
        Two or more pipelines by name, each with a `ScreenTimeAggregator` at its end. Clones of
        them are fitted. The first is the one to compare with.
    table : pandas.DataFrame
        A frame table, or features with a frame index if the pipelines take features.
    y : array-like of shape (n_frames,) or (n_frames, n_characters)
        The class of each frame, or a 0/1 table with a column a character.
    groups : array-like of shape (n_frames,), optional
        Groups that are never separated. By default the videos, or with a single video stretches of
        time, as in `cross_validate_screen_time`.
    n_splits : int, default=5
        Number of folds. By default, several videos have one fold for each.
    confidence_level : float, default=0.9
        Nominal coverage of the intervals.
    random_state : int, RandomState instance or None, default=None
        Seed of the splits.
    verbose : bool or int, default=False
        Whether to show a progress bar with the time left.

    Returns
    -------
    pandas.DataFrame
        One row for each measure and pipeline: ``measure``, ``pipeline``, ``value`` (its mean over
        characters and folds), ``difference`` from the first pipeline, ``low`` and ``high`` (the
        interval of the difference). The measures are those of `cross_validate_screen_time`; of
        ``share_error`` less is better.

    Raises
    ------
    ValueError
        If there are fewer than two pipelines, one does not end in a ScreenTimeAggregator, `groups`
        is a dict, the frames have no times, or there are fewer frames or groups than folds.

    See Also
    --------
    cross_validate_screen_time : One pipeline, by character.

    Notes
    -----
    The folds share what they learn from, so their differences vary less than those on new videos.
    The variance is corrected for it [1]_, and the interval is that of a t distribution. It tells of
    videos like these, labelled like these. An interval that holds 0 does not show that two
    pipelines are equally good. From many pipelines, the best one looks better than it is.

    Features are computed once for pipelines that follow each other and begin with the same steps,
    and otherwise for each. With ``memory`` in `PretrainedCNNFeatures`, networks that several
    pipelines share are not run again, nor in the next call.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52
       (2003).

    Examples
    --------
    >>> from sktime_screen import compare_pipelines, recommended_pipeline
    >>> compare_pipelines(
    ...     {"dense": recommended_pipeline(head="dense"), "map": recommended_pipeline()}, X, y
    ... )  # doctest: +SKIP
    """
    if len(pipelines) < 2:
        raise ValueError(f"Two or more pipelines are expected, got {len(pipelines)}.")
    if isinstance(groups, dict):
        raise ValueError("groups is a dict: pass the groups of one split, such as groups[name].")
    for pipeline in pipelines.values():
        index, labels = read_frames(pipeline, table, y, n_splits)
    _, found = next(make_splits(index, labels, groups, n_splits, random_state))
    folds = list(found)
    reports: list[pd.DataFrame] = []
    looked: dict = {}
    with show_progress("Comparison", len(pipelines) * len(folds), verbose, "folds") as advance:
        for name, pipeline in pipelines.items():
            for fold, report in enumerate(evaluate_folds(pipeline, table, labels, folds, looked)):
                reports.append(report.assign(pipeline=name, fold=fold))
                advance(1)
    report = pd.concat(reports)
    overall = report[report["character"] == OVERALL]
    held_out = np.mean([len(test) / len(train) for train, test in folds])
    rows = []
    for measure in _MEASURES:
        values = overall.pivot(index="fold", columns="pipeline", values=measure)[list(pipelines)]
        # A fold in which nobody is seen has no precision, and is then left out for all.
        values = values.dropna()
        for name in pipelines:
            difference = values[name] - values.iloc[:, 0]
            margin = _compute_margin(difference, held_out, confidence_level)
            rows.append(
                {
                    "measure": measure,
                    "pipeline": name,
                    "value": values[name].mean(),
                    "difference": difference.mean(),
                    "low": difference.mean() - margin,
                    "high": difference.mean() + margin,
                }
            )
    return pd.DataFrame(rows)


def _compute_margin(differences, held_out, confidence_level):
    """Return half the width of the interval of a mean; ``held_out`` is tested by trained frames."""
    n = len(differences)
    if n < 2:
        return np.nan
    variance = differences.var(ddof=1) * (1 / n + held_out)
    return student.ppf((1 + confidence_level) / 2, n - 1) * np.sqrt(variance)
