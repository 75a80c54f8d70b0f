"""The frames that a fitted pipeline is least sure about."""

import numpy as np
import pandas as pd

from .._uncertainty import find_uncertainty


def find_uncertain_frames(aggregator, probabilities, count):
    """Find the frames whose probabilities are nearest to another prediction.

    Shapes: ``probabilities`` (n_frames, n_classes).
    """
    values = np.asarray(aggregator.predict_proba(probabilities), dtype=np.float64)
    uncertainty, character = find_uncertainty(
        values, exclusive=not aggregator.multilabel_, threshold=aggregator.threshold
    )
    frames = probabilities.index.to_frame(index=False)
    chosen = select_apart(frames, uncertainty, count)
    return pd.DataFrame(
        {
            "video": frames["video"].iloc[chosen].to_numpy(),
            "time": frames["time"].iloc[chosen].to_numpy(),
            "character": np.asarray(aggregator.class_names_)[character[chosen]],
            "probability": values[chosen, character[chosen]],
            "row": chosen,
        }
    )


def select_apart(frames, uncertainty, count):
    """Return the rows of the largest uncertainties that lie apart in time."""
    videos = frames["video"].to_numpy()
    times = frames["time"].to_numpy(dtype=np.float64)
    apart = {
        video: np.ptp(times[videos == video]) / (4 * max(count, 1))
        for video in frames["video"].unique()
    }
    chosen = []
    for row in np.argsort(-uncertainty, kind="stable"):
        near = (
            videos[other] == videos[row] and abs(times[other] - times[row]) <= apart[videos[row]]
            for other in chosen
        )
        if not any(near):
            chosen.append(row)
        if len(chosen) == count:
            break
    return chosen
