"""The part of a report in which its least certain frames are labelled."""

import numpy as np
import pandas as pd

from ..labels import describe_frames, make_review
from ._page_content import add_image_files


def review_frames(aggregator, probabilities, rows, images, csv_name):
    """Return the review of some rows of probabilities, which suggests what was predicted.

    Shapes: ``probabilities`` (n_frames, n_classes), ``images`` a frame table or None.
    """
    table = add_image_files(probabilities.index[rows].to_frame(index=False), images)
    names = [str(name) for name in aggregator.class_names_]
    nobody = None if aggregator.background is None else str(aggregator.background)
    characters = [name for name in names if name != nobody]
    values = np.asarray(aggregator.predict_proba(probabilities), dtype=np.float64)[rows]
    page = describe_frames(
        table,
        characters,
        multilabel=aggregator.multilabel_,
        background=nobody,
        labels=None,
        probabilities=pd.DataFrame(values, columns=names),
        csv_name=csv_name,
    )
    # Smoothing and thresholds make another answer of the probabilities.
    predicted = np.asarray(aggregator.predict(probabilities))[rows]
    for frame, answer in zip(page["frames"], predicted, strict=True):
        if aggregator.multilabel_:
            frame["suggested"] = np.flatnonzero(answer).tolist()
        else:
            frame["suggested"] = [characters.index(str(answer))] if str(answer) != nobody else []
    return make_review(page, table)
