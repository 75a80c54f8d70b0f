"""Tables with NaN: labels of some characters, and nothing said of the others."""

import re

import numpy as np
import pandas as pd
import pytest
from conftest import index_of
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.tree import DecisionTreeClassifier

from sktime_screen import (
    KerasDenseClassifier,
    LabelSpreadingClassifier,
    MultilabelStratifiedGroupKFold,
    ScreenTimeAggregator,
    load_label_csv,
    make_partial_labels,
)
from sktime_screen._targets import read_labelled, read_labels
from sktime_screen.classify._target_encoding import TargetEncoding

NAN = np.nan
ROWS = np.arange(40)
INDEX = index_of([("a.mp4", float(row), 1.0) for row in ROWS])
FULL = pd.DataFrame({"tom": ROWS // 4 % 2, "jerry": ROWS // 2 % 2})
# Of every second frame nobody looked for Jerry.
PARTLY = FULL.astype(float).where(pd.DataFrame({"tom": ROWS >= 0, "jerry": ROWS % 2 == 0}))
GENERATOR = np.random.default_rng(0)
X = pd.DataFrame(
    (FULL.to_numpy() + 0.3 * GENERATOR.normal(size=FULL.shape)).astype(np.float32), INDEX
).add_prefix("f")


def test_only_who_asks_gets_partly_labelled_rows():
    y = pd.DataFrame({"tom": [1, NAN, NAN], "jerry": [0, 1, NAN]})
    labelled, labels = read_labelled(y, partly=True)
    assert labelled.tolist() == [True, True, False]
    assert_array_equal(labels, [[1, 0], [NAN, 1]])
    assert read_labelled(y)[0].tolist() == [True, False, False]
    with pytest.raises(ValueError, match="1 of 3 rows have no label, the first is row 2"):
        read_labels(y, partly=True)
    with pytest.raises(ValueError, match="1 of 2 rows have labels of some characters only"):
        read_labels(y[:2])
    with pytest.raises(ValueError, match=r"holds 2 for .* in row 1"):
        read_labels([[1, None], [2, 1]], partly=True)
    assert read_labels(FULL, partly=True).dtypes.tolist() == [np.int64, np.int64]


def linear(**options):
    return KerasDenseClassifier(
        (), standardize=False, l2=0, batch_size=40, learning_rate=0.1, random_state=0, **options
    )


def test_a_missing_label_teaches_nothing():
    known = np.flatnonzero(PARTLY["jerry"].notna())
    partly, whole = linear(), linear()
    weights = PARTLY["jerry"].notna().to_numpy(float)
    for _ in range(20):
        partly.partial_fit(X, PARTLY)
        # The frames that were looked at for Jerry, the others having no weight.
        whole.partial_fit(X, FULL, sample_weight=weights)
    assert_allclose(partly.predict_proba(X)[:, 1], whole.predict_proba(X)[:, 1], rtol=1e-5)
    assert np.abs(partly.predict_proba(X)[:, 0] - whole.predict_proba(X)[:, 0]).max() > 0.001
    assert len(known) == 20


def test_accuracy_counts_the_labels_there_are():
    head = linear(epochs=60).fit(X, PARTLY)
    right = (head.predict(X) == PARTLY).to_numpy()
    known = PARTLY.notna().to_numpy()
    last = head.partial_fit(X, PARTLY).history_["accuracy"][-1]
    assert last == pytest.approx(np.mean(right.sum(axis=1) / known.sum(axis=1)), abs=0.03)
    assert last > 0.9


@pytest.mark.parametrize("cv", [None, 3])
def test_heads_learn_from_partly_labelled_frames(cv):
    head = KerasDenseClassifier(
        epochs=60, learning_rate=0.01, class_weight="balanced", cv=cv, random_state=0
    )
    for learner in (head, LabelSpreadingClassifier(head, cv=cv, n_neighbors=2, random_state=0)):
        found = learner.fit_transform(X, PARTLY)
        assert np.isfinite(found).all(axis=None)
        assert ((found > 0.5).to_numpy() == FULL).mean().min() > 0.85


def test_spreading_keeps_labels_and_predicts_what_is_missing():
    times = index_of([("a.mp4", float(row), 1.0) for row in range(6)])
    looks = pd.DataFrame({"f0": [0.0, 0, 0, 9, 9, 9]}, times)
    y = pd.DataFrame({"tom": [1, NAN, 0, 0], "jerry": [NAN, 1, 0, 1]})
    rows = [0, 1, 3, 5]

    class Undecided(KerasDenseClassifier):
        def predict_proba(self, X):
            return np.full((len(X), 2), 0.5)

    spreading = LabelSpreadingClassifier(Undecided(epochs=1), n_neighbors=2)
    found = spreading.fit(looks.iloc[rows], y).transform(looks)
    # Tom is known of frames 0, 3 and 5, Jerry of 1, 3 and 5; the first three frames are a shot.
    assert (found["tom"] > 0.5).tolist() == [True, True, True, False, False, False]
    assert found["tom"].iloc[0] > 0.98 > found["tom"].iloc[1]
    assert (found["jerry"] > 0.5).tolist()[:4] == [True, True, True, False]
    assert found["jerry"].iloc[1] > 0.98 > found["jerry"].iloc[0]
    # Labelled frames that are not asked about count as far as they are labelled.
    alone = spreading.transform(looks.iloc[[2]])
    assert (alone > 0.5).to_numpy().tolist() == [[True, True]]


def test_weights_of_missing_labels():
    encoding = TargetEncoding.from_labels(FULL)
    weights = encoding.weights(PARTLY)
    assert_array_equal(weights, PARTLY.notna().to_numpy(float))
    balanced = encoding.weights(PARTLY, "balanced")
    known = PARTLY["jerry"].notna()
    assert balanced[known & (FULL["jerry"] == 1), 1].sum() == pytest.approx(10)
    assert balanced[known & (FULL["jerry"] == 0), 1].sum() == pytest.approx(10)


def test_where_only_presence_is_told_missing_labels_are_weak_zeros():
    y = make_partial_labels(["tom", "nobody", "jerry"], background="nobody")
    assert y.columns.tolist() == ["jerry", "tom"]
    assert_array_equal(y, [[NAN, 1], [0, 0], [1, NAN]])
    weights = TargetEncoding.from_labels(y).weights(y)
    assert_allclose(weights, [[0.1, 1], [1, 1], [1, 0.1]])
    both = (FULL["tom"] == 1) & (FULL["jerry"] == 1)
    named = np.where(both & (ROWS % 2 == 0), "tom", "jerry")
    classes = np.where(FULL["jerry"] == 1, named, np.where(FULL["tom"] == 1, "tom", "nobody"))
    y = make_partial_labels(classes, background="nobody")
    head = KerasDenseClassifier(epochs=60, learning_rate=0.01, random_state=0).fit(X, y)
    # Half the frames with both are called Jerry's, and still show Tom; those of Jerry alone do not.
    probable = pd.DataFrame(head.predict_proba(X), columns=y.columns)["tom"]
    assert probable[both].mean() > 0.8
    assert probable[(FULL["tom"] == 0) & (FULL["jerry"] == 1)].mean() < 0.3


def test_classes_become_partial_labels():
    y = pd.Series([1, 0, 2], index=[5, 6, 7])
    assert_array_equal(make_partial_labels(y, background=0), [[1, NAN], [0, 0], [NAN, 1]])
    assert make_partial_labels(y, background=0).index.tolist() == [5, 6, 7]
    assert_array_equal(make_partial_labels(["a", "b"]), [[1, NAN], [NAN, 1]])
    with pytest.raises(ValueError, match=r"background=9 is none of the classes \[0, 1, 2\]"):
        make_partial_labels(y, background=9)
    with pytest.raises(ValueError, match="expected one class a frame"):
        make_partial_labels(FULL)


def test_nothing_is_learned_of_whom_no_label_tells():
    with pytest.raises(ValueError, match=r"no label of \['jerry'\], only NaN"):
        KerasDenseClassifier().fit(X, PARTLY.assign(jerry=NAN))
    with pytest.raises(ValueError, match=r"categorical_crossentropy.*labels of all of them"):
        KerasDenseClassifier(loss="categorical_crossentropy").fit(X, PARTLY)
    with pytest.raises(ValueError, match="NaN"):
        LabelSpreadingClassifier(DecisionTreeClassifier()).fit(X, PARTLY)


def test_folds_get_their_share_of_the_labels_there_are():
    # Jerry is in two blocks, and in two others nobody looked.
    y = pd.DataFrame({"tom": ROWS % 2, "jerry": np.where(ROWS < 20, 1.0, NAN)})
    y.loc[ROWS >= 30, "jerry"] = 0
    blocks = ROWS // 5
    for _, test in MultilabelStratifiedGroupKFold(2).split(X, y, blocks):
        assert y["jerry"].iloc[test].value_counts().to_dict() == {1.0: 10, 0.0: 5}


def probabilities():
    table = pd.DataFrame(np.clip(FULL * 0.7 + 0.1, 0, 1)).set_axis(INDEX)
    table.attrs["out_of_sample"] = True
    return table


def test_correction_and_intervals_rest_on_fully_labelled_frames():
    P, few = probabilities(), FULL.astype(float)
    few.loc[[3, 20], "jerry"] = NAN
    kept = ~few.isna().any(axis=1).to_numpy()
    aggregator = ScreenTimeAggregator().fit(P, few)
    others = P[kept]
    others.attrs["out_of_sample"] = True
    expected = ScreenTimeAggregator().fit(others, FULL[kept])
    assert aggregator.correction_ == "calibrated"
    assert_allclose(aggregator.predict_proba(P), expected.predict_proba(P))
    found = aggregator.estimate(P, random_state=0)
    assert found[["low", "high"]].notna().all(axis=None)


def test_too_few_fully_labelled_frames_correct_nothing():
    P = probabilities()
    with pytest.warns(UserWarning, match="20 of 40 frames lack labels of some characters"):
        aggregator = ScreenTimeAggregator().fit(P, PARTLY)
    assert aggregator.correction_ is None
    with pytest.warns(UserWarning, match="No intervals: more than one in ten"):
        found = aggregator.estimate(P.rename({"a.mp4": "b.mp4"}, level="video"))
    assert found["seconds"].tolist() == FULL.sum().tolist()
    assert found[["low", "high"]].isna().all(axis=None)
    # It still knows what it has learned from.
    sample = INDEX.to_frame(index=False).assign(inclusion=1.0)
    seen = P.copy()
    seen.attrs["out_of_sample"] = False
    with pytest.warns(UserWarning, match="lack labels"):
        aggregator = ScreenTimeAggregator(correction=None).fit(seen, PARTLY)
    with pytest.raises(ValueError, match="has learned from 40 of the 40 labelled frames"):
        aggregator.estimate(P, labelled=(sample, FULL))
    with pytest.raises(ValueError, match=re.escape("20 of the 40 sampled frames have labels")):
        aggregator.estimate(P, labelled=(sample, PARTLY))


def test_empty_cells_are_kept_if_asked_for(tmp_path):
    rows = "Image_ID,tom,jerry\na.png,1,\nb.png,,\nc.png,0,1\n"
    (tmp_path / "labels.csv").write_text(rows)
    for name in "abc":
        (tmp_path / f"{name}.png").write_bytes(b"")
    for missing in ("error", "drop"):
        with pytest.raises(ValueError, match=r"line 2: 'jerry' is empty, but.*missing='keep'"):
            load_label_csv(tmp_path / "labels.csv", missing=missing)
    table, y = load_label_csv(tmp_path / "labels.csv", missing="keep")
    assert [name[-5:] for name in table["image"]] == ["a.png", "c.png"]
    assert_array_equal(y, [[1, NAN], [0, 1]])
    (tmp_path / "labels.csv").write_text(rows.replace("a.png,1,", "a.png,2,"))
    with pytest.raises(ValueError, match="line 2: 'tom' is '2'"):
        load_label_csv(tmp_path / "labels.csv", missing="keep")
