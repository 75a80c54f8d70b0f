"""Tables of other people's classifiers: what could make seconds wrong is refused or warned of."""

import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import index_of
from sklearn.linear_model import LogisticRegression

from sktime_screen import ScreenTimeAggregator, screen_time_error

pytestmark = pytest.mark.filterwarnings("ignore:correction='auto' corrects nothing")

NAMES = ["tom", "jerry", "nobody"]
CLASSES = sorted(NAMES)
RNG = np.random.default_rng(0)
Y = np.array(NAMES)[RNG.permutation(np.repeat([0, 1, 2], [20, 10, 30]))]
# Columns in the order of NAMES, right in all frames, and surer of some.
VALUES = np.where(Y[:, None] == NAMES, 0.8, 0.1)


def as_table(columns, values=VALUES):
    index = index_of([("a", float(time), 1.0) for time in range(len(values))])
    return pd.DataFrame(values, index, columns)


def make(**options):
    return ScreenTimeAggregator(background="nobody", frame_duration=1.0, **options)


@pytest.mark.parametrize(
    "form", ["p_{}", "proba {}", "P({})", "{}_probability", "model.{}"], ids=str
)
def test_names_that_tell_another_order(form):
    table = as_table([form.format(name) for name in NAMES])
    with pytest.raises(ValueError, match=r"X\.columns = \['tom', 'jerry', 'nobody'\]"):
        make().fit(table, Y)
    # As the message says, and as an array in the order of the classes.
    for X in (table.set_axis(NAMES, axis=1), table.iloc[:, np.argsort(NAMES)]):
        found = make().fit(X, Y).transform(X)
        assert found.set_axis(["jerry", "tom"], axis=1).to_dict("list") == {
            "jerry": [10.0],
            "tom": [20.0],
        }


def test_characters_that_share_the_screen():
    y = pd.DataFrame({"tom": [1, 0] * 30, "jerry": [1, 1, 0] * 20})
    table = as_table(["p_jerry", "p_tom"], 0.1 + 0.8 * y[["jerry", "tom"]].to_numpy())
    with pytest.raises(ValueError, match=r"columns = \['jerry', 'tom'\]"):
        ScreenTimeAggregator().fit(table, y)
    with pytest.warns(UserWarning, match=r"if the columns of X are \['jerry', 'tom'\]"):
        ScreenTimeAggregator(frame_duration=1).fit(table.to_numpy(), y)


def test_labels_that_speak_for_another_order():
    with pytest.warns(UserWarning, match=r"if the columns of X are \['tom', 'jerry', 'nobody'\]"):
        make().fit(VALUES, Y)
    with pytest.warns(UserWarning, match=r"if the columns of X are \['tom', 'jerry', 'nobody'\]"):
        make().fit(as_table(["x", "y", "z"]), Y)


@pytest.mark.filterwarnings("error")
def test_columns_that_are_in_order():
    ordered = VALUES[:, np.argsort(NAMES)]
    blind = RNG.dirichlet(np.ones(3), len(Y))
    for X in (ordered, blind, as_table(["x", "y", "z"], blind), as_table(CLASSES, ordered)):
        make(correction=None).fit(X, Y)
    # Names that hold none of the classes, or several of them.
    for names in (
        ["x0", "x1", "x2"],
        ["pca_tom", "pca_2", "pca_3"],
        ["p tom jerry", "p tom", "p 2"],
    ):
        make(correction=None).fit(as_table(names, ordered), Y)
    classes = RNG.integers(1, 4, 60)
    model = LogisticRegression().fit(VALUES, classes)
    ScreenTimeAggregator(correction=None).fit(
        as_table(["p_1", "p_2", "p_3"], model.predict_proba(VALUES)), classes
    )


