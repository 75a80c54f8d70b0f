"""Labels of a video's own frames, and the shares estimated from them."""

import numpy as np
import pandas as pd

from .._targets import as_table
from ..video import is_frame_index, resolve_videos
from ._prediction_powered import prediction_powered_mean

# By which share the frames that a sample stands for may differ from those of its video: some
# percent where each frame was drawn or not by itself; more where a part of the sample has no
# labels.
_TOLERANCE = 0.15


class LabelledSample:
    """Labels of a random sample of videos' own frames.

    Shapes: ``truth`` (n_rows, n_classes).
    """

    def __init__(self, table, truth):
        table = table.to_frame(index=False) if is_frame_index(table) else as_table(table)
        if table is None:
            table = pd.DataFrame()
        missing = [name for name in ("video", "time") if name not in table]
        if missing:
            raise ValueError(
                f"The table of labelled frames lacks {missing}: a frame table is expected, as "
                f"suggest_frames gives it, and load_label_csv with the labels."
            )
        labelled = ~np.isnan(truth).any(axis=1)
        known = "inclusion" in table and table["inclusion"][labelled].between(0, 1, "right").all()
        if not known:
            raise ValueError(
                "Intervals from labels hold for frames that were drawn at random, and need the "
                "column 'inclusion': the probability, above 0, with which each labelled frame was "
                "drawn (n / n_frames in a plain random sample). suggest_frames(strategy='blocks') "
                "gives it. Frames chosen by hand, by doubt or as the most typical say nothing "
                "certain about the others: train on them instead."
            )
        self.table = table.reset_index(drop=True)
        self.videos = resolve_videos(table["video"])
        self.truth = truth
        self.labelled = labelled

    def interval(self, probabilities, cross_fitted, index, calibration, confidence_level):
        """Estimate one video's shares.

        Shapes: ``probabilities`` (n_frames, n_classes), ``cross_fitted`` (n_frames, n_classes).
        """
        of_video = self.videos == resolve_videos(index.get_level_values("video")[:1])
        sampled = np.flatnonzero(of_video & self.labelled)
        if not len(sampled):
            return None
        positions = _positions(index, self.table.loc[of_video, "time"])
        rows = pd.Series(positions, index=np.flatnonzero(of_video))[sampled].to_numpy()
        tuning = "pooled"
        if cross_fitted is not None:
            predicted = cross_fitted.astype(np.float64)
        else:
            predicted = probabilities.astype(np.float64)
            unseen = _unseen(calibration, index[rows], predicted[rows])
            if unseen is None:
                tuning = 0.0  # the labels alone
            else:
                predicted[rows] = unseen
        inclusion = self.table["inclusion"].to_numpy(dtype=np.float64)[sampled]
        stands_for = (1 / inclusion).sum()
        if abs(stands_for / len(index) - 1) > _TOLERANCE:
            raise ValueError(
                f"The {len(sampled)} labelled frames of {index.get_level_values('video')[0]!r} "
                f"stand for {stands_for:.0f} of its {len(index)} frames, by the column "
                f"'inclusion': the labels of one random sample of the whole video are expected, "
                f"and of no other."
            )
        strata = None
        if "stratum" in self.table and len(np.unique(positions)) == len(index):
            strata = np.empty(len(index), dtype=np.int64)
            strata[positions] = self.table.loc[of_video, "stratum"].factorize()[0]
        elif "stratum" in self.table:
            strata = _stretches(self.table.iloc[sampled], rows, len(index))
        return prediction_powered_mean(
            predicted,
            rows,
            self.truth[sampled],
            weights=index.get_level_values("duration").to_numpy(dtype=np.float64),
            inclusion=inclusion,
            strata=strata,
            tuning=tuning,
            confidence_level=confidence_level,
        )


def _stretches(sample, positions, n_frames):
    """Find the strata of all frames from those of a sample, if they are stretches of time.

    Shapes: ``positions`` (n_labelled,) -> (n_frames,).
    """
    order = np.argsort(positions)
    sample, positions = sample.iloc[order], positions[order]
    stratum = sample["stratum"].to_numpy()
    begins = np.flatnonzero(np.append(True, stratum[1:] != stratum[:-1]))
    n_drawn = np.diff(begins, append=len(stratum))
    if len(begins) != len(np.unique(stratum)) or n_drawn.min() < 2:
        return None
    inclusion = sample["inclusion"].to_numpy(np.float64)[begins]
    sizes = np.round(n_drawn / inclusion).astype(int)
    if sizes.sum() != n_frames:
        return None
    strata = np.arange(len(sizes)).repeat(sizes)
    agrees = strata[positions] == np.arange(len(begins)).repeat(n_drawn)
    return strata if agrees.all() else None


def _positions(index, times):
    """Return which rows of a video's index have the given times."""
    own = np.round(index.get_level_values("time").to_numpy(dtype=np.float64), 6)
    order = np.argsort(own)
    wanted = np.round(times.to_numpy(dtype=np.float64), 6)
    place = np.minimum(np.searchsorted(own, wanted, sorter=order), len(own) - 1)
    positions = order[place]
    strange = np.flatnonzero(own[positions] != wanted)
    if len(strange):
        raise ValueError(
            f"The labelled frame at {wanted[strange[0]]:g} s of "
            f"{index.get_level_values('video')[0]!r} is none of the frames measured: label frames "
            f"of the same sampling."
        )
    return positions


def _unseen(calibration, index, predicted):
    """Put predictions of networks that had not seen the frames in the place of others.

    None if that cannot be: labelled frames were judged by few others, those of the video by all.
    """
    if calibration is None:
        return predicted
    learned = calibration.frames.droplevel("duration")
    videos = resolve_videos(index.get_level_values("video"))
    asked = pd.MultiIndex.from_arrays([videos, index.get_level_values("time")])
    place = learned.drop_duplicates().get_indexer(asked)
    seen = place >= 0
    if not seen.any():
        return predicted
    if calibration.transductive:
        return None
    if not calibration.out_of_sample:
        raise ValueError(
            f"The classifier has learned from {seen.sum()} of the {len(seen)} labelled frames, and "
            f"is right about these more often than about others. Set cv on it and fit "
            f"again, or give labels it was not fitted on."
        )
    predicted[seen] = calibration.probabilities[~learned.duplicated()][place[seen]]
    return predicted
