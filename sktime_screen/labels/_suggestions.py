"""Choose the frames to label."""

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._targets import as_table
from .._uncertainty import find_uncertainty
from ..features import embed_frames, find_map_size, project_features
from ..video import (
    VideoFrameSampler,
    check_frame_table,
    is_frame_index,
    make_frame_index,
    resolve_videos,
)
from ._facility_location import FacilityLocation

_STRATEGIES = ("diverse", "stratified", "uncertain", "blocks", "random")
# With these, every frame has a known inclusion probability.
RANDOM_STRATEGIES = ("stratified", "blocks", "random")
# The number of frames whose feature maps are in memory at a time.
_BATCH_SIZE = 1024


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
    """Choose the frames to label.

    Neighbouring frames look alike, and scenes come back. A few frames that represent the others
    therefore teach a classifier as much as several times as many random frames.

    Parameters
    ----------
    X : pandas.DataFrame, path or list of paths
        A frame table, or videos, which are sampled at one frame per second.
    n : int
        The number of frames to choose.
    strategy : {"diverse", "stratified", "uncertain", "blocks", "random"}, default="diverse"
        How to choose the frames:

        - "diverse" chooses the frames that represent all others best. It is the best choice to
          train a classifier.
        - "stratified" groups similar frames into n groups and draws one frame from each. It
          trains a classifier nearly as well, and the inclusion probability of every frame is
          known. Shares and their intervals can thus be estimated without bias.
        - "uncertain" chooses frames that `estimator` is uncertain about and that represent many
          others. Use it for a second round of labels.
        - "blocks" divides each video into blocks of time and draws two frames from each. It gives
          the narrowest intervals of screen time.
        - "random" draws frames with equal probabilities.
    features : pandas.DataFrame or transformer
        The features of the frames; "blocks" and "random" do not need them. Pass a table with the
        frame index and a row for every frame of `X`, or a transformer of `X` such as
        ``recommended_pipeline(memory="features")[:3]``. A transformer that is not fitted is cloned
        and fitted to `X`. Feature maps are averaged over 3 x 4 parts of the image.
    estimator : classifier or pandas.DataFrame
        For "uncertain": a fitted pipeline with ``predict_proba``, or its probabilities as a table
        with the frame index, a column per class and a row for every frame of `X`.
    labelled : pandas.DataFrame, optional
        The frame table (``video`` and ``time`` suffice) of frames that are labelled already.
        "diverse" and "uncertain" choose neither these frames nor similar ones. Labelled frames of
        other videos count, too, if they are rows of `X` as well. The other strategies draw from all
        frames, because a sample of the rest would tell nothing about the labelled ones.
    random_state : int, RandomState instance or None, default=None
        Controls the random choices. Pass an int for the same frames in every call.

    Returns
    -------
    pandas.DataFrame
        The chosen rows of the frame table, sorted by video and time, with their index in `X`.
        "stratified", "blocks" and "random" add the columns ``stratum`` (the number of the group)
        and ``inclusion`` (the inclusion probability, in (0, 1]).

    Raises
    ------
    ValueError
        If there are fewer than n frames, not counting labelled ones for "diverse" and
        "uncertain". If "blocks" has fewer than two frames for a video. If a strategy lacks
        features or an estimator, or if features, probabilities or labelled frames are not of
        `X`.
    TypeError
        If `features` is an array, which has no times, or a classifier.

    See Also
    --------
    save_label_page : Write a page to label the frames on.
    load_label_csv : Load the labels.

    Notes
    -----
    "diverse" maximizes a facility location function [1]_: the sum over all frames of the
    similarity to the most similar chosen frame. The greedy algorithm adds the frame with the
    largest gain; it reaches at least 63 % of the optimum. Frames that are labelled count as
    chosen from the start. "uncertain" weighs each frame by the entropy of its prediction [2]_.
    "stratified" takes the frames of "diverse" as the centres of its groups.

    10,000 frames take about ten seconds on two cores. The matrix of all distances is never in
    memory.

    References
    ----------
    .. [1] G. L. Nemhauser, L. A. Wolsey and M. L. Fisher, "An analysis of approximations for
           maximizing submodular set functions", Mathematical Programming 14 (1978).
    .. [2] K. Wei, R. Iyer and J. Bilmes, "Submodularity in data subset selection and active
           learning", ICML 2015.

    Examples
    --------
    >>> from sktime_screen import recommended_pipeline, suggest_frames
    >>> features = recommended_pipeline(memory="features")[:3]
    >>> suggest_frames("video.mp4", 60, features=features)  # doctest: +SKIP
    """
    if strategy not in _STRATEGIES:
        raise ValueError(
            f"strategy={strategy!r}; expected one of {', '.join(map(repr, _STRATEGIES))}."
        )
    if not isinstance(n, int | np.integer) or n < 1:
        raise ValueError(f"n={n!r}; expected a number of frames, 1 or more.")
    table = as_table(X)
    table = VideoFrameSampler().sample(X) if table is None else check_frame_table(table)
    # So that random choices and ties do not depend on the order of the rows.
    table = table.sort_values(["video", "time"], kind="stable")
    is_labelled = find_labelled_frames(table, labelled)
    first = ~table.duplicated([name for name in ("video", "time", "image") if name in table])
    candidates = np.flatnonzero(first if strategy in RANDOM_STRATEGIES else first & ~is_labelled)
    if len(candidates) < n:
        kind = "frames" if strategy in RANDOM_STRATEGIES else "frames without a label"
        raise ValueError(
            f"n={n}, but there are only {len(candidates)} {kind}. Choose fewer, or sample the "
            f"videos at a higher rate."
        )
    generator = check_random_state(random_state)
    if strategy == "blocks":
        codes, names = table["video"].factorize()
        blocks = _split_into_blocks(candidates, codes, names, n)
        rows, design = _draw_from_strata(blocks, generator)
    elif strategy == "random":
        rows = generator.choice(candidates, n, replace=False)
        design = pd.DataFrame({"stratum": 0, "inclusion": n / len(candidates)}, index=rows)
    else:
        weights = first.to_numpy(np.float64)
        if strategy == "uncertain":
            weights = weights * _compute_entropy(estimator, table)
        facility_location = FacilityLocation(_compute_embedding(features, table), weights)
        facility_location.add(np.flatnonzero(is_labelled))
        rows, design = facility_location.select(n, candidates), None
        if strategy == "stratified":
            stratum = facility_location.assign(candidates, rows)
            strata = [candidates[stratum == number] for number in range(stratum.max() + 1)]
            rows, design = _draw_from_strata([(members, 1) for members in strata], generator)
    rows = np.sort(rows)
    selected = table.iloc[rows]
    if design is None:
        return selected
    return selected.assign(**{name: design.loc[rows, name].to_numpy() for name in design})


