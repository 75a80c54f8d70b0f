"""How uncertain a frame is, the same for reports, labelling pages and suggestions."""

import numpy as np
import pandas as pd
import pytest

from sktime_screen import suggest_frames
from sktime_screen._uncertainty import find_uncertainty
from sktime_screen.labels._suggestions import _compute_entropy


@pytest.mark.parametrize(
    ("probabilities", "options", "uncertainty", "column"),
    [
        ([[0.9, 0.5], [0.0, 0.1], [0.8, 0.7]], {"exclusive": False}, [1, 0.2, 0.6], [1, 1, 1]),
        ([[0.3], [1.0], [0.65]], {"exclusive": False, "threshold": 0.3}, [1, 0, 0.5], [0, 0, 0]),
        ([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]], {"exclusive": True}, [0.8, 1], [0, 0]),
        ([[0.9, 0.1], [0.45, 0.55]], {"exclusive": True}, [0.2, 0.9], [0, 1]),
        ([[0.8, 0.2], [0.6, 0.4]], {"exclusive": True, "threshold": 0.2}, [1, 0.75], [1, 1]),
        ([[1.0], [0.7]], {"exclusive": True}, [0, 0.3], [0, 0]),
        (np.empty((0, 3)), {"exclusive": True}, [], []),
    ],
)
def test_uncertainty(probabilities, options, uncertainty, column):
    found, columns = find_uncertainty(probabilities, **options)
    np.testing.assert_allclose(found, uncertainty, atol=1e-12)
    assert columns.tolist() == column


def test_suggestions_weigh_frames_by_the_entropy_of_the_margin():
    class Given:
        def __init__(self, *values):
            self.values = np.array(values)

        def predict_proba(self, X):
            return self.values

    several = _compute_entropy(Given([0.5, 0.99, 0.99], [0.9, 0.0, 0.2]), None)
    np.testing.assert_allclose(several, [1, 0.721928], atol=1e-6)
    # Of two classes that are equally probable neither is the safer answer.
    exclusive = _compute_entropy(Given([0.4, 0.4, 0.2], [0.8, 0.1, 0.1]), None)
    np.testing.assert_allclose(exclusive, [1, 0.609840], atol=1e-6)


def test_a_tie_of_two_classes_is_suggested_before_a_class_that_is_half_sure():
    table = pd.DataFrame({"video": "a.mp4", "time": [0.0, 1.0, 2.0], "duration": 1.0})
    index = pd.MultiIndex.from_frame(table)
    features = pd.DataFrame(np.eye(3), index=index)
    p = pd.DataFrame([[0.5, 0.25, 0.25], [0.46, 0.46, 0.08], [0.9, 0.05, 0.05]], index=index)
    way = {"strategy": "uncertain", "features": features, "estimator": p}
    assert suggest_frames(table, 1, **way).index.tolist() == [1]
