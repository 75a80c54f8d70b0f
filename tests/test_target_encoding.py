import numpy as np
import pandas as pd
import pytest

from sktime_screen._targets import read_labels
from sktime_screen.classify._target_encoding import TargetEncoding


def encoding(y, **options):
    return TargetEncoding.from_labels(read_labels(y), **options)


TABLE = pd.DataFrame({"tom": [1, 0, 1, 1], "jerry": [0, 0, 1, 0]})


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (["tom", "jerry", "tom"], ["jerry", "tom"]),
        ([3, 1, 3], [1, 3]),
        ([True, False, True], [False, True]),
        (pd.Series(["b", "a", "b"], dtype="category"), ["a", "b"]),
        (pd.Series(["b", "a", "b"], dtype="string"), ["a", "b"]),
    ],
)
def test_two_classes_share_one_output(y, classes):
    found = encoding(y)
    assert found.classes.tolist() == classes
    assert (found.n_outputs, found.softmax, found.multilabel) == (1, False, False)
    np.testing.assert_array_equal(found.encode(read_labels(y)), [[1], [0], [1]])


def test_three_classes_are_one_hot():
    found = encoding(["tom", "neither", "jerry", "tom"])
    targets = found.encode(np.array(["tom", "jerry"]))
    assert targets.dtype == np.float32
    np.testing.assert_array_equal(targets, [[0, 0, 1], [1, 0, 0]])
    assert found.softmax


def test_table_keeps_its_names():
    found = encoding(TABLE)
    assert found.classes.tolist() == ["tom", "jerry"]
    assert (found.n_outputs, found.softmax, found.multilabel) == (2, False, True)
    np.testing.assert_array_equal(found.encode(read_labels(TABLE)), TABLE)


def test_table_as_array_numbers_its_columns():
    assert encoding(TABLE.to_numpy()).classes.tolist() == [0, 1]


def test_table_of_one_label_is_a_table():
    assert encoding(TABLE[["tom"]]).multilabel


def test_column_of_classes_is_not_a_table():
    with pytest.warns(UserWarning, match="column-vector"):
        labels = read_labels(pd.DataFrame({"class": ["tom", "jerry"]}))
    assert labels.tolist() == ["tom", "jerry"]


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_missing_labels_are_counted(missing):
    with pytest.raises(ValueError, match="2 of 4 rows have no label, the first is row 1"):
        read_labels(np.array(["tom", missing, "jerry", missing], dtype=object))


def test_table_of_other_numbers_is_refused():
    with pytest.raises(ValueError, match="holds 2"):
        read_labels([[0, 1], [2, 0]])


def test_one_class_is_named():
    with pytest.raises(ValueError, match=r"at least two classes.*found only 'tom'"):
        encoding(["tom", "tom"])


def test_classes_may_be_announced():
    found = encoding(["tom", "tom"], classes=["tom", "jerry", "spike"])
    assert found.classes.tolist() == ["jerry", "spike", "tom"]


def test_softmax_for_one_label_is_refused():
    # It would be on in every row.
    with pytest.raises(ValueError, match="one label: found only 'tom'"):
        encoding(TABLE[["tom"]], loss="categorical_crossentropy")


def test_sigmoid_for_three_classes_is_refused():
    with pytest.raises(ValueError, match="y has 3 classes: use loss='auto'"):
        encoding(["a", "b", "c"], loss="binary_crossentropy")


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["spike", "tom"], "classes \\['spike'\\]"),
        (
            TABLE,
            r"a table with a 0/1 column for each of \['tom', 'jerry'\], expected one class a row",
        ),
    ],
)
def test_encode_refuses_what_it_does_not_know(y, message):
    with pytest.raises(ValueError, match=message):
        encoding(["tom", "jerry"]).encode(read_labels(y))


def test_encode_refuses_other_columns():
    with pytest.raises(ValueError, match=r"are \['jerry', 'Tom'\], expected \['tom'"):
        encoding(TABLE).encode(TABLE[["jerry", "tom"]].rename(columns={"tom": "Tom"}))


def test_logits_become_classes():
    two = encoding(["tom", "jerry"])
    np.testing.assert_array_equal(two.decode(np.array([[-1.0], [2.0]])), ["jerry", "tom"])
    three = encoding(["a", "b", "c"])
    np.testing.assert_array_equal(three.decode(np.array([[0.0, 1, 3], [5, 1, 1]])), ["c", "a"])
    np.testing.assert_array_equal(encoding(TABLE).decode(np.array([[-1.0, 0.5]])), [[0, 1]])
    one_hot = encoding(TABLE, loss="categorical_crossentropy")
    np.testing.assert_array_equal(one_hot.decode(np.array([[2.0, 1.0]])), [[1, 0]])


def test_logits_become_probabilities():
    logit = np.log(3)
    two = encoding(["tom", "jerry"])
    np.testing.assert_allclose(two.probabilities(np.array([[logit]])), [[0.25, 0.75]])
    three = encoding(["a", "b", "c"])
    np.testing.assert_allclose(three.probabilities(np.log([[1.0, 1.0, 2.0]])), [[0.25, 0.25, 0.5]])
    np.testing.assert_allclose(
        encoding(TABLE).probabilities(np.array([[logit, -logit]])), [[0.75, 0.25]]
    )


