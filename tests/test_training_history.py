import matplotlib as mpl
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktime_screen import KerasDenseClassifier, TrainingHistoryDisplay

mpl.use("agg")

HISTORY = {
    "accuracy": [0.5, 0.8, 0.9],
    "loss": [0.9, 0.4, 0.2],
    "val_accuracy": [0.4, 0.7, 0.6],
    "val_loss": [1.0, 0.6, 0.7],
}
X = np.random.default_rng(0).normal(size=(40, 3))
Y = np.where(X[:, 0] > 0, "tom", "jerry")


def head(**params):
    return KerasDenseClassifier((4,), epochs=3, random_state=0, **params)


def drawn(ax):
    """{label: heights at epochs 1, 2, ...}, and the position of the upright line."""
    lines = {line.get_label(): line for line in ax.get_lines()}
    uprights = [
        (name, line.get_xdata()[0]) for name, line in lines.items() if name.startswith("restored")
    ]
    for name, _ in uprights:
        del lines[name]
    for line in lines.values():
        assert list(line.get_xdata()) == list(range(1, len(line.get_ydata()) + 1))
    return {name: list(line.get_ydata()) for name, line in lines.items()}, uprights


def test_training_and_validation_by_epoch_and_the_kept_one():
    display = TrainingHistoryDisplay(HISTORY, best_epoch=2).plot()
    accuracy, loss = display.axes_
    kept = [("restored: epoch 2", 2)]
    assert drawn(accuracy) == ({"training": [0.5, 0.8, 0.9], "validation": [0.4, 0.7, 0.6]}, kept)
    assert drawn(loss) == ({"training": [0.9, 0.4, 0.2], "validation": [1.0, 0.6, 0.7]}, kept)
    assert (accuracy.get_ylabel(), loss.get_ylabel(), loss.get_xlabel()) == (
        "accuracy",
        "loss",
        "epoch",
    )
    legend = [text.get_text() for text in accuracy.get_legend().get_texts()]
    assert legend == ["training", "validation", "restored: epoch 2"]
    assert accuracy.get_shared_x_axes().joined(accuracy, loss)
    assert display.figure_ is loss.figure


def test_without_validation_or_kept_epoch():
    display = TrainingHistoryDisplay({"accuracy": [1.0], "loss": [0.0]}).plot()
    assert drawn(display.axes_[0]) == ({"training": [1.0]}, [])


def test_a_fitted_head_on_given_axes():
    axes = mpl.figure.Figure().subplots(2)
    classifier = head(validation_fraction=0.25).fit(X, Y)
    display = TrainingHistoryDisplay.from_estimator(classifier, ax=axes)
    assert list(display.axes_) == list(axes)
    lines, kept = drawn(axes[1])
    assert lines == {
        "training": classifier.history_["loss"],
        "validation": classifier.history_["val_loss"],
    }
    assert kept == [(f"restored: epoch {classifier.best_epoch_}", classifier.best_epoch_)]


def test_a_head_in_a_pipeline_in_a_search():
    search = GridSearchCV(
        make_pipeline(StandardScaler(), head()), {"kerasdenseclassifier__dropout": [0, 0.1]}, cv=2
    ).fit(X, Y)
    display = TrainingHistoryDisplay.from_estimator(search)
    assert display.history is search.best_estimator_[-1].history_


def test_refuses():
    with pytest.raises(ValueError, match=r"this StandardScaler, no step has a history_"):
        TrainingHistoryDisplay.from_estimator(StandardScaler())
    with pytest.raises(ValueError, match=r"this Pipeline, no step has a history_"):
        TrainingHistoryDisplay.from_estimator(make_pipeline(StandardScaler(), head()))
    two = make_pipeline(head(), head()).fit(X, Y)
    with pytest.raises(ValueError, match="KerasDenseClassifier, KerasDenseClassifier has a"):
        TrainingHistoryDisplay.from_estimator(two)
    with pytest.raises(ValueError, match="ax has 1"):
        TrainingHistoryDisplay(HISTORY).plot(ax=mpl.figure.Figure().add_subplot())
    with pytest.raises(ValueError, match=r"\['loss'\], but no accuracy"):
        TrainingHistoryDisplay({"loss": [1.0]}).plot()