def test_rows_that_do_not_share_out_a_frame():
    # Two sigmoids: the surer one is the first class in all frames.
    y = ["a", "b"] * 20
    values = np.tile([0.9, 0.6], (40, 1))
    for off in (values, values / 10):
        with pytest.warns(UserWarning, match=r"sum to [\d.]+ to [\d.]+ in a row instead of 1"):
            ScreenTimeAggregator(frame_duration=1).fit(off, y)
    aggregator = ScreenTimeAggregator(frame_duration=1, correction=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        aggregator.fit(values / values.sum(axis=1, keepdims=True), y)
        table = pd.DataFrame({"a": [0, 1] * 20, "b": 1})
        ScreenTimeAggregator(frame_duration=1, correction=None).fit(values, table)
    with pytest.warns(UserWarning, match="instead of 1"):
        aggregator.transform(values)


def test_one_class_only():
    with pytest.warns(UserWarning, match="y has the one class 'tom'"):
        ScreenTimeAggregator(frame_duration=1).fit(np.full((5, 1), 0.1), ["tom"] * 5)
    aggregator = ScreenTimeAggregator(frame_duration=1, correction=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        aggregator.fit(np.full((5, 1), 0.1), pd.DataFrame({"tom": [1] * 5}))
    assert aggregator.transform(np.full((5, 1), 0.1)).tolist() == [[0]]


@pytest.mark.parametrize("method", ["transform", "appearances", "co_appearances", "estimate"])
def test_frames_that_overlap(method):
    rows = [("a", float(time), 1.0) for time in range(10)]
    y = pd.DataFrame({"tom": [1, 0] * 5})
    one = pd.DataFrame({"tom": 0.9}, index_of(rows))
    aggregator = ScreenTimeAggregator(correction=None).fit(one, y)
    call = getattr(aggregator, method)
    others = {
        "of another rate": ([("a", 2.0 * time, 2.0) for time in range(5)], "10 s are counted"),
        "of a wrong duration": ([("b", time / 2, 1.0) for time in range(10)], "4.5 s are counted"),
    }
    for added, message in others.values():
        table = pd.DataFrame({"tom": 0.9}, index_of(rows + added))
        with pytest.warns(UserWarning, match=message):
            call(table)
    fine = {
        "drawn again": rows[:3],
        "another video": [("b", float(time), 1.0) for time in range(3)],
        "rounded": [("b", round(time / 3, 3), 0.334) for time in range(30)],
        "a gap": [("b", 0.0, 1.0), ("b", 7.0, 1.0)],
    }
    for added in fine.values():
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message=".*overlap")
            call(pd.DataFrame({"tom": 0.9}, index_of(rows + added)))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("a", 1.0, np.nan), "Row 2 of the frame index has duration nan"),
        (("a", 1.0, -1.0), r"Row 2 of the frame index has duration -1\.0"),
        (("a", np.nan, 1.0), "Row 2 of the frame index has time nan"),
        (("a", -0.5, 1.0), r"Row 2 of the frame index has time -0\.5"),
        ((None, 2.0, 1.0), "Row 2 of the frame index has no video"),
    ],
)
def test_rows_without_a_time(row, message):
    rows = [("a", 0.0, 1.0), ("b", 0.0, 1.0)]
    table = pd.DataFrame({"tom": 0.9}, index_of(rows))
    aggregator = ScreenTimeAggregator(correction=None).fit(table, pd.DataFrame({"tom": [1, 0]}))
    with pytest.raises(ValueError, match=message):
        aggregator.transform(pd.DataFrame({"tom": 0.9}, index_of([*rows, row])))


def test_times_that_are_not_seconds():
    table = as_table(["tom", "jerry", "nobody"])
    aggregator = make(correction=None).fit(table, Y)
    for level, name in ((1, "time"), (2, "duration")):
        levels = [table.index.get_level_values(number) for number in range(3)]
        levels[level] = pd.to_timedelta(levels[level], "s")
        odd = table.set_axis(pd.MultiIndex.from_arrays(levels, names=table.index.names))
        with pytest.raises(ValueError, match=f"The level '{name}' of the frame index is of the"):
            aggregator.transform(odd)
        with pytest.raises(ValueError, match=f"The level '{name}' of the frame index is of the"):
            screen_time_error(Y, Y, odd)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"background": "tom"}, "background='tom' was set after fit"),
        ({"correction": "calibrated"}, "correction='calibrated' was set after fit"),
        ({"smoothing": "mean"}, "The 'smoothing' parameter"),
        ({"smoothing": "median", "window": -3.0}, "The 'window' parameter"),
        ({"threshold": 50}, "The 'threshold' parameter"),
    ],
    ids=str,
)
def test_parameters_set_after_fit(change, message):
    table = as_table(NAMES)
    aggregator = make(correction=None).fit(table, Y).set_params(**change)
    with pytest.raises(ValueError, match=message):
        aggregator.transform(table)
    # What needs no labels may be set.
    aggregator.set_params(background="nobody", correction=None, smoothing="median", window=3.0)
    assert aggregator.set_params(threshold=0.6, max_gap=2.0).transform(table).shape == (1, 2)


def test_tables_of_seconds_that_are_not_complete():
    frames = pd.DataFrame({"video": ["a", "a", "b"], "time": [0.0, 1, 0], "duration": 1.0})
    y = pd.DataFrame({"tom": [1, 1, 0], "jerry": [0, 1, 1]})
    seconds = pd.DataFrame(
        {"tom": [2.0, 0.0], "jerry": [1.0, 3.0]}, index=pd.Index(["a", "b"], name="video")
    )
    assert screen_time_error(y, seconds, frames) == 0.5
    for strange in (np.nan, -1.0):
        off = seconds.astype({"jerry": float})
        off.loc["b", "jerry"] = strange
        with pytest.raises(ValueError, match=rf"holds {strange} for 'jerry' in 'b'"):
            screen_time_error(y, off, frames)
    with pytest.raises(ValueError, match="several rows for the video 'a'"):
        screen_time_error(y, pd.concat([seconds, seconds[:1]]), frames)
