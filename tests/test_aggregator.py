import numpy as np
import pandas as pd
import pytest
from conftest import index_of
from scipy.sparse import csr_array
from sklearn.base import clone

from sktime_screen import ScreenTimeAggregator

# The tables here do not say whether a classifier had seen their frames.
pytestmark = pytest.mark.filterwarnings("ignore:correction='auto' corrects nothing")


@pytest.fixture
def frames():
    """Two videos of unequal frame durations; video b comes in between video a's rows."""
    index = index_of(
        [("a", 0.0, 1.0), ("b", 0.0, 0.5), ("a", 1.0, 1.0), ("a", 2.0, 0.25), ("b", 0.5, 0.5)]
    )
    tom = [0.9, 0.2, 0.1, 0.8, 0.4]
    return pd.DataFrame({"tom": tom, "jerry": 1 - np.array(tom)}, index=index)


def test_seconds_are_sums_of_durations(frames):
    aggregator = ScreenTimeAggregator().fit(frames, ["tom", "jerry", "jerry", "tom", "jerry"])
    seconds = aggregator.transform(frames)
    assert aggregator.classes_.tolist() == ["jerry", "tom"]
    assert seconds.index.tolist() == ["a", "b"]
    assert seconds.index.name == "video"
    assert seconds.loc["a", "tom"] == 1.25
    assert seconds.loc["a", "jerry"] == 1.0
    assert seconds.loc["b"].to_dict() == {"jerry": 1.0, "tom": 0.0}


def test_columns_are_found_by_name(frames):
    y = ["tom", "jerry", "jerry", "tom", "jerry"]
    aggregator = ScreenTimeAggregator().fit(frames, y)
    assert aggregator.predict(frames).tolist() == y
    assert aggregator.predict(frames[["jerry", "tom"]]).tolist() == y
    assert aggregator.score(frames, y) == 1.0
    np.testing.assert_allclose(aggregator.predict_proba(frames)[0], [0.1, 0.9])


def test_seconds_add_up_to_the_video(frames):
    renamed = frames.set_axis(["j", "t"], axis=1)
    seconds = ScreenTimeAggregator().fit(renamed, list("jjjtt")).transform(renamed)
    assert seconds.sum(axis=1).to_dict() == {"a": 2.25, "b": 1.0}


def test_unsorted_and_repeated_rows_change_nothing(frames):
    aggregator = ScreenTimeAggregator(smoothing="median").fit(frames, list("abaab"))
    mixed = frames.set_axis(["a", "b"], axis=1)
    expected = aggregator.transform(mixed)
    again = aggregator.transform(mixed.iloc[[4, 2, 0, 0, 3, 1, 2]])
    pd.testing.assert_frame_equal(again.sort_index(), expected.sort_index())


def test_background_is_left_out(frames):
    table = frames.assign(neither=0.0)
    y = ["tom", "jerry", "neither", "tom", "jerry"]
    aggregator = ScreenTimeAggregator(background="neither").fit(table, y)
    assert aggregator.transform(table).columns.tolist() == ["jerry", "tom"]
    assert aggregator.get_feature_names_out().tolist() == ["jerry", "tom"]
    assert aggregator.predict_proba(table).shape == (5, 3)
    with pytest.raises(ValueError, match="nobody is a row of zeros"):
        ScreenTimeAggregator(background="tom").fit(
            frames, pd.DataFrame({"tom": [0, 1, 0, 1, 1], "jerry": [1, 1, 0, 0, 0]})
        )


def test_background_that_no_frame_shows(frames):
    aggregator = ScreenTimeAggregator(background="nobody", max_gap=9, min_appearance=9)
    with pytest.warns(
        UserWarning, match=r"background='nobody' is none of the classes \['jerry'"
    ) as warned:
        aggregator.fit(frames, ["tom", "jerry", "jerry", "tom", "jerry"])
    assert warned[0].filename == __file__
    plain = ScreenTimeAggregator().fit(frames, ["tom", "jerry", "jerry", "tom", "jerry"])
    pd.testing.assert_frame_equal(aggregator.transform(frames), plain.transform(frames))


