import numpy as np
import pandas as pd
import pytest
from conftest import index_of

from sktime_screen import ScreenTimeAggregator


def video(states, video="a", duration=1.0, begin=0.0):
    """Probabilities of Tom (1 where he is shown, else 0) and of Jerry, who never is."""
    rows = [(video, begin + number * duration, duration) for number in range(len(states))]
    table = pd.DataFrame({"tom": np.array(states) * 0.8 + 0.1, "jerry": 0.2})
    return table.set_axis(index_of(rows))


def fitted(X, **parameters):
    y = pd.DataFrame({"tom": [0, 1] + [0] * (len(X) - 2), "jerry": 0})
    return ScreenTimeAggregator(correction=None, **parameters).fit(X, y)


def test_appearances_have_real_times():
    X = video([1, 1, 0, 1], duration=0.5, begin=2.0)
    X.iloc[1, 0] = 0.7
    table = fitted(X).appearances(X)
    assert table.columns.tolist() == [
        "video", "character", "start", "end", "duration", "confidence", "peak_time",
    ]  # fmt: skip
    assert table["character"].tolist() == ["tom", "tom"]
    assert table["start"].tolist() == [2.0, 3.5]
    assert table["end"].tolist() == [3.0, 4.0]
    assert table["duration"].tolist() == [1.0, 0.5]
    assert table["confidence"].tolist() == pytest.approx([0.8, 0.9])
    assert table["peak_time"].tolist() == [2.0, 3.5]


def test_appearances_end_where_the_video_was_not_sampled():
    X = pd.concat([video([1, 1]), video([1], begin=10.0), video([1], video="b")])
    table = fitted(X, max_gap=60).appearances(X)
    assert table["video"].tolist() == ["a", "a", "b"]
    assert table["end"].tolist() == [2.0, 11.0, 1.0]


def test_order_and_repetition_of_rows_do_not_matter():
    X = video([1, 1, 0, 0, 1, 0, 1])
    aggregator = fitted(X, max_gap=1)
    expected = aggregator.appearances(X)
    again = X.iloc[[6, 2, 2, 0, 1, 5, 4, 3, 0]]
    pd.testing.assert_frame_equal(aggregator.appearances(again), expected)
    pd.testing.assert_frame_equal(aggregator.estimate(again), aggregator.estimate(X))


@pytest.mark.parametrize(
    ("max_gap", "min_appearance", "expected"),
    [
        (0, 0, [1, 0, 1, 0, 0, 1, 1, 1, 0]),
        (1, 0, [1, 1, 1, 0, 0, 1, 1, 1, 0]),
        (2, 0, [1, 1, 1, 1, 1, 1, 1, 1, 0]),
        (0, 2, [0, 0, 0, 0, 0, 1, 1, 1, 0]),
        (1, 3, [1, 1, 1, 0, 0, 1, 1, 1, 0]),
        (1, 3.5, [0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ],
)
def test_gaps_are_closed_then_short_appearances_dropped(max_gap, min_appearance, expected):
    X = video([1, 0, 1, 0, 0, 1, 1, 1, 0])
    aggregator = fitted(X, max_gap=max_gap, min_appearance=min_appearance)
    assert aggregator.predict(X)[:, 0].tolist() == expected
    assert aggregator.transform(X).loc["a", "tom"] == sum(expected)
    assert aggregator.appearances(X)["duration"].sum() == sum(expected)


def test_other_characters_are_no_gap_where_each_frame_has_one_class():
    X = pd.DataFrame(
        np.eye(3)[[0, 1, 0, 2, 0, 1, 1]],
        columns=["cat", "mouse", "nobody"],
        index=index_of([("a", float(second), 1.0) for second in range(7)]),
    )
    y = ["cat", "mouse", "nobody", "cat", "cat", "cat", "cat"]
    aggregator = ScreenTimeAggregator(background="nobody", max_gap=1, min_appearance=2)
    found = aggregator.fit(X, y).predict(X)
    assert found.tolist() == ["nobody", "nobody", "cat", "cat", "cat", "mouse", "mouse"]
    assert aggregator.transform(X).loc["a"].to_dict() == {"cat": 3.0, "mouse": 2.0}
    with pytest.raises(ValueError, match="need a background"):
        ScreenTimeAggregator(max_gap=1).fit(X, y)


def test_who_shares_the_screen():
    X = video([1, 1, 0])
    X["jerry"] = [0.1, 0.9, 0.9]
    X = pd.concat([X, video([1], video="b", duration=0.5)])
    shared = fitted(X).co_appearances(X)
    assert shared.loc[("a", "tom")].to_dict() == {"tom": 2.0, "jerry": 1.0}
    assert shared.loc[("a", "jerry")].to_dict() == {"tom": 1.0, "jerry": 2.0}
    assert shared.loc[("b", "tom")].to_dict() == {"tom": 0.5, "jerry": 0.0}


def test_a_video_without_anybody():
    X = video([0, 0])
    aggregator = fitted(X)
    assert len(aggregator.appearances(X)) == 0
    estimate = aggregator.estimate(X)
    assert estimate["seconds"].tolist() == [0, 0]
    assert estimate["appearances"].tolist() == [0, 0]
    assert estimate[["first_seen", "last_seen", "confidence"]].isna().all(axis=None)
