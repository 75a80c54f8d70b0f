"""What to expect on a new video, beside what a shuffled split would have promised."""

import numpy as np
import pandas as pd
from sklearn.base import clone, is_classifier
from sklearn.metrics import average_precision_score
from sklearn.model_selection import LeaveOneGroupOut
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from .._targets import aligned_indicators, indicator_table, read_labels
from ..metrics import errors_by_video, temporal_iou, video_lengths
from ..video import as_frame_index
from ._stratified_group_kfold import MultilabelStratifiedGroupKFold
from ._time_blocks import enough_time_blocks

_OVERALL = "overall"


def cross_validate_screen_time(
    pipeline, table, y, *, groups=None, n_splits=5, random_state=None
) -> pd.DataFrame:
    """Cross-validate screen time in an honest way and in the usual one.

    Frames next to each other look alike, so folds of shuffled frames are tested on frames that
    were as good as seen. The report has what is left when whole videos, or whole stretches of the
    one video, are held out, and for comparison what shuffled frames would have promised.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        With a `ScreenTimeAggregator` at its end. It is cloned, not fitted.
    table : pandas.DataFrame
        A frame table, or features with a frame index for a pipeline that takes these.
    y : array-like of shape (n_frames,) or (n_frames, n_characters)
        The class of each frame, or a 0/1 table with a column a character.
    groups : array-like of shape (n_frames,) or dict of str to array-like, optional
        Groups that are never separated; for several splits, by their names:
        ``{"shots": shot_groups(table), "blocks": time_blocks(table)}``. By default one video is
        left out at a time, "videos", or with a single video "time blocks": stretches of 30 seconds,
        shorter in a video so short that there would be fewer than two for each fold.
    n_splits : int, default=5
        Number of folds; videos are left out one at a time, however many there are.
    random_state : int, RandomState instance or None, default=None
        Seed of the splits.

    Returns
    -------
    pandas.DataFrame
        A row for each split and character, in the order of ``groups`` and last "shuffled"; after
        the characters of a split comes "overall". Columns ``split``, ``character``, ``folds``
        (their number) and, each the mean over the folds and followed by a column ``..._std`` with
        the standard deviation:

        - ``frames_right``: share of the frames on which the character is rightly said to be there
          or not; overall, of the right classes or of the right labels
        - ``average_precision``: of the probabilities, as scikit-learn has it
        - ``seconds_error``: absolute error of the screen time in seconds, brought to the duration
          of the video's frames in the table: its length, where all of them are there
        - ``share_error``: the same in shares of that duration, from 0 to 1
        - ``overlap``: `temporal_iou`

        A fold without the character has no average precision, and one in which it is not predicted
        either has no overlap: they are left out of the means. Overall is the mean over characters.

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
    The steps that take videos or images and are no classifier (sampler, resizer, pretrained
    features) learn nothing from the frames and run once, over the whole table; everything after
    them is fitted anew in each fold. With ``memory`` in `PretrainedCNNFeatures` they do not even
    run again in the next call.

    Errors of seconds in a fold with part of a video are noisier than those of a whole video, where
    errors of opposite sign cancel: compare splits with a single video by their other columns too.

    Examples
    --------
    >>> from sktime_screen import recommended_pipeline, cross_validate_screen_time
    >>> cross_validate_screen_time(recommended_pipeline(), X, y)  # doctest: +SKIP
    """
    if not (isinstance(pipeline, Pipeline) and hasattr(pipeline[-1], "estimate")):
        raise ValueError("A pipeline with a ScreenTimeAggregator at its end is expected.")
    index = as_frame_index(table)
    if len(index) < n_splits:
        raise ValueError(
            f"{len(index)} labelled frames are too few for {n_splits} folds: label more frames."
        )
    y = read_labels(y)
    y = pd.Series(y) if y.ndim == 1 else y
    rows, learned = _taken_once(pipeline, table, y)
    background = pipeline[-1].background
    characters = indicator_table(y, background=background).columns
    lengths = video_lengths(index)
    reports = []
    for split, folds in _splits(index, y, groups, n_splits, random_state):
        for train, test in folds:
            fitted = _fitted(learned, _taken(rows, train), y.iloc[train])
            report = measured_frames(
                fitted,
                _taken(rows, test),
                y.iloc[test],
                index[test],
                lengths,
                characters,
                background,
            )
            reports.append(report.assign(split=split))
    return _summary(pd.concat(reports), characters)