def test_several_characters_at_once(frames):
    both = frames.assign(jerry=0.6)
    y = pd.DataFrame({"tom": [1, 0, 0, 1, 0], "jerry": [1, 1, 1, 1, 1]})
    aggregator = ScreenTimeAggregator().fit(both, y)
    seconds = aggregator.transform(both)
    assert seconds.loc["a"].to_dict() == {"tom": 1.25, "jerry": 2.25}
    assert aggregator.predict(both).tolist() == y.to_numpy().tolist()
    assert aggregator.set_params(threshold=0.7).transform(both).loc["a", "jerry"] == 0


def test_threshold_between_two_classes(frames):
    aggregator = ScreenTimeAggregator(threshold=0.85).fit(frames, list("jjttt"))
    probabilities = frames.set_axis(["t", "j"], axis=1)
    assert aggregator.predict(probabilities).tolist() == ["t", "j", "j", "j", "j"]


def test_integer_classes():
    probabilities = np.array([[0.2, 0.7, 0.1], [0.1, 0.1, 0.8]])
    aggregator = ScreenTimeAggregator(frame_duration=2.0, background=0)
    aggregator.fit(np.eye(3), [0, 1, 2])
    assert aggregator.transform(probabilities).tolist() == [[2.0, 2.0]]


def test_arrays_need_a_frame_duration():
    probabilities = np.array([[0.2, 0.8], [0.9, 0.1], [0.3, 0.7]])
    aggregator = ScreenTimeAggregator().fit(probabilities, [1, 0, 1])
    assert aggregator.predict(probabilities).tolist() == [1, 0, 1]
    with pytest.raises(ValueError, match=r"frame_duration=.*set_output\(transform='pandas'\)"):
        aggregator.transform(probabilities)
    aggregator.set_params(frame_duration=1 / 24)
    np.testing.assert_allclose(aggregator.transform(probabilities), [[1 / 24, 2 / 24]])


def test_median_smoothing_by_hand():
    index = index_of([("a", float(t), 1.0) for t in range(5)] + [("b", 5.0, 1.0)])
    tom = np.array([0.9, 0.1, 0.8, 0.7, 0.2, 0.0])
    table = pd.DataFrame({"jerry": 1 - tom, "tom": tom}, index=index)
    aggregator = ScreenTimeAggregator(smoothing="median", window=2.0)
    aggregator.fit(table, ["tom", "jerry", "tom", "tom", "jerry", "jerry"])
    # Medians over the frame and its two neighbours; the ends of the video have one neighbour.
    expected = [0.5, 0.8, 0.7, 0.7, 0.45, 0.0]
    np.testing.assert_allclose(aggregator.predict_proba(table)[:, 1], expected)
    seconds = aggregator.transform(table)
    assert seconds.loc["a", "tom"] == 4.0
    assert seconds.loc["b", "tom"] == 0.0


def test_smoothing_stops_at_gaps():
    index = index_of([("a", 0.0, 1.0), ("a", 1.0, 1.0), ("a", 50.0, 1.0), ("a", 51.0, 1.0)])
    tom = np.array([1.0, 1.0, 0.0, 0.0])
    table = pd.DataFrame({"jerry": 1 - tom, "tom": tom}, index=index)
    aggregator = ScreenTimeAggregator(smoothing="median", window=200.0)
    aggregator.fit(table, ["tom", "tom", "jerry", "jerry"])
    np.testing.assert_array_equal(aggregator.predict_proba(table)[:, 1], tom)


def test_refuses(frames):
    with pytest.raises(ValueError, match=r"2 columns of probabilities for the 3 classes"):
        ScreenTimeAggregator().fit(frames, list("abcab"))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ScreenTimeAggregator().fit(frames, list("ab"))
    with pytest.raises(ValueError, match="'threshold' parameter"):
        ScreenTimeAggregator(threshold=2).fit(frames, list("aabab"))
    with pytest.raises(ValueError, match="'smoothing' parameter"):
        ScreenTimeAggregator(smoothing="magic").fit(frames, list("aabab"))


