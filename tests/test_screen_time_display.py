import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from sktime_screen import ScreenTimeAggregator, ScreenTimeDisplay

mpl.use("agg")


@pytest.fixture
def estimate():
    return pd.DataFrame(
        [
            ("videos/a.mp4", "tom", 12.0, 10.0, 15.0),
            ("videos/a.mp4", "jerry", 7.0, np.nan, np.nan),
            ("videos/b.mp4", "tom", 3.0, 3.5, 4.0),
            ("videos/b.mp4", "jerry", 0.0, 0.0, 1.0),
        ],
        columns=["video", "character", "seconds", "low", "high"],
    )


def bars(ax):
    """(left, height) of the bars by the label of their video."""
    return {
        container.get_label(): [(round(bar.get_x(), 3), bar.get_height()) for bar in container]
        for container in ax.containers
    }


def intervals(ax):
    """(x, low, high) of each interval."""
    return [
        (round(x, 3), low, high)
        for lines in ax.collections
        for (x, low), (_, high) in lines.get_segments()
    ]


def test_videos_stand_side_by_side(estimate):
    ax = ScreenTimeDisplay.from_predictions(estimate).ax_
    assert [label.get_text() for label in ax.get_xticklabels()] == ["tom", "jerry"]
    drawn = bars(ax)
    assert list(drawn) == ["a.mp4", "b.mp4"]
    assert [height for _, height in drawn["a.mp4"]] == [12, 7]
    assert [height for _, height in drawn["b.mp4"]] == [3, 0]
    assert drawn["a.mp4"][0][0] == pytest.approx(-0.384)
    assert drawn["b.mp4"][0][0] == pytest.approx(0.016)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a.mp4", "b.mp4"]


def test_intervals_are_drawn_where_there_are_any(estimate):
    ax = ScreenTimeDisplay.from_predictions(estimate).ax_
    assert intervals(ax) == [(-0.2, 10, 15), (0.2, 3.5, 4), (1.2, 0, 1)]


def test_one_video_is_named_in_the_title(estimate):
    ax = ScreenTimeDisplay.from_predictions(estimate.iloc[:2]).ax_
    assert ax.get_title() == "a.mp4"
    assert ax.get_legend() is None


def test_videos_of_one_name_are_told_apart(estimate):
    renamed = estimate.assign(video=["one/a.mp4"] * 2 + ["two/a.mp4"] * 2)
    assert list(bars(ScreenTimeDisplay.from_predictions(renamed).ax_)) == ["one/a.mp4", "two/a.mp4"]


def test_truth_is_marked(estimate):
    truth = pd.DataFrame({"jerry": [6.5], "tom": [11.0]}, index=["videos/a.mp4"])
    ax = ScreenTimeDisplay.from_predictions(estimate, truth).ax_
    marked = [line for line in ax.lines if line.get_color() == "k" and len(line.get_ydata())]
    assert [line.get_ydata().tolist() for line in marked] == [[11.0, 6.5]]
    texts = {text.get_text() for text in ax.get_legend().get_texts()}
    assert texts == {"a.mp4", "b.mp4", "true"}


def test_a_character_of_one_video_only(estimate):
    ax = ScreenTimeDisplay.from_predictions(estimate.iloc[:3]).ax_
    assert np.isnan(bars(ax)["b.mp4"][1][1])


def test_from_estimator_asks_the_aggregator(estimate):
    asked = []

    class Measuring(ScreenTimeAggregator):
        def estimate(self, X, **given):
            asked.append((X, given))
            return estimate

    pipeline = Pipeline([("doubled", FunctionTransformer(lambda X: X * 2)), ("last", Measuring())])
    given = {"labelled": "some", "confidence_level": 0.5, "random_state": 1}
    display = ScreenTimeDisplay.from_estimator(pipeline, 21, **given)
    assert asked == [(42, given)]
    assert bars(display.ax_)["a.mp4"][0][1] == 12


def test_given_axes_are_used(estimate):
    ax = mpl.figure.Figure().add_subplot()
    display = ScreenTimeDisplay.from_predictions(estimate, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


def test_refuses(estimate):
    with pytest.raises(ValueError, match="lacks the columns 'low'"):
        ScreenTimeDisplay.from_predictions(estimate.drop(columns="low"))
    with pytest.raises(ValueError, match="no rows"):
        ScreenTimeDisplay.from_predictions(estimate.iloc[:0])