def test_probabilities_of_very_sure_rows_still_differ():
    p = encoding(["a", "b"]).probabilities(np.array([[20.0], [25.0]], np.float32))
    assert p[0, 1] < p[1, 1] < 1
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)


def test_balanced_classes_weigh_the_same():
    y = read_labels(["a", "a", "a", "b"])
    weights = encoding(y).weights(y, "balanced")
    np.testing.assert_allclose(weights, [[2 / 3], [2 / 3], [2 / 3], [2]])


def test_class_weights_multiply_row_weights():
    y = read_labels(["a", "b", "b"])
    weights = encoding(y).weights(y, {"a": 5, "b": 2}, np.array([1.0, 2.0, 0.0]))
    np.testing.assert_allclose(weights, [[5], [4], [0]])


def test_balanced_labels_weigh_the_same_column_by_column():
    y = read_labels(TABLE)
    weights = encoding(y).weights(y, "balanced")
    np.testing.assert_allclose(
        weights, [[2 / 3, 2 / 3], [2, 2 / 3], [2 / 3, 2], [2 / 3, 2 / 3]], rtol=1e-6
    )


def test_balanced_label_that_never_changes():
    y = read_labels(TABLE.assign(spike=0, sun=1))
    weights = encoding(y).weights(y, "balanced")
    np.testing.assert_allclose(weights[:, 2:], 1)


@pytest.mark.parametrize("weight", [3, {0: 1, 1: 3}])
def test_weights_by_label(weight):
    y = read_labels(TABLE)
    weights = encoding(y).weights(y, {"tom": weight})
    np.testing.assert_allclose(weights, [[3, 1], [1, 1], [3, 1], [3, 1]])


def test_weight_of_unknown_label():
    y = read_labels(TABLE)
    with pytest.raises(ValueError, match="names the labels \\['Tom'\\]"):
        encoding(y).weights(y, {"Tom": 2})


def test_weights_of_one_hot_classes():
    y = read_labels(pd.get_dummies(pd.Series(["a", "a", "a", "b"])))
    weights = encoding(y, loss="categorical_crossentropy").weights(y, "balanced")
    np.testing.assert_allclose(weights, [[2 / 3], [2 / 3], [2 / 3], [2]])


@pytest.mark.parametrize("y", [["a", np.nan], ["a", None], [[1, 0], [np.nan, np.nan]]])
def test_missing_labels_of_lists(y):
    with pytest.raises(ValueError, match="1 of 2 rows have no label, the first is row 1"):
        read_labels(y)


@pytest.mark.parametrize(
    ("y", "class_weight", "expected"),
    [
        (["a", "a", "a", "b", "c"], "balanced", [[2 / 3], [4 / 3], [0], [2], [0]]),
        (
            pd.DataFrame({"a": [0, 0, 0, 1, 1], "b": [0, 1, 0, 1, 0]}),
            {"a": "balanced"},
            [[2 / 3, 1], [4 / 3, 2], [0, 0], [2, 1], [0, 0]],
        ),
    ],
)
def test_balanced_counts_the_weights_of_rows(y, class_weight, expected):
    """Rows of weight zero are as good as left out, and one of weight two counts twice."""
    y = read_labels(y)
    weights = encoding(y).weights(y, class_weight, np.array([1.0, 2.0, 0.0, 1.0, 0.0]))
    np.testing.assert_allclose(weights, expected, rtol=1e-6)


def test_classes_that_a_batch_lacks_may_be_weighted():
    whole = encoding(["a", "b", "c"])
    np.testing.assert_allclose(whole.weights(np.array(["a", "b"]), {"c": 5, "a": 2}), [[2], [1]])
    table = read_labels(pd.DataFrame({"tom": [0, 0], "jerry": [1, 0]}))
    weights = encoding(table).weights(table, {"tom": {1: 7}, "jerry": {1: 3}})
    np.testing.assert_allclose(weights, [[1, 3], [1, 1]])


def test_a_class_that_there_is_not_is_told():
    y = read_labels(["a", "b"])
    with pytest.warns(UserWarning, match=r"names \['A'\], but the classes are \['a', 'b'\]"):
        weights = encoding(y).weights(y, {"A": 5, "b": 2})
    np.testing.assert_allclose(weights, [[1], [2]])


def test_a_list_of_weights_by_column():
    y = read_labels(TABLE)
    weights = encoding(y).weights(y, [{0: 2, 1: 3}, None])
    np.testing.assert_allclose(weights, [[3, 1], [2, 1], [3, 1], [3, 1]])
    balanced = encoding(y).weights(y, ["balanced", 4])
    np.testing.assert_allclose(balanced, [[2 / 3, 1], [2, 1], [2 / 3, 4], [2 / 3, 1]], rtol=1e-6)


@pytest.mark.parametrize(
    ("y", "class_weight", "message"),
    [
        (TABLE, [{1: 2}], r"has 1 entries, but y has the 2 label columns \['tom', 'jerry'\]"),
        (["a", "b"], [{1: 2}, {1: 3}], "with one class a row, 'balanced' or a dict"),
        (["a", "b"], {"a": np.nan}, "not a number"),
        (TABLE, {"tom": np.inf}, "infinite"),
    ],
)
def test_weights_that_mean_nothing(y, class_weight, message):
    y = read_labels(y)
    with pytest.raises(ValueError, match=message):
        encoding(y).weights(y, class_weight)
