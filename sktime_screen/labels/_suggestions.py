"""Which frames of a video are worth a label."""

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..features import embed_frames, project_features, told_map_size
from ..video import (
    VideoFrameSampler,
    check_frame_table,
    is_frame_index,
    make_frame_index,
    resolve_videos,
)
from ._facility_location import Coverage

_STRATEGIES = ("diverse", "stratified", "uncertain", "blocks", "random")
# Of these every frame has a known probability of being taken.
AT_RANDOM = ("stratified", "blocks", "random")
# Maps of so many frames are in memory at once.
_FRAMES_AT_ONCE = 1024


def suggest_frames(
    X,
    n,
    strategy="diverse",
    *,
    features=None,
    estimator=None,
    labelled=None,
    random_state=None,
) -> pd.DataFrame:
    """Choose the frames whose labels teach the most.

    Neighbouring frames look alike and scenes come back, so a few frames that stand for all others
    are worth several times as many that were taken at random.

    Parameters
    ----------
    X : pandas.DataFrame, path or list of paths
        A frame table, or videos, of which a frame a second is looked at.
    n : int
        How many frames to choose.
    strategy : {"diverse", "stratified", "uncertain", "blocks", "random"}, default="diverse"
        "diverse" takes the frames that the others resemble most, each its own group: the best
        for learning. "stratified" takes one frame at random of each of n groups of frames
        that look alike: nearly as good for learning, and every frame has a known probability of
        being taken, so that shares and their intervals can be estimated without bias. "uncertain"
        takes frames that `estimator` is in doubt about and many others resemble, for a second
        round. "blocks" parts each video into stretches of time and takes two frames at random of
        each: the narrowest intervals of seconds from labels. "random" takes any, all with the same
        probability.
    features : pandas.DataFrame or transformer
        What the frames look like, for all strategies but "blocks" and "random": a table with the
        frame index that has a row for every frame of `X`, or what makes it of `X`, such as
        ``recommended_pipeline(memory="features")[:3]``. A transformer that is not fitted is cloned
        and fitted to `X`. Maps, as of that pipeline, are averaged over 3 x 4 parts of the image.
    estimator : classifier or pandas.DataFrame
        For "uncertain": a fitted pipeline whose ``predict_proba`` takes `X`, or its probabilities,
        a table with the frame index and a column a class that has a row for every frame of `X`.
    labelled : pandas.DataFrame, optional
        A frame table (``video`` and ``time`` suffice) of what is labelled already. "diverse" and
        "uncertain" do not choose these frames again, nor those that look like them. A sample at
        random is one of all frames, else it would say nothing of those that are labelled.
    random_state : int, RandomState instance or None, default=None
        Decides what is left to chance. The same number gives the same frames.

    Returns
    -------
    pandas.DataFrame
        The rows of the frame table that were chosen, video by video in the order of time, with the
        index they have in `X`. "stratified", "blocks" and "random" add the columns ``stratum``
        (number of the group) and ``inclusion`` (the probability with which the frame was taken, in
        (0, 1]).

    Raises
    ------
    ValueError
        If there are fewer than n frames, for "diverse" and "uncertain" without a label, or fewer
        than two for each video and "blocks"; if a strategy lacks what it goes by, or features,
        probabilities or labelled frames are not of `X`.
    TypeError
        If `features` are an array, which has no times, or make predictions.

    See Also
    --------
    load_label_csv : Reads the labels once they are made.

    Notes
    -----
    "diverse" adds frame after frame, each time the one that most improves how well all frames are
    represented by the chosen one they resemble most (facility location; adding greedily reaches
    at least 63 % of the best sum). "uncertain" does the same, with every frame weighing as much
    as the estimator is in doubt about it, so that no two frames alike are chosen. Frames that are
    labelled represent their like from the start. "stratified" takes the frames of "diverse" as
    the centres of the groups.

    10,000 frames take some ten seconds on two cores; no table of all distances is made.

    References
    ----------
    G. L. Nemhauser, L. A. Wolsey and M. L. Fisher, "An analysis of approximations for maximizing
    submodular set functions", Mathematical Programming 14 (1978). K. Wei, R. Iyer and J. Bilmes,
    "Submodularity in data subset selection and active learning", ICML 2015.

    Examples
    --------
    >>> from sktime_screen import recommended_pipeline, suggest_frames
    >>> features = recommended_pipeline(memory="features")[:3]
    >>> suggest_frames("video.mp4", 60, features=features)  # doctest: +SKIP
    """
    if strategy not in _STRATEGIES:
        raise ValueError(f"strategy={strategy!r} is none of {', '.join(map(repr, _STRATEGIES))}.")
    if not isinstance(n, int | np.integer) or n < 1:
        raise ValueError(f"n={n!r}: a number of frames, 1 or more, is expected.")
    table = check_frame_table(X) if isinstance(X, pd.DataFrame) else VideoFrameSampler().sample(X)
    # What is left to chance, or to ties, does not depend on the order of the rows.
    table = table.sort_values(["video", "time"], kind="stable")
    known = labelled_rows(table, labelled)
    first = ~table.duplicated([name for name in ("video", "time", "image") if name in table])
    candidates = np.flatnonzero(first if strategy in AT_RANDOM else first & ~known)
    if len(candidates) < n:
        left_out = "" if strategy in AT_RANDOM else " without a label"
        raise ValueError(
            f"{n} frames are asked for, but there are only {len(candidates)}{left_out}: ask for "
            f"fewer, or sample more frames a second."
        )
    generator = check_random_state(random_state)
    if strategy == "blocks":
        codes, names = table["video"].factorize()
        blocks = _blocks_of_time(candidates, codes, names, n)
        rows, drawn = _some_of_each(blocks, generator)
    elif strategy == "random":
        rows = generator.choice(candidates, n, replace=False)
        drawn = pd.DataFrame({"stratum": 0, "inclusion": n / len(candidates)}, index=rows)
    else:
        weights = first.to_numpy(np.float64)
        if strategy == "uncertain":
            weights = weights * _doubt(estimator, table)
        coverage = Coverage(_points(features, table), weights)
        coverage.add(np.flatnonzero(known))
        rows, drawn = coverage.choose(n, candidates), None
        if strategy == "stratified":
            stratum = coverage.nearest(candidates, rows)
            groups = [candidates[stratum == number] for number in range(stratum.max() + 1)]
            rows, drawn = _some_of_each([(group, 1) for group in groups], generator)
    rows = np.sort(rows)
    chosen = table.iloc[rows]
    if drawn is None:
        return chosen
    return chosen.assign(**{name: drawn.loc[rows, name].to_numpy() for name in drawn})