def _split_into_blocks(rows, codes, names, n):
    """Split the sorted rows of videos into blocks of time, each with the number of rows to draw."""
    present, sizes = np.unique(codes[rows], return_counts=True)
    if sizes.min() < 2:
        raise ValueError(
            f"strategy='blocks' draws at least two frames from each video, but "
            f"{names[present[sizes.argmin()]]!r} has only one. Leave it out."
        )
    if n < 2 * len(present):
        raise ValueError(
            f"strategy='blocks' draws at least two frames from each of the {len(present)} videos, "
            f"so that n={n} is too few."
        )
    # In proportion to the length of each video; the ends of the videos are rounded.
    free = sizes - 2
    ends = np.round((n - 2 * len(present)) * np.cumsum(free) / max(free.sum(), 1)).astype(int)
    blocks = []
    for code, n_video in zip(present, 2 + np.diff(ends, prepend=0), strict=True):
        parts = np.array_split(rows[codes[rows] == code], n_video // 2)
        blocks += [(part, 2 + (n_video % 2 and not number)) for number, part in enumerate(parts)]
    return blocks


def _draw_from_strata(strata, generator):
    """Draw rows from each stratum; return them, and their strata and inclusion probabilities."""
    rows = [generator.choice(members, number, replace=False) for members, number in strata]
    design = pd.concat(
        pd.DataFrame({"stratum": stratum, "inclusion": number / len(members)}, index=drawn)
        for stratum, ((members, number), drawn) in enumerate(zip(strata, rows, strict=True))
    )
    return np.concatenate(rows), design


def find_labelled_frames(table, labelled):
    """Return which frames of a table are labelled, by video and time.

    Shapes: -> (n_frames,) bool.
    """
    is_labelled = np.zeros(len(table), bool)
    if labelled is None or not len(labelled):
        return is_labelled
    labelled = as_table(labelled)
    if is_frame_index(labelled.index):
        labelled = labelled.index.to_frame(index=False)
    missing = {"video", "time"} - set(labelled.columns)
    if missing:
        raise ValueError(
            f"labelled lacks {sorted(missing)}; expected a frame table with 'video' and 'time'."
        )
    times, ends = table["time"].to_numpy(), (table["time"] + table["duration"]).to_numpy()
    labelled_videos = resolve_videos(labelled["video"].astype(str))
    for video, rows in table.groupby(resolve_videos(table["video"]), sort=False).indices.items():
        labelled_times = np.sort(labelled["time"].to_numpy(np.float64)[labelled_videos == video])
        # Times in files are rounded: a millisecond more or less is the same frame.
        first = np.searchsorted(labelled_times, times[rows] - 1e-3)
        is_labelled[rows] = first < np.searchsorted(labelled_times, ends[rows] - 1e-3)
    if not is_labelled.any():
        raise ValueError(
            f"None of the {len(labelled)} labelled frames is a frame of X. The labelled videos are "
            f"{sorted(labelled['video'].astype(str).unique())[:3]}, those of X are "
            f"{sorted(table['video'].unique())[:3]}."
        )
    return is_labelled


def _compute_entropy(estimator, table):
    """Return the entropy (bits) of each frame's most uncertain prediction."""
    if estimator is None:
        raise ValueError(
            "strategy='uncertain' needs a classifier. Pass a fitted pipeline as estimator=, or "
            "begin with strategy='diverse' if there are no labels yet."
        )
    if isinstance(estimator, pd.DataFrame):
        p = estimator.to_numpy()[_find_rows(estimator, table, "estimator")]
    else:
        p = estimator.predict_proba(table)
        p = np.hstack(p) if isinstance(p, list) else np.asarray(p)
    uncertainty, _ = find_uncertainty(p, exclusive=np.allclose(p.sum(axis=1), 1, atol=1e-3))
    p = np.clip(uncertainty / 2, 0.01, 0.5)
    return -(p * np.log2(p) + (1 - p) * np.log2(1 - p))


def _compute_embedding(features, table):
    """Return an embedding of the frames, in which similar frames are close."""
    if features is None:
        raise ValueError(
            "This strategy needs features of the frames. Pass a table of features or a transformer "
            "as features=, such as recommended_pipeline(memory='features')[:3]."
        )
    if isinstance(features, np.ndarray) or hasattr(features, "predict"):
        raise TypeError(
            f"features is of type {type(features).__name__}; expected a table with the frame "
            f"index, or the steps of a pipeline before the classifier, such as pipeline[:3]."
        )
    if isinstance(features, pd.DataFrame):
        return embed_frames(_project(features)[_find_rows(features, table, "features")])
    try:
        check_is_fitted(features)
    except NotFittedError:
        features = clone(features).fit(table)
    batches = (table[k : k + _BATCH_SIZE] for k in range(0, len(table), _BATCH_SIZE))
    return embed_frames(np.concatenate([_project(features.transform(batch)) for batch in batches]))


def _project(features):
    projected = project_features(np.asarray(features), find_map_size(features))
    return projected.astype(np.float32, copy=False)


def _find_rows(data, table, name):
    """Return the row of ``data`` for each frame of a table."""
    if not is_frame_index(data.index):
        raise ValueError(
            f"{name} has no frame index (video, time, duration). Pass a table made from the output "
            f"of PretrainedCNNFeatures, or the fitted steps that make it."
        )
    first = np.flatnonzero(~data.index.duplicated())
    where = data.index[first].get_indexer(make_frame_index(table))
    if (where < 0).any():
        row = table.iloc[int(np.flatnonzero(where < 0)[0])]
        raise ValueError(
            f"{name} lacks {int((where < 0).sum())} of the {len(table)} frames of X, the first of "
            f"them {row['video']!r} at {row['time']} s."
        )
    return first[where]
