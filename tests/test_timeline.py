import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from sktime_screen import TimelineDisplay

mpl.use("agg")


@pytest.fixture
def index():
    return pd.MultiIndex.from_tuples(
        [("a", 2.0, 1.0), ("a", 0.0, 1.0), ("a", 1.0, 1.0), ("a", 7.0, 0.5)],
        names=["video", "time", "duration"],
    )


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
    assert list(joined.shown.columns) == ["tom"]
    assert spans(joined.ax_) == {-0.4: [(0, 3)]}


def test_truth_is_drawn_below(index):
    table = pd.DataFrame({"cat": [1, 0, 0, 1], "mouse": [0, 0, 1, 1]})
    truth = pd.DataFrame({"cat": [1, 0, 0, 0], "mouse": [0, 0, 0, 0]})
    display = TimelineDisplay.from_predictions(index, table, truth)
    drawn = spans(display.ax_)
    assert drawn[-0.4] == [(2, 3), (7, 7.5)]
    assert drawn[0.0] == [(2, 3)]
    assert drawn[0.6] == [(1, 2), (7, 7.5)]
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["cat", "mouse"]


def test_given_axes_are_used(index):
    figure = mpl.figure.Figure()
    ax = figure.add_subplot()
    assert TimelineDisplay.from_predictions(index, np.array([0, 1, 1, 0]), ax=ax).ax_ is ax


def test_refuses(index):
    with pytest.raises(ValueError, match="frame index"):
        TimelineDisplay.from_predictions(pd.RangeIndex(2), [0, 1])
    two = pd.MultiIndex.from_tuples([("a", 0, 1), ("b", 0, 1)], names=index.names)
    with pytest.raises(ValueError, match="frames are of 2"):
        TimelineDisplay.from_predictions(two, [0, 1])
