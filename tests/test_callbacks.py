"""How scikit-learn's callbacks follow the training of the dense head."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktime_screen import KerasDenseClassifier

callback = pytest.importorskip("sklearn.callback", reason="came with scikit-learn 1.9")

X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
Y = np.where(X[:, 0] + X[:, 1] > 0, "tom", "jerry")


def head(**params):
    given = {"epochs": 4, "random_state": 0, "learning_rate_schedule": "constant"}
    return KerasDenseClassifier((8,), **given | params)


class Follower:
    """Writes down what it hears, and stops the training after some epochs."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.heard = []

    def setup(self, estimator, context):
        self.heard.append("setup")

    def teardown(self, estimator, context):
        self.heard.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.heard.append(("begin", context.task_name, context.task_id))

    def on_fit_task_end(self, estimator, context):
        self.heard.append(("end", context.task_name, context.task_id))
        return context.task_name == "epoch" and context.task_id + 1 == self.stop_after


def test_each_epoch_is_a_task_of_the_fit():
    follower = Follower()
    head(epochs=2).set_callbacks(follower).fit(X, Y)
    assert follower.heard == [
        "setup",
        ("begin", "fit", 0),
        ("begin", "epoch", 0),
        ("end", "epoch", 0),
        ("begin", "epoch", 1),
        ("end", "epoch", 1),
        ("end", "fit", 0),
        "teardown",
    ]


def test_a_callback_can_stop_the_training():
    classifier = head().set_callbacks(Follower(stop_after=3)).fit(X, Y)
    assert (classifier.n_epochs_, classifier.best_epoch_) == (3, 3)
    np.testing.assert_array_equal(
        classifier.predict_proba(X), head(epochs=3).fit(X, Y).predict_proba(X)
    )


def test_scores_by_epoch_leave_the_training_as_it_is():
    monitor = callback.ScoringMonitor(scoring=["accuracy", "neg_log_loss"])
    settings = {"batch_normalization": True, "optimizer": "adam", "dropout": 0.3}
    watched = head(**settings).set_callbacks(monitor).fit(X, Y)
    alone = head(**settings).fit(X, Y)
    np.testing.assert_array_equal(watched.predict_proba(X), alone.predict_proba(X))
    log = monitor.get_logs().data_as_pandas
    epochs = log[log["task_name"] == "epoch"]
    for n, score in enumerate(epochs["accuracy"], start=1):
        assert score == head(**settings, epochs=n).fit(X, Y).score(X, Y)
    assert len(epochs) == 4
    assert epochs["neg_log_loss"].nunique() == 4


def test_a_training_that_fails_ends_its_callbacks():
    follower = Follower()
    classifier = head(optimizer="sgd", learning_rate=1e30).set_callbacks(follower)
    with pytest.raises(ValueError, match="The loss became"):
        classifier.fit(X, Y)
    assert follower.heard[-1] == "teardown"
    assert (
        clone(classifier).set_params(optimizer="adam", learning_rate=0.01).fit(X, Y).n_epochs_ == 4
    )


def test_a_progress_bar_on_a_search_over_a_pipeline(capsys):
    search = GridSearchCV(
        make_pipeline(StandardScaler(), head()), {"kerasdenseclassifier__dropout": [0, 0.2]}, cv=2
    )
    search.set_callbacks(callback.ProgressBar(max_propagation_depth=None)).fit(X, Y)
    assert "KerasDenseClassifier" in capsys.readouterr().out


@pytest.mark.slow
def test_without_callbacks_in_scikit_learn():
    program = (
        "import sys, sklearn.cluster, sklearn.model_selection, sklearn.pipeline\n"
        "sys.modules['sklearn.callback'] = None\n"
        "from sktime_screen import KerasDenseClassifier\n"
        "classifier = KerasDenseClassifier(epochs=2, random_state=0)\n"
        "assert not hasattr(classifier, 'set_callbacks')\n"
        "assert classifier.fit([[0], [1]] * 9, [0, 1] * 9).n_epochs_ == 2\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