def test_only_probabilities_are_added_up(frames):
    y = ["tom", "jerry", "jerry", "tom", "jerry"]
    logits = np.log(frames / frames[["jerry", "tom"]].to_numpy())
    known = ScreenTimeAggregator().fit(frames, y)
    for wrong, named in [(logits, "-2.19722 in row 0 of 'jerry'"), (frames * 2, "1.8 in row 0")]:
        for use in (known.predict, known.transform, lambda X: ScreenTimeAggregator().fit(X, y)):
            with pytest.raises(ValueError, match=f"X holds {named}.* no logits"):
                use(wrong)
    rounded = frames + np.float32(1e-6) * np.sign(frames - 0.5)
    assert known.predict(rounded).tolist() == known.predict(frames).tolist()
    one = pd.DataFrame({"tom": [1 + 1e-6, -1e-6] * 2, "jerry": [-1e-6, 1 + 1e-6] * 2})
    assert known.predict(one).tolist() == ["tom", "jerry"] * 2


def test_other_names_of_columns_are_those_of_fit(frames):
    y = ["tom", "jerry", "jerry", "tom", "jerry"]
    scaled = frames[["jerry", "tom"]].set_axis(["scaler0", "scaler1"], axis=1)
    known = ScreenTimeAggregator().fit(scaled, y)
    assert known.feature_names_in_.tolist() == ["scaler0", "scaler1"]
    assert known.predict(scaled).tolist() == known.predict(frames).tolist() == y
    for other in (scaled[["scaler1", "scaler0"]], scaled.add_prefix("a ")):
        with pytest.raises(ValueError, match="feature names"):
            known.predict(other)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        known.predict(scaled.to_numpy())


def test_columns_of_which_some_are_classes(frames):
    aggregator = ScreenTimeAggregator().fit(frames, ["tom", "jerry", "jerry", "tom", "jerry"])
    with pytest.raises(ValueError, match=r"columns of probabilities are \['Tom', 'jerry'\]"):
        aggregator.transform(frames.rename(columns={"tom": "Tom"}))
    by_position = frames[["jerry", "tom"]].set_axis([0, 1], axis=1)
    pd.testing.assert_frame_equal(aggregator.transform(by_position), aggregator.transform(frames))


def test_a_table_of_one_character(frames):
    y = pd.DataFrame({"tom": [1, 0, 0, 1, 0]})
    aggregator = ScreenTimeAggregator().fit(frames[["tom"]], y)
    assert aggregator.multilabel_
    assert aggregator.transform(frames[["tom"]]).to_dict() == {"tom": {"a": 1.25, "b": 0.0}}
    assert aggregator.score(frames[["tom"]], y) == 1.0
    np.testing.assert_array_equal(aggregator.predict(frames[["tom"]]), y)


@pytest.mark.parametrize("kind", [csr_array, lambda y: pd.DataFrame(y).astype("category")])
def test_tables_of_other_kinds(frames, kind):
    y = np.array([[1, 0], [0, 1], [0, 1], [1, 1], [0, 0]])
    aggregator = ScreenTimeAggregator().fit(frames.to_numpy(), kind(y))
    assert aggregator.multilabel_
    np.testing.assert_array_equal(aggregator.predict(frames.to_numpy()), (frames > 0.5).astype(int))


def test_frames_that_were_drawn_again_say_nothing_of_shares():
    """Resampling gives copies of some frames: the correction and intervals are as without."""
    rng = np.random.default_rng(0)
    index = index_of([("a", float(time), 1.0) for time in range(200)])
    y = np.where(rng.random(200) < 0.2, "tom", "no")
    tom = np.clip(np.where(y == "tom", 0.6, 0.3) + rng.normal(0, 0.1, 200), 0.01, 0.99)
    X = pd.DataFrame({"no": 1 - tom, "tom": tom}, index=index)
    again = np.concatenate([np.arange(200), np.repeat(np.flatnonzero(y == "tom"), 4)])
    for correction in ("calibrated", "acc", "em"):
        aggregator = ScreenTimeAggregator(correction=correction)
        expected = clone(aggregator).fit(X, y).estimate(X, random_state=0)
        drawn = clone(aggregator).fit(X.iloc[again], y[again]).estimate(X, random_state=0)
        pd.testing.assert_frame_equal(drawn, expected)