def _taken_once(pipeline, table, y):
    """Run the steps that need no fit in each fold; return their output and the other steps."""
    steps = [step for _, step in pipeline.steps]
    first_learned = next(n for n, step in enumerate(steps) if not _only_looks(step))
    if first_learned == 0:
        return table, pipeline
    looked = clone(pipeline[:first_learned]).fit_transform(table, y)
    return looked, pipeline[first_learned:]


def _only_looks(step):
    if step is None or step == "passthrough":
        return True
    takes = get_tags(step).input_tags
    return takes.three_d_array and not takes.two_d_array and not is_classifier(step)


def _taken(rows, chosen):
    return rows.iloc[chosen] if isinstance(rows, pd.DataFrame) else rows[chosen]


def _splits(index, y, groups, n_splits, random_state):
    """Yield the name of each split and its folds."""
    dealt = MultilabelStratifiedGroupKFold(n_splits, shuffle=True, random_state=random_state)
    videos = index.get_level_values("video").factorize()[0]
    if groups is None and videos.max() > 0:
        yield "videos", LeaveOneGroupOut().split(y, y, videos)
    elif groups is None:
        yield "time blocks", dealt.split(y, y, enough_time_blocks(index, 2 * n_splits))
    else:
        for name, of_rows in (groups if isinstance(groups, dict) else {"groups": groups}).items():
            yield name, dealt.split(y, y, np.asarray(of_rows))
    yield "shuffled", dealt.split(y, y, np.arange(len(y)))


def _fitted(pipeline, X, y):
    fitted = clone(pipeline)
    if np.ndim(y) == 1 and fitted[-1].background not in y.to_numpy():
        # The frames to learn from show somebody always: the class is not known in this fold.
        fitted[-1].set_params(background=None)
    return fitted.fit(X, y)


def measured_frames(fitted, X, y, index, lengths, characters, background):
    """Compare what a fitted pipeline makes of frames with their labels."""
    probabilities, aggregator = fitted[:-1].transform(X), fitted[-1]
    predicted = aggregator.predict(probabilities)
    if aggregator.multilabel_:
        predicted = pd.DataFrame(predicted, columns=aggregator.class_names_)
    # A fold need not have all characters, neither to learn from nor to be tested on.
    true, shown = (
        indicators.reindex(columns=characters, fill_value=False)
        for indicators in aligned_indicators(y, predicted, background=background)
    )
    probable = pd.DataFrame(
        aggregator.predict_proba(probabilities), columns=aggregator.class_names_
    ).reindex(columns=characters, fill_value=0.0)
    errors = errors_by_video(y, aggregator.transform(probabilities), index, background)
    shares = errors.reindex(columns=characters, fill_value=0.0).div(video_lengths(index), axis=0)
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
    report.loc[_OVERALL] = overall
    return report.rename_axis("character").reset_index()


def _summary(reports, characters):
    """Put means and deviations over the folds side by side, splits and characters in order."""
    groups = reports.groupby(["split", "character"], sort=False)
    summary = pd.DataFrame({"folds": groups.size()})
    for measure in reports.columns.drop(["split", "character"]):
        summary[measure] = groups[measure].mean()
        summary[f"{measure}_std"] = groups[measure].std()
    order = pd.MultiIndex.from_product(
        [reports["split"].unique(), [*characters, _OVERALL]], names=["split", "character"]
    )
    return summary.reindex(order).reset_index()
