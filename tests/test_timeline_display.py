import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from conftest import index_of
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sktime_screen import ScreenTimeAggregator, TimelineDisplay

mpl.use("agg")


@pytest.fixture
def index():
    return index_of([("a", 2.0, 1.0), ("a", 0.0, 1.0), ("a", 1.0, 1.0), ("a", 7.0, 0.5)])


def spans(ax):
    """(left, right) of each bar by the row it is drawn on."""
    found = {}
    for collection in ax.collections:
        for path in collection.get_paths():
            (left, bottom), (right, _) = path.get_extents().get_points()
            found.setdefault(round(bottom, 2), []).append((left, right))
    return found


def test_neighbouring_frames_join_into_one_bar(index):
    display = TimelineDisplay.from_predictions(index, ["tom", "tom", "neither", "tom"])
    assert spans(display.ax_)[0.6] == [(0, 1), (2, 3), (7, 7.5)]
    joined = TimelineDisplay.from_predictions(index, ["tom", "tom", "tom", "x"], background="x")
    assert joined.characters == ["tom"]
    assert spans(joined.ax_) == {-0.4: [(0, 3)]}


def test_truth_is_drawn_below(index):
    table = pd.DataFrame({"cat": [1, 0, 0, 1], "mouse": [0, 0, 1, 1]})
    truth = pd.DataFrame({"cat": [1, 0, 0, 0], "mouse": [0, 0, 0, 0]})
    display = TimelineDisplay.from_predictions(index, table, truth)
    drawn = spans(display.ax_)
    assert drawn[-0.4] == [(2, 3), (7, 7.5)]
    assert drawn[0.15] == [(2, 3)]
    assert drawn[0.6] == [(1, 2), (7, 7.5)]
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["cat", "mouse"]


@pytest.mark.parametrize("multilabel", [False, True])
def test_a_pipeline_is_drawn_as_sure_as_it_is(index, multilabel):
    table = pd.DataFrame({"cat": [0.9, 0.2, 0.2, 0.7], "none": [0.1, 0.8, 0.8, 0.3]}, index=index)
    labels = ["cat", "none", "cat", "cat"]
    if multilabel:
        table = table.rename(columns={"none": "dog"})
        labels = pd.DataFrame([[1, 0], [0, 1], [1, 1], [1, 0]], columns=["cat", "dog"])
    aggregator = ScreenTimeAggregator(background=None if multilabel else "none").fit(table, labels)
    pipeline = make_pipeline(FunctionTransformer(), aggregator)
    display = TimelineDisplay.from_estimator(pipeline, table, labels)
    pd.testing.assert_frame_equal(display.appearances, aggregator.appearances(table))
    assert display.characters == (["cat", "dog"] if multilabel else ["cat"])
    drawn = spans(display.ax_)
    assert drawn[-0.4] == [(2, 3), (7, 7.5)]
    assert drawn[0.15] == [(1, 3), (7, 7.5)]
    colors = display.ax_.collections[0].get_facecolors()
    np.testing.assert_allclose(colors[:, 3], [0.3 + 0.7 * 0.9, 0.3 + 0.7 * 0.7])


def test_given_axes_are_used(index):
    figure = mpl.figure.Figure()
    ax = figure.add_subplot()
    assert TimelineDisplay.from_predictions(index, np.array([0, 1, 1, 0]), ax=ax).ax_ is ax


def test_refuses(index):
    for n in (3, 5):
        with pytest.raises(ValueError, match=f"y_pred has {n} rows, but the index has 4"):
            TimelineDisplay.from_predictions(index, ["tom"] * n)
    with pytest.raises(ValueError, match="frame index"):
        TimelineDisplay.from_predictions(pd.RangeIndex(2), [0, 1])
    two = index_of([("a", 0, 1), ("b", 0, 1)])
    with pytest.raises(ValueError, match="frames are of 2"):
        TimelineDisplay.from_predictions(two, [0, 1])
