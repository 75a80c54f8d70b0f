import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sktime_screen import KerasDenseClassifier, ProbabilityCalibrationDisplay, ScreenTimeAggregator

mpl.use("agg")


def test_curve_and_scores_by_hand():
    probabilities = pd.DataFrame({"tom": [0.0, 0.2, 0.4, 0.6, 1.0], "jerry": [0.5] * 5})
    truth = pd.DataFrame({"tom": [0, 1, 0, 1, 1], "jerry": [1, 0, 0, 0, 0]})
    display = ProbabilityCalibrationDisplay.from_predictions(truth, probabilities, n_bins=2)
    assert display.curves["character"].tolist() == ["tom", "tom", "jerry"]
    np.testing.assert_allclose(display.curves["probability"], [0.2, 0.8, 0.5])
    np.testing.assert_allclose(display.curves["share"], [1 / 3, 1, 0.2])
    assert display.curves["frames"].tolist() == [3, 2, 5]
    np.testing.assert_allclose(
        display.scores.loc["tom"],
        [(0 + 0.64 + 0.16 + 0.16 + 0) / 5, 3 / 5 * (1 / 3 - 0.2) + 2 / 5 * 0.2],
    )
    np.testing.assert_allclose(display.scores.loc["jerry"], [0.25, 0.3])


def test_what_is_drawn():
    probabilities = pd.DataFrame({"tom": [0.0, 0.2, 0.4, 0.6, 1.0]})
    truth = np.array([[0], [1], [0], [1], [1]])
    figure = mpl.figure.Figure()
    ax = figure.add_subplot()
    display = ProbabilityCalibrationDisplay.from_predictions(truth, probabilities, n_bins=2, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    np.testing.assert_allclose(display.lines_[0].get_xydata(), [[0.2, 1 / 3], [0.8, 1]])
    (points,) = ax.collections
    np.testing.assert_allclose(points.get_sizes(), [200, 10 + 190 * 2 / 3])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "perfectly calibrated",
        "tom (Brier 0.192, ECE 0.160)",
    ]


def test_the_curve_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    probabilities = rng.random((300, 1))
    truth = (rng.random((300, 1)) < probabilities**2).astype(int)
    curves = ProbabilityCalibrationDisplay.from_predictions(truth, probabilities).curves
    share, probability = calibration_curve(truth[:, 0], probabilities[:, 0], n_bins=10)
    np.testing.assert_allclose(curves["share"], share)
    np.testing.assert_allclose(curves["probability"], probability)


def test_classes_and_background():
    classes = [2, 0, 1, 0]
    probabilities = np.array([[0.1, 0.1, 0.8], [0.9, 0.0, 0.1], [0.2, 0.8, 0.0], [1.0, 0.0, 0.0]])
    display = ProbabilityCalibrationDisplay.from_predictions(classes, probabilities, background=0)
    assert display.scores.index.tolist() == [1, 2]
    np.testing.assert_allclose(display.scores["brier"], [0.05 / 4, 0.05 / 4])
    # Tables of probabilities name the classes by strings.
    table = pd.DataFrame(probabilities[:, [2, 0, 1]], columns=["2", "0", "1"])
    named = ProbabilityCalibrationDisplay.from_predictions(classes, table, background=0)
    pd.testing.assert_frame_equal(named.scores, display.scores)


@pytest.mark.parametrize("one_class", [True, False])
def test_from_a_pipeline(one_class):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = pd.DataFrame((X > 0).astype(int), columns=["cat", "mouse"])
    if one_class:
        y = np.select([y["cat"] == 1, y["mouse"] == 1], ["cat", "mouse"], "none")
    background = "none" if one_class else None
    pipeline = make_pipeline(
        KerasDenseClassifier((4,), epochs=3, random_state=0),
        ScreenTimeAggregator(background=background),
    ).fit(X, y)
    display = ProbabilityCalibrationDisplay.from_estimator(pipeline, X, y, n_bins=4)
    assert display.scores.index.tolist() == ["cat", "mouse"]
    probability = pipeline.predict_proba(X)[:, 0]
    truth = y == "cat" if one_class else y["cat"].to_numpy()
    assert display.scores.loc["cat", "brier"] == pytest.approx(np.mean((probability - truth) ** 2))


def test_from_a_classifier():
    X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), [0, 0, 1, 1]
    classifier = LogisticRegression().fit(X, y)
    display = ProbabilityCalibrationDisplay.from_estimator(classifier, X, y, background=0)
    assert display.scores.index.tolist() == [1]
    assert display.curves["frames"].sum() == 4


def test_refuses():
    from_predictions = ProbabilityCalibrationDisplay.from_predictions
    with pytest.raises(ValueError, match=r"has 1\.5; expected values from 0 to 1"):
        from_predictions([[1]], [[1.5]])
    with pytest.raises(ValueError, match="y_true has 2 rows and probabilities has 1"):
        from_predictions([[1], [0]], [[0.5]])
    with pytest.raises(ValueError, match="probabilities has 2 columns"):
        from_predictions(["tom", "jerry", "cat"], np.full((3, 2), 0.5))
    with pytest.raises(ValueError, match="the same names in any order"):
        from_predictions(pd.DataFrame({"tom": [1]}), pd.DataFrame({"cat": [0.5]}))
    with pytest.raises(ValueError, match="n_bins=0"):
        from_predictions([[1]], [[0.5]], n_bins=0)