def _blocks_of_time(rows, codes, names, n):
    """Part the rows of videos, which are in order, and tell how many to take of each part."""
    present, sizes = np.unique(codes[rows], return_counts=True)
    if sizes.min() < 2:
        raise ValueError(
            f"strategy='blocks' takes two frames at least of each video, and "
            f"{names[present[sizes.argmin()]]!r} has only one: leave it out."
        )
    if n < 2 * len(present):
        raise ValueError(
            f"strategy='blocks' takes two frames at least of each of the {len(present)} videos: "
            f"n={n} is too few."
        )
    # As many of each video as its share, where it begins being rounded to whole frames.
    free = sizes - 2
    ends = np.round((n - 2 * len(present)) * np.cumsum(free) / max(free.sum(), 1)).astype(int)
    blocks = []
    for code, share in zip(present, 2 + np.diff(ends, prepend=0), strict=True):
        parts = np.array_split(rows[codes[rows] == code], share // 2)
        blocks += [(part, 2 + (share % 2 and not number)) for number, part in enumerate(parts)]
    return blocks


def _some_of_each(groups, generator):
    """Take some rows at random of each group, and tell with which probability they were taken."""
    rows = [generator.choice(group, number, replace=False) for group, number in groups]
    drawn = pd.concat(
        pd.DataFrame({"stratum": stratum, "inclusion": number / len(group)}, index=taken)
        for stratum, ((group, number), taken) in enumerate(zip(groups, rows, strict=True))
    )
    return np.concatenate(rows), drawn


def labelled_rows(table, labelled):
    """Tell which frames are on screen at the times that are labelled.

    Returns bool (n_frames,).
    """
    known = np.zeros(len(table), bool)
    if labelled is None or not len(labelled):
        return known
    if is_frame_index(labelled.index):
        labelled = labelled.index.to_frame(index=False)
    missing = {"video", "time"} - set(labelled.columns)
    if missing:
        raise ValueError(
            f"labelled lacks {sorted(missing)}: a frame table with 'video' and 'time' is expected."
        )
    times, ends = table["time"].to_numpy(), (table["time"] + table["duration"]).to_numpy()
    labelled_videos = resolve_videos(labelled["video"].astype(str))
    for video, rows in table.groupby(resolve_videos(table["video"]), sort=False).indices.items():
        moments = np.sort(labelled["time"].to_numpy(np.float64)[labelled_videos == video])
        # Times in files are rounded: a millisecond more or less is the same frame.
        begins = np.searchsorted(moments, times[rows] - 1e-3)
        known[rows] = begins < np.searchsorted(moments, ends[rows] - 1e-3)
    if not known.any():
        raise ValueError(
            f"None of the {len(labelled)} labelled frames is a frame of X: labelled are "
            f"{sorted(labelled['video'].astype(str).unique())[:3]}, and X holds "
            f"{sorted(table['video'].unique())[:3]}."
        )
    return known


def _doubt(estimator, table):
    """Return the entropy of the least certain class or character of each frame, in bits."""
    if estimator is None:
        raise ValueError(
            "strategy='uncertain' goes by the doubt of a classifier: pass estimator=, a fitted "
            "pipeline. Without labels so far, begin with 'diverse'."
        )
    if isinstance(estimator, pd.DataFrame):
        p = estimator.to_numpy()[_rows_of_frames(estimator, table, "estimator")]
    else:
        p = estimator.predict_proba(table)
        p = np.hstack(p) if isinstance(p, list) else np.asarray(p)
    p = np.clip(p, 0.01, 0.99)
    return -(p * np.log2(p) + (1 - p) * np.log2(1 - p)).max(axis=1)


def _points(features, table):
    """Return points that lie near each other where frames look alike."""
    if features is None:
        raise ValueError(
            "This strategy goes by what frames look like: pass features=, a table of features or "
            "what makes it, such as recommended_pipeline(memory='features')[:3]."
        )
    if isinstance(features, np.ndarray) or hasattr(features, "predict"):
        raise TypeError(
            f"features={type(features).__name__}: a table with the frame index is expected, or the "
            f"steps of a pipeline that make it, without the classifier, such as pipeline[:3]."
        )
    if isinstance(features, pd.DataFrame):
        return embed_frames(_project(features)[_rows_of_frames(features, table, "features")])
    try:
        check_is_fitted(features)
    except NotFittedError:
        features = clone(features).fit(table)
    parts = (table[k : k + _FRAMES_AT_ONCE] for k in range(0, len(table), _FRAMES_AT_ONCE))
    return embed_frames(np.concatenate([_project(features.transform(part)) for part in parts]))


def _project(features):
    projected = project_features(np.asarray(features), told_map_size(features))
    return projected.astype(np.float32, copy=False)


def _rows_of_frames(given, table, name):
    """Return which rows of what was given are those of the frames of a table, in its order."""
    if not is_frame_index(given.index):
        raise ValueError(
            f"{name} has no frame index (video, time, duration), which tables made from "
            f"PretrainedCNNFeatures have: pass such a table, or the fitted steps that make it."
        )
    first = np.flatnonzero(~given.index.duplicated())
    where = given.index[first].get_indexer(make_frame_index(table))
    if (where < 0).any():
        row = table.iloc[int(np.flatnonzero(where < 0)[0])]
        raise ValueError(
            f"{name} lacks {int((where < 0).sum())} of {len(table)} frames of X, the first is "
            f"{row['video']!r} at {row['time']} s."
        )
    return first[where]
